public import KernelTable

/// AdamW with decoupled decay (Loshchilov and Hutter, arXiv 1711.05101), state in fp32, as torch.optim.AdamW computes
/// it. Elementwise: chunks may be applied in any order, by any thread.
public struct AdamW: Sendable, Equatable {
  public let beta1: Double
  public let beta2: Double
  /// Added to √v̂.
  public let epsilon: Double
  /// Decays parameters of tensors of rank ≥ 2, by rate · weightDecay a step.
  public let weightDecay: Double

  /// - Throws: `RecipeError` naming the recipe's key.
  public init(beta1: Double = 0.9, beta2: Double = 0.95, epsilon: Double = 1e-8, weightDecay: Double = 0.1)
    throws(RecipeError)
  {
    guard (0..<1).contains(beta1) else {
      throw RecipeError(key: "betas[0]", found: "\(beta1)", expected: "a number from 0, below 1")
    }
    guard (0..<1).contains(beta2) else {
      throw RecipeError(key: "betas[1]", found: "\(beta2)", expected: "a number from 0, below 1")
    }
    guard epsilon > 0 && epsilon <= 1 else {
      throw RecipeError(key: "epsilon", found: "\(epsilon)", expected: "a number above 0, at most 1")
    }
    guard weightDecay >= 0 && weightDecay.isFinite else {
      throw RecipeError(key: "weight_decay", found: "\(weightDecay)", expected: "a number of at least 0")
    }
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// The numbers of one update, made once a step.
  ///
  /// - Parameters:
  ///   - step: number of the update, from 1; the bias corrections count it.
  ///   - rate: `LearningRateSchedule.rate(forUpdate: step)`.
  ///   - validTokens: divisor of the reduced gradient of the sum of losses, at least 1.
  ///   - clipFactor: from `GradientClipping.factor`, 1 for none.
  public func update(step: Int, rate: Double, validTokens: Int, clipFactor: Double) -> AdamWUpdate {
    precondition(step >= 1, "updates are numbered from 1, not \(step)")
    precondition(validTokens >= 1, "an update over \(validTokens) valid tokens")
    let correction1 = 1 - BitwiseMath.power(beta1, count: step)
    let correction2 = 1 - BitwiseMath.power(beta2, count: step)
    let plain = AdamWScalars(
      divisor: Float(validTokens), clip: Float(clipFactor), beta1: Float(beta1), oneMinusBeta1: Float(1 - beta1),
      beta2: Float(beta2), oneMinusBeta2: Float(1 - beta2), decay: 1, step: Float(rate / correction1),
      rootScale: Float(1 / correction2.squareRoot()), epsilon: Float(epsilon))
    return AdamWUpdate(plain: plain, decay: Float(1 - rate * weightDecay))
  }
}

/// One update's numbers; apply it to every chunk of the flat order once.
public struct AdamWUpdate: Sendable, Equatable {
  let plain: AdamWScalars
  let decay: Float

  /// Updates one flat range, serially on the calling thread, which must flush denormals.
  ///
  /// - Parameters:
  ///   - range: flat range, usually a chunk's.
  ///   - decaying: flat ranges of tensors that decay, ascending and disjoint (see `decayingRanges`).
  ///   - weights, first, second: the whole flat arrays.
  ///   - gradient: the reduced gradient of `range` only, its first element that of `range.lowerBound`.
  public func apply(
    to range: Range<Int>, decaying: [Range<Int>], weights: UnsafeMutablePointer<Float>,
    first: UnsafeMutablePointer<Float>, second: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
    kernels: Kernels
  ) {
    var done = range.lowerBound
    func advance(to end: Int, decays: Bool) {
      guard end > done else { return }
      var scalars = plain
      scalars.decay = decays ? decay : 1
      kernels.adamW(
        count: end - done, weights: weights + done, first: first + done, second: second + done,
        gradient: gradient + (done - range.lowerBound), scalars)
      done = end
    }
    for piece in decaying where piece.upperBound > range.lowerBound && piece.lowerBound < range.upperBound {
      advance(to: max(done, piece.lowerBound), decays: false)
      advance(to: min(range.upperBound, piece.upperBound), decays: true)
    }
    advance(to: range.upperBound, decays: false)
  }
}
