internal import Glibc
internal import GradientExchange
internal import KernelTable
internal import Optimizers
internal import Transformer

/// Times a small training on this host: a layer or two of the job's own width, its row length, a few microbatches.
public enum Calibration {
  /// Widths, layers and vocabulary that stand for `work`: the same where the model is small.
  static func shape(standingFor work: TrainingWork) throws -> LlamaShape {
    let whole = work.shape
    // About 400 MB of weights and gradient, and a second or two a microbatch.
    if work.parameters <= parametersMax { return whole }
    // The head keeps its share of the work where that fits.
    let perLayer = (work.parameters - whole.vocabularySize * whole.dimension) / whole.layers
    let layers = max(1, min(whole.layers, parametersMax / max(1, perLayer) / 2))
    let narrowed = min(whole.dimension, 4096)
    let heads = max(1, narrowed / whole.headDimension)
    let keyValueHeads = (1...heads).last { heads % $0 == 0 && $0 <= max(1, heads * whole.keyValueHeads / whole.heads) }
    return try LlamaShape(
      vocabularySize: min(whole.vocabularySize, max(512, whole.vocabularySize * layers / whole.layers)),
      dimension: narrowed, feedForwardDimension: whole.feedForwardDimension * narrowed / whole.dimension,
      layers: layers, heads: heads, keyValueHeads: keyValueHeads ?? 1, headDimension: whole.headDimension,
      contextLength: whole.contextLength, ropeTheta: whole.ropeTheta, tiedEmbeddings: true)
  }

  private static let parametersMax = 50_000_000
  /// Tokens of a timed microbatch at most: attention's share is the job's only up to this row length.
  private static let tokensMax = 2048

  /// Takes some seconds. Throws where this processor cannot compute.
  public static func measure(for work: TrainingWork, threads: Int) throws -> Throughput {
    let kernels = try Kernels.forThisProcessor()
    let pool = ThreadPool(threads: threads)
    let shape = try shape(standingFor: work)
    let length = min(work.sequenceLength, tokensMax)
    let rowCount = max(1, min(work.tokensPerMicrobatch, parametersOf(shape) > parametersMax ? 256 : tokensMax) / length)
    let stand = TrainingWork(
      shape: shape, sequenceLength: length, globalBatchSize: rowCount, steps: 1, slices: 1)
    let model = LlamaModel(
      shape: shape, pool: pool, kernels: kernels, maximumTokensPerMicrobatch: rowCount * length)
    let count = model.layout.count
    let (weights, gradient) = (FloatBuffer(count: count), FloatBuffer(count: count))
    model.layout.initializeRandom(seed: 1, into: weights.start, pool: pool)
    let rows = (0..<rowCount).map { row in
      let stream = (0...length).map { Int32((37 * $0 + 11 * row) % shape.vocabularySize) }
      return TokenRow(tokens: Array(stream.dropLast()), targets: Array(stream.dropFirst()))
    }
    let seconds = median(atLeast: 1.5) {
      _ = model.accumulateGradient(weights: weights.start, gradient: gradient.start, rows: rows)
    }
    let flops = Double(rowCount * length) * stand.flopsPerToken / seconds
    return Throughput(
      flops: flops, threads: threads, secondsPerParameter: try secondsPerParameter(kernels, pool),
      secondsPerPackedByte: secondsPerPackedByte(gradient, kernels: kernels), isMeasured: true)
  }

  private static func parametersOf(_ shape: LlamaShape) -> Int { ParameterLayout(shape).count }

  private static func secondsPerParameter(_ kernels: Kernels, _ pool: ThreadPool) throws -> Double {
    // More than the caches hold.
    let chunks = 48
    let count = chunks * parametersPerChunk
    let buffers = (0..<4).map { _ in FloatBuffer(count: count) }
    for buffer in buffers { memset(buffer.start, 0, 4 * count) }
    let update = try AdamW().update(step: 1, rate: 1e-4, validTokens: 1024, clipFactor: 1)
    let seconds = median(atLeast: 0.3) {
      pool.run(chunks) { chunk in
        let range = chunk * parametersPerChunk..<(chunk + 1) * parametersPerChunk
        _ = kernels.squaredNorm(ofChunk: buffers[3].start + range.lowerBound, count: parametersPerChunk)
        update.apply(
          to: range, decaying: [0..<count], weights: buffers[0].start, first: buffers[1].start,
          second: buffers[2].start, gradient: buffers[3].start + range.lowerBound, kernels: kernels)
      }
    }
    return seconds / Double(count)
  }

  /// Of the gradient that was just computed, in bfloat16: packed by its sender, unpacked by its receiver.
  private static func secondsPerPackedByte(_ gradient: FloatBuffer, kernels: Kernels) -> Double {
    let codec = GradientCodec(kernels: kernels)
    let count = min(gradient.count, parametersPerChunk)
    let values = NodeValues(format: .bf16, count: count) { bytes in
      for index in 0..<count {
        bytes.storeBytes(
          of: UInt16(truncatingIfNeeded: gradient.start[index].bitPattern >> 16), toByteOffset: 2 * index,
          as: UInt16.self)
      }
    }
    let seconds = median(atLeast: 0.2) {
      let packed = codec.encode(values)
      _ = try? codec.decode(packed.payload, encoding: packed.encoding, format: .bf16, count: count)
    }
    return seconds / Double(2 * count)
  }

  /// Of at least three calls; the first warms up.
  private static func median(atLeast seconds: Double, _ body: () -> Void) -> Double {
    body()
    var samples: [Double] = []
    let end = ContinuousClock.now + .seconds(seconds)
    while samples.count < 3 || ContinuousClock.now < end {
      let start = ContinuousClock.now
      body()
      let taken = (ContinuousClock.now - start).components
      samples.append(Double(taken.seconds) + Double(taken.attoseconds) * 1e-18)
    }
    return samples.sorted()[samples.count / 2]
  }
}
