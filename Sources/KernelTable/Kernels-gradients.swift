/// The numbers of one AdamW update, already in fp32; `Optimizers` makes them.
public struct AdamWScalars: Sendable, Equatable {
  /// Valid tokens of the step: the gradient of the sum of losses is divided by it.
  public var divisor: Float
  /// Factor of the global-norm clipping, 1 when it does not clip.
  public var clip: Float
  public var beta1: Float
  public var oneMinusBeta1: Float
  public var beta2: Float
  public var oneMinusBeta2: Float
  /// 1 − rate · weight decay.
  public var decay: Float
  /// rate / (1 − β₁ᵗ).
  public var step: Float
  /// 1 / √(1 − β₂ᵗ).
  public var rootScale: Float
  public var epsilon: Float

  public init(
    divisor: Float, clip: Float, beta1: Float, oneMinusBeta1: Float, beta2: Float, oneMinusBeta2: Float,
    decay: Float, step: Float, rootScale: Float, epsilon: Float
  ) {
    self.divisor = divisor
    self.clip = clip
    self.beta1 = beta1
    self.oneMinusBeta1 = oneMinusBeta1
    self.beta2 = beta2
    self.oneMinusBeta2 = oneMinusBeta2
    self.decay = decay
    self.step = step
    self.rootScale = rootScale
    self.epsilon = epsilon
  }
}

// What follows is serial, for the caller's thread, which must flush denormals (`FloatingPointMode`); the exchange
// shares its chunks among threads of its own.
extension Kernels {
  /// Updates weights, first and second moments [count] in place from the reduced gradient [count].
  public func adamW(
    count: Int, weights: UnsafeMutablePointer<Float>, first: UnsafeMutablePointer<Float>,
    second: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>, _ s: AdamWScalars
  ) {
    precondition(count >= 0, "AdamW of \(count) parameters")
    FloatingPointMode.assertFlushing()
    entries.adamW(
      count, weights, first, second, gradient, s.divisor, s.clip, s.beta1, s.oneMinusBeta1, s.beta2, s.oneMinusBeta2,
      s.decay, s.step, s.rootScale, s.epsilon)
  }

  /// Σ x² of one chunk [count ≤ 262,144] in Double: 16 lanes and one tree. A gradient's squared norm is the sum over
  /// its chunks in order.
  public func squaredNorm(ofChunk chunk: UnsafePointer<Float>, count: Int) -> Double {
    precondition(count >= 0 && count <= parametersPerChunk, "a chunk of \(count) parameters")
    FloatingPointMode.assertFlushing()
    return entries.squaredNorm(count, chunk)
  }

  /// rounded[count] = values[count] in bfloat16, to nearest, ties to even.
  public func roundToBFloat16(
    count: Int, _ values: UnsafePointer<Float>, into rounded: UnsafeMutablePointer<UInt16>
  ) {
    precondition(count >= 0, "a rounding of \(count) values")
    FloatingPointMode.assertFlushing()
    entries.bfloat16Rounded(count, values, rounded)
  }

  /// values[count] = the fp32 values of bfloat16 bits[count], exactly.
  public func widenBFloat16(count: Int, _ bits: UnsafePointer<UInt16>, into values: UnsafeMutablePointer<Float>) {
    precondition(count >= 0, "a widening of \(count) values")
    entries.bfloat16Widened(count, bits, values)
  }

  /// The exchange's node in bfloat16: node = round(fp32(left) + fp32(right)); `node` may be either.
  public func addBFloat16Nodes(
    count: Int, _ left: UnsafePointer<UInt16>, _ right: UnsafePointer<UInt16>,
    into node: UnsafeMutablePointer<UInt16>
  ) {
    precondition(count >= 0, "a node of \(count) values")
    FloatingPointMode.assertFlushing()
    entries.bfloat16NodeSum(count, left, right, node)
  }

  /// The exchange's node in fp32: node = left + right; `node` may be either.
  public func addFloatNodes(
    count: Int, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, into node: UnsafeMutablePointer<Float>
  ) {
    precondition(count >= 0, "a node of \(count) values")
    FloatingPointMode.assertFlushing()
    entries.addRows(count, left, right, node)
  }

  /// exp of each element with the kernels' polynomial (for tests and tools).
  public func exponential(count: Int, _ input: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>) {
    precondition(count >= 0, "exp of \(count) values")
    entries.exponentialRow(input, output, count)
  }
}
