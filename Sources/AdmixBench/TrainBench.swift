import Glibc
import KernelTable
import Optimizers
import Transformer

/// Whole training steps: forward, backward, norm, clipping, AdamW; slices of one microbatch, accumulated.
final class TrainBench {
  private let options: BenchOptions
  private let kernels: Kernels
  private let pool: ThreadPool
  private let model: LlamaModel
  private let optimizer: AdamW
  private let rows: [TokenRow]
  private let weights, gradient, first, second: FloatBuffer
  private var step = 0

  init(_ options: BenchOptions, _ kernels: Kernels, _ pool: ThreadPool) throws {
    self.options = options
    self.kernels = kernels
    self.pool = pool
    let shape = try options.shape.llama(contextLength: max(8192, options.length))
    model = LlamaModel(shape: shape, pool: pool, kernels: kernels, maximumTokensPerMicrobatch: 1024)
    optimizer = try AdamW()
    let count = model.layout.count
    weights = FloatBuffer(count: count)
    gradient = FloatBuffer(count: count)
    first = FloatBuffer(count: count)
    second = FloatBuffer(count: count)
    rows = Self.rows(options, vocabularySize: shape.vocabularySize)
    if let path = options.weights {
      try Self.read(path, into: weights)
    } else {
      model.layout.initializeRandom(seed: 1, into: weights.start, pool: pool)
    }
  }

  func run() {
    if options.serves {
      printJSON(["bench": "ready", "parameters": model.layout.count])
      while readLine(strippingNewline: true) != nil { report() }
    } else {
      for _ in 0..<options.steps { report() }
    }
  }

  /// One step, timed, and its line.
  private func report() {
    let computed = processorSeconds()
    let (gradientSeconds, updateSeconds, loss) = trainingStep()
    let seconds = gradientSeconds + updateSeconds
    let tokens = rows.reduce(0) { $0 + $1.tokens.count }
    printJSON([
      "bench": "train", "shape": options.shape.rawValue, "isa": kernels.instructionSet.rawValue,
      "threads": pool.threads, "rows": rows.count, "length": options.length, "step": step, "loss": loss,
      "gradient_seconds": gradientSeconds, "update_seconds": updateSeconds, "seconds": seconds,
      "processor_seconds": processorSeconds() - computed,
      "tokens_per_second": Double(tokens) / seconds,
      "gflops": 6 * Double(model.layout.count) * Double(tokens) / seconds / 1e9,
      "peak_bytes": peakResidentBytes(), "load": loadAverage(),
    ])
  }

  private func trainingStep() -> (gradientSeconds: Double, updateSeconds: Double, loss: Double) {
    step += 1
    let start = monotonicSeconds()
    memset(gradient.start, 0, 4 * model.layout.count)
    let losses = model.accumulateGradient(weights: weights.start, gradient: gradient.start, rows: rows)
    let middle = monotonicSeconds()
    let valid = losses.reduce(0) { $0 + $1.validTokens }
    let layout = model.layout
    let norms = FloatBuffer(count: 2 * layout.chunkCount)
    let squares = UnsafeMutableRawPointer(norms.start).bindMemory(to: Double.self, capacity: layout.chunkCount)
    pool.run(layout.chunkCount) { chunk in
      let range = layout.range(ofChunk: chunk)
      squares[chunk] = kernels.squaredNorm(ofChunk: gradient.start + range.lowerBound, count: range.count)
    }
    let norm = GradientClipping.norm(
      chunkSquaredNorms: (0..<layout.chunkCount).map { squares[$0] }, validTokens: valid)
    let update = optimizer.update(
      step: step, rate: 1e-4, validTokens: valid, clipFactor: GradientClipping.factor(norm: norm, maximum: 1))
    let decaying = layout.decayingRanges
    pool.run(layout.chunkCount) { chunk in
      let range = layout.range(ofChunk: chunk)
      update.apply(
        to: range, decaying: decaying, weights: weights.start, first: first.start, second: second.start,
        gradient: gradient.start + range.lowerBound, kernels: kernels)
    }
    let end = monotonicSeconds()
    return (middle - start, end - middle, losses.reduce(0) { $0 + $1.sum } / Double(valid))
  }

  /// Tokens by a rule that scripts/bench/train_vs_torch.py repeats: (37 i + 11 row) mod vocabulary.
  private static func rows(_ options: BenchOptions, vocabularySize: Int) -> [TokenRow] {
    (0..<options.rows).map { row in
      let stream = (0...options.length).map { Int32((37 * $0 + 11 * row) % vocabularySize) }
      return TokenRow(tokens: Array(stream.dropLast()), targets: Array(stream.dropFirst()))
    }
  }

  private static func read(_ path: String, into buffer: FloatBuffer) throws(BenchUsageError) {
    guard let file = fopen(path, "rb") else { throw BenchUsageError("cannot open --weights \(path)") }
    defer { fclose(file) }
    let found = fread(buffer.start, 4, buffer.count, file)
    guard found == buffer.count, fgetc(file) == EOF else {
      throw BenchUsageError("\(path) does not hold exactly \(buffer.count) fp32 parameters")
    }
  }
}
