public import KernelTable
public import Optimizers
public import Transformer

/// A model with its weights, gradient and moments, trained as a runner would train it.
public final class Training {
  public let model: LlamaModel
  public let kernels: Kernels
  public var weights: [Float]
  public var gradient: [Float]
  public var first: [Float]
  public var second: [Float]

  public init(
    _ shape: LlamaShape, weights: [Float]? = nil, seed: UInt64 = 1, threads: Int = 2,
    instructionSet: InstructionSet? = nil, microbatch: Int = 512, recomputes: Bool = false
  ) throws {
    kernels = try instructionSet.map { try Kernels($0) } ?? Kernels.forThisProcessor()
    model = LlamaModel(
      shape: shape, pool: ThreadPool(threads: threads), kernels: kernels, maximumTokensPerMicrobatch: microbatch,
      recomputes: recomputes)
    let count = model.layout.count
    var start = weights ?? [Float](repeating: 0, count: count)
    if weights == nil {
      model.layout.initializeRandom(seed: seed, into: &start)
    }
    precondition(start.count == count, "\(start.count) weights for \(count) parameters")
    self.weights = start
    gradient = [Float](repeating: 0, count: count)
    first = gradient
    second = gradient
  }

  /// Adds the rows' gradient and returns their losses.
  @discardableResult public func accumulate(
    _ rows: [TokenRow], ready: ((Range<Int>) -> Void)? = nil
  ) -> [RowLoss] {
    model.accumulateGradient(weights: weights, gradient: &gradient, rows: rows, gradientReady: ready)
  }

  /// One update from the rows; returns the mean loss before it.
  public func step(_ number: Int, _ rows: [TokenRow], optimizer: AdamW, rate: Double, clipNorm: Double?) -> Double {
    gradient = [Float](repeating: 0, count: gradient.count)
    let losses = accumulate(rows)
    let valid = losses.reduce(0) { $0 + $1.validTokens }
    let layout = model.layout
    let decaying = layout.decayingRanges
    FloatingPointMode.flushing {
      gradient.withUnsafeBufferPointer { gradient in
        guard let gradient = gradient.baseAddress else { return }
        let squares = (0..<layout.chunkCount).map { chunk in
          let range = layout.range(ofChunk: chunk)
          return kernels.squaredNorm(ofChunk: gradient + range.lowerBound, count: range.count)
        }
        let norm = GradientClipping.norm(chunkSquaredNorms: squares, validTokens: valid)
        let update = optimizer.update(
          step: number, rate: rate, validTokens: valid,
          clipFactor: GradientClipping.factor(norm: norm, maximum: clipNorm))
        for chunk in 0..<layout.chunkCount {
          let range = layout.range(ofChunk: chunk)
          update.apply(
            to: range, decaying: decaying, weights: &weights, first: &first, second: &second,
            gradient: gradient + range.lowerBound, kernels: kernels)
        }
      }
    }
    return losses.reduce(0) { $0 + $1.sum } / Double(valid)
  }
}

/// FNV-1a, 64 bits, over the floats' bits.
public func fnv(_ values: [Float]) -> UInt64 {
  values.reduce(0xcbf2_9ce4_8422_2325) { hash, value in
    var hash = hash
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      hash = (hash ^ UInt64((value.bitPattern >> shift) & 0xff)) &* 0x100_0000_01b3
    }
    return hash
  }
}

/// The builds this processor can run.
public let availableSets = InstructionSet.allCases.filter(\.isSupported)
