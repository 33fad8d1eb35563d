/// The critical mixture ratio, Gu et al., arXiv 2407.17467: the largest share of new text with which the retained loss
/// rises by no more than ε, and how that share grows with the length of training, R(T) = α₄·T^s₄ + β₃.
public struct CriticalMixtureRatio: Sendable, Equatable {
  public let alpha: Double
  public let exponent: Double
  public let beta: Double

  public init(alpha: Double, exponent: Double, beta: Double) {
    (self.alpha, self.exponent, self.beta) = (alpha, exponent, beta)
  }

  /// The safe share after `length` (in the unit it was fitted in; the paper's is 0.2 billion tokens).
  public func ratio(_ length: Double) -> Double { alpha * PortableMath.power(length, exponent) + beta }

  /// The paper's own fits, T in units of 0.2 billion tokens.
  public static let published460M = CriticalMixtureRatio(alpha: 0.22524761, exponent: 0.26944345, beta: -0.48139982)
  public static let published940M = CriticalMixtureRatio(alpha: 0.7520627, exponent: 0.13720245, beta: -1.06581937)

  /// The largest ratio whose retained loss keeps within `limit`, linear between the ratios that were run (ascending);
  /// nil when the lowest ratio is beyond it already. `isOpen`: every ratio keeps it.
  public static func critical(
    ratios: [Double], retained: [Double], limit: Double
  ) -> (ratio: Double, isOpen: Bool)? {
    precondition(ratios.count == retained.count && !ratios.isEmpty)
    var last: Int?
    for index in ratios.indices where retained[index] <= limit { last = index }
    guard let last else { return nil }
    guard last + 1 < ratios.count else { return (ratios[last], true) }
    let part = (limit - retained[last]) / (retained[last + 1] - retained[last])
    return (ratios[last] + part * (ratios[last + 1] - ratios[last]), false)
  }
}
