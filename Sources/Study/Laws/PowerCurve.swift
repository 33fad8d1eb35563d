/// L = Σ αᵢ·T^sᵢ + β over the length T of a training: one power for a new loss, two for a retained one, as the critical
/// mixture ratio's law has them (arXiv 2407.17467; there of ΔL, whose L₀ lies within β here).
public struct PowerCurve: Sendable, Equatable {
  public struct Power: Sendable, Equatable {
    public let alpha: Double
    public let exponent: Double
  }

  public let powers: [Power]
  public let beta: Double
  /// Root mean square of the residuals.
  public let error: Double

  public func value(_ length: Double) -> Double {
    powers.reduce(beta) { $0 + $1.alpha * PortableMath.power(length, $1.exponent) }
  }

  static let exponents = Array(stride(from: -2.0, through: 1.5, by: 0.1)).filter { abs($0) > 0.01 }

  /// Lengths below which a curve of so many powers is not fitted: its parameters and one more.
  static func lengthsNeeded(powers count: Int) -> Int { 2 * count + 2 }

  /// Least squares: linear in α and β, the exponents by search, for lengths above 0. With `powers` = 2 for retained
  /// losses.
  ///
  /// - Throws: `StudyError` with fewer points than parameters and one more.
  public init(lengths: [Double], losses: [Double], powers count: Int, name: String) throws(StudyError) {
    precondition(lengths.count == losses.count && (1...2).contains(count))
    let needed = Self.lengthsNeeded(powers: count)
    guard lengths.count >= needed else {
      throw StudyError(
        .tooFewCells, "law \(CriticalMixture.law) of \(name)", found: "\(lengths.count) evaluations in a curve",
        expected: "at least \(needed)", wayOut: "evaluate more often")
    }
    let pairs: [[Double]] =
      count == 1
      ? Self.exponents.map { [$0] }
      : Self.exponents.flatMap { a in Self.exponents.filter { $0 > a + 0.2 }.map { [a, $0] } }
    self.init(lengths: lengths, losses: losses, candidates: pairs, step: 0.05, until: 1e-6)
  }

  /// The same curve with other losses, its exponents sought from where they are: a bootstrap replicate.
  func refitted(lengths: [Double], losses: [Double]) -> PowerCurve {
    PowerCurve(lengths: lengths, losses: losses, candidates: [powers.map(\.exponent)], step: 0.05, until: 1e-3)
  }

  /// The best of the candidates, then smaller and smaller steps around it.
  private init(lengths: [Double], losses: [Double], candidates: [[Double]], step first: Double, until last: Double) {
    let logs = lengths.map(PortableMath.log)
    var best: (squares: Double, exponents: [Double], solution: [Double])?
    func attempt(_ exponents: [Double]) {
      guard exponents.allSatisfy({ (-3...3).contains($0) && abs($0) > 1e-3 }) else { return }
      let rows = logs.map { log in [1] + exponents.map { PortableMath.exp($0 * log) } }
      let a = Matrix(rows)
      let x = HouseholderQR(a).leastSquares(losses)
      let squares = zip(a.times(x), losses).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      if squares < best?.squares ?? .infinity { best = (squares, exponents, x) }
    }
    for exponents in candidates { attempt(exponents) }
    var step = first
    while step > last, let center = best?.exponents {
      for j in center.indices {
        for sign in [-1.0, 1] {
          var moved = center
          moved[j] += sign * step
          attempt(moved)
        }
      }
      if best?.exponents == center { step /= 2 }
    }
    guard let best else { preconditionFailure("no exponent was tried") }
    powers = best.exponents.indices.map { Power(alpha: best.solution[$0 + 1], exponent: best.exponents[$0]) }
    beta = best.solution[0]
    error = (best.squares / Double(lengths.count)).squareRoot()
  }
}
