import Glibc
import KernelTable
import Optimizers
import Results
import Transformer

/// What to train, and how often.
public struct TrainBenchOptions: Sendable {
  public var shape = BenchShape.smollm2
  public var rows = 1
  public var length = 1024
  public var steps = 5
  /// A file of fp32 little-endian parameters in flat order; random weights without it.
  public var weights: String?
  /// Does a step for each line of standard input instead of `steps` of them.
  public var serves = false
  /// Times losses alone, without gradients.
  public var forwardOnly = false
  /// Keeps the streams between layers only.
  public var recomputes = false

  public init() {}
}

/// Whole training steps: forward, backward, norm, clipping, AdamW; slices of one microbatch, accumulated.
public final class TrainBench {
  private let options: TrainBenchOptions
  private let host: BenchHost
  private let model: LlamaModel
  private let optimizer: AdamW
  private let rows: [TokenRow]
  private let weights, gradient, first, second: FloatBuffer
  private let phases = StepPhases()
  private var step = 0

  private var kernels: Kernels { host.kernels }
  private var pool: ThreadPool { host.pool }

  /// - Throws: `BenchInputError` when the file of weights does not fit the model.
  public init(_ options: TrainBenchOptions, on host: BenchHost) throws {
    self.options = options
    self.host = host
    let shape = try options.shape.llama(contextLength: max(8192, options.length))
    model = LlamaModel(
      shape: shape, pool: host.pool, kernels: host.kernels, maximumTokensPerMicrobatch: 1024,
      recomputes: options.recomputes)
    model.phases = phases
    optimizer = try AdamW()
    let count = model.layout.count
    weights = FloatBuffer(count: count)
    let trained = options.forwardOnly ? 0 : count
    gradient = FloatBuffer(count: trained)
    first = FloatBuffer(count: trained)
    second = FloatBuffer(count: trained)
    rows = Self.rows(options.rows, length: options.length, vocabularySize: shape.vocabularySize)
    if let path = options.weights {
      try Self.read(path, into: weights)
    } else {
      model.layout.initializeRandom(seed: 1, into: weights.start, pool: host.pool)
    }
  }

  public func run() {
    if options.serves {
      host.say([Figure("bench", .string("ready")), Figure("parameters", .count(model.layout.count))])
      while readLine(strippingNewline: true) != nil { report() }
    } else {
      for _ in 0..<options.steps { report() }
    }
  }

  /// One step, timed, and its line. `tile_gflops` is what the register tiles alone do at that moment, on all threads.
  private func report() {
    let computed = processorSeconds()
    _ = phases.take()
    let (gradientSeconds, updateSeconds, loss) = options.forwardOnly ? evaluation() : trainingStep()
    let seconds = gradientSeconds + updateSeconds
    let computedSeconds = processorSeconds() - computed
    let spent = phases.take()
    let tokens = rows.reduce(0) { $0 + $1.tokens.count }
    // A multiplication and an addition a parameter forward, twice that backward.
    let work = (options.forwardOnly ? 2 : 6) * Double(model.layout.count) * Double(tokens)
    let tileRate = kernels.tileRate(seconds: 0.1, pool: pool)
    let parts: [Figure] = StepPhases.Phase.allCases.map { phase in
      Figure("\(phase.rawValue)_seconds", .number(spent[phase] ?? 0))
    }
    let figures: [Figure] = [
      Figure("shape", .string(options.shape.rawValue)), Figure("rows", .count(rows.count)),
      Figure("length", .count(options.length)), Figure("step", .count(step)), Figure("loss", .number(loss)),
      Figure("gradient_seconds", .number(gradientSeconds)), Figure("update_seconds", .number(updateSeconds)),
      Figure("seconds", .number(seconds)), Figure("processor_seconds", .number(computedSeconds)),
      Figure("tokens_per_second", .number(Double(tokens) / seconds)),
      Figure("gflops", .number(work / seconds / 1e9)), Figure("tile_gflops", .number(tileRate / 1e9)),
      Figure("share_of_tiles", .number(work / seconds / tileRate)),
    ]
    let rest: [Figure] = [
      Figure("other_seconds", .number(gradientSeconds - spent.values.reduce(0, +))),
      Figure("peak_bytes", .count(peakResidentBytes())),
    ]
    host.report(options.forwardOnly ? "forward" : "train", figures + parts + rest)
  }

  private func evaluation() -> (gradientSeconds: Double, updateSeconds: Double, loss: Double) {
    step += 1
    let start = monotonicSeconds()
    let losses = model.losses(weights: weights.start, rows: rows)
    let seconds = monotonicSeconds() - start
    let valid = losses.reduce(0) { $0 + $1.validTokens }
    return (seconds, 0, losses.reduce(0) { $0 + $1.sum } / Double(valid))
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
  static func rows(_ count: Int, length: Int, vocabularySize: Int) -> [TokenRow] {
    (0..<count).map { row in
      let stream = (0...length).map { Int32((37 * $0 + 11 * row) % vocabularySize) }
      return TokenRow(tokens: Array(stream.dropLast()), targets: Array(stream.dropFirst()))
    }
  }

  private static func read(_ path: String, into buffer: FloatBuffer) throws(BenchInputError) {
    guard let file = fopen(path, "rb") else { throw BenchInputError("cannot open --weights \(path)") }
    defer { fclose(file) }
    let found = fread(buffer.start, 4, buffer.count, file)
    guard found == buffer.count, fgetc(file) == EOF else {
      throw BenchInputError("\(path) does not hold exactly \(buffer.count) fp32 parameters")
    }
  }
}
