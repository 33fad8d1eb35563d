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

/// ΔL = α·T^s + β, the law of new losses over the length of training of the same paper, and with a second power that of
/// retained ones.
public struct PowerCurve: Sendable, Equatable {
  /// α₁, s₁ of each power.
  public let powers: [(alpha: Double, exponent: Double)]
  public let beta: Double
  /// Root mean square of the residuals.
  public let error: Double

  public static func == (a: PowerCurve, b: PowerCurve) -> Bool {
    a.powers.map(\.alpha) == b.powers.map(\.alpha) && a.powers.map(\.exponent) == b.powers.map(\.exponent)
      && a.beta == b.beta
  }

  public func value(_ length: Double) -> Double {
    powers.reduce(beta) { $0 + $1.alpha * PortableMath.power(length, $1.exponent) }
  }

  static let exponents = Array(stride(from: -2.0, through: 1.5, by: 0.05)).filter { abs($0) > 0.01 }

  /// Least squares: linear in α and β, the exponents by search, for lengths above 0. With `powers` = 2 for retained
  /// losses.
  ///
  /// - Throws: `StudyError` with fewer points than parameters and one more.
  public init(lengths: [Double], changes: [Double], powers count: Int, name: String) throws(StudyError) {
    precondition(lengths.count == changes.count && (1...2).contains(count))
    let needed = 2 * count + 2
    guard lengths.count >= needed else {
      throw StudyError(
        .tooFewCells, "law critical mixture ratio of \(name)", found: "\(lengths.count) evaluations in a curve",
        expected: "at least \(needed)", wayOut: "evaluate more often")
    }
    let pairs: [[Double]] =
      count == 1
      ? Self.exponents.map { [$0] }
      : Self.exponents.flatMap { a in Self.exponents.filter { $0 > a + 0.2 }.map { [a, $0] } }
    let logs = lengths.map(PortableMath.log)
    var best: (squares: Double, exponents: [Double], solution: [Double])?
    func attempt(_ exponents: [Double]) {
      let rows = logs.map { log in [1] + exponents.map { PortableMath.exp($0 * log) } }
      let a = Matrix(rows)
      let x = HouseholderQR(a).leastSquares(changes)
      let squares = zip(a.times(x), changes).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      if squares < best?.squares ?? .infinity { best = (squares, exponents, x) }
    }
    for exponents in pairs { attempt(exponents) }
    // Smaller and smaller steps around the best.
    var step = 0.025
    while step > 1e-7, let center = best?.exponents {
      for j in 0..<count {
        for sign in [-1.0, 1] {
          var moved = center
          moved[j] += sign * step
          attempt(moved)
        }
      }
      if best?.exponents == center { step /= 2 }
    }
    guard let best else { preconditionFailure("no exponent was tried") }
    self.powers = best.exponents.indices.map { (best.solution[$0 + 1], best.exponents[$0]) }
    beta = best.solution[0]
    error = (best.squares / Double(lengths.count)).squareRoot()
  }
}
