/// Least squares under a robust loss: minimizes Σ wᵢ ρ(eᵢ(p)) by damped Gauss–Newton steps (Levenberg 1944, Marquardt
/// 1963; damping after Nielsen 1999) on residuals reweighted with Huber's weights.
public struct LevenbergMarquardt: Sendable {
  public struct Solution: Sendable {
    public let point: [Double]
    /// Σ wᵢ ρ(eᵢ).
    public let value: Double
    public let residuals: [Double]
    /// Rows are residuals, columns parameters, at `point`, unweighted.
    public let jacobian: Matrix
    public let iterations: Int
    public let converged: Bool
  }

  public var loss: HuberLoss
  public var iterationLimit = 200
  /// Ends when a step changes no parameter by more than this part of its size (plus 1).
  public var stepTolerance = 1e-10
  /// Ends when the gradient's elements, each in units of its column, are below this part of the residuals' size.
  public var gradientTolerance = 1e-10

  public init(loss: HuberLoss) { self.loss = loss }

  /// `model` writes residuals and, where asked, their Jacobian. Residuals that are not finite are walls.
  public func minimize(
    from start: [Double], weights: [Double], _ model: ([Double], inout [Double], inout Matrix) -> Void
  ) -> Solution {
    let n = weights.count
    let p = start.count
    var point = start
    var residuals = [Double](repeating: 0, count: n)
    var jacobian = Matrix(rows: n, columns: p)
    model(point, &residuals, &jacobian)
    var value = total(residuals, weights)
    var trialResiduals = residuals
    var trialJacobian = jacobian
    var damping = 1e-3
    var growth = 2.0
    var iterations = 0
    var converged = false
    while iterations < iterationLimit, value.isFinite, !converged {
      iterations += 1
      let (normal, gradient) = normalEquations(residuals, jacobian, weights)
      let size = (2 * value).squareRoot()
      if (0..<p).allSatisfy({ abs(gradient[$0]) <= gradientTolerance * normal[$0, $0].squareRoot() * size }) {
        converged = true
        break
      }
      var accepted = false
      while !accepted, damping < 1e16 {
        guard let step = solve(normal, gradient, damping) else {
          damping *= 10
          continue
        }
        var next = point
        for j in 0..<p { next[j] += step[j] }
        model(next, &trialResiduals, &trialJacobian)
        let nextValue = total(trialResiduals, weights)
        // What the quadratic model promises: ½ sᵀ(λ D s − g).
        var promise = 0.0
        for j in 0..<p { promise += step[j] * (damping * max(normal[j, j], 1e-30) * step[j] - gradient[j]) / 2 }
        let small = (0..<p).allSatisfy { abs(step[$0]) <= stepTolerance * (abs(point[$0]) + 1) }
        if nextValue < value || (nextValue == value && small) {
          let gain = promise > 0 ? (value - nextValue) / promise : 0
          let cube = (2 * gain - 1) * (2 * gain - 1) * (2 * gain - 1)
          damping = max(1e-15, damping * max(1 / 3, 1 - cube))
          growth = 2
          (point, value, accepted) = (next, nextValue, true)
          swap(&residuals, &trialResiduals)
          swap(&jacobian, &trialJacobian)
          converged = small
        } else if small {
          // No better point within the precision asked for.
          converged = true
          break
        } else {
          damping *= growth
          growth *= 2
        }
      }
      if !accepted { break }
    }
    return Solution(
      point: point, value: value, residuals: residuals, jacobian: jacobian, iterations: iterations,
      converged: converged)
  }

  private func total(_ residuals: [Double], _ weights: [Double]) -> Double {
    var sum = 0.0
    for i in residuals.indices { sum += weights[i] * loss.value(residuals[i]) }
    return sum
  }

  private func normalEquations(
    _ residuals: [Double], _ jacobian: Matrix, _ weights: [Double]
  ) -> (normal: Matrix, gradient: [Double]) {
    let p = jacobian.columns
    var normal = Matrix(rows: p, columns: p)
    var gradient = [Double](repeating: 0, count: p)
    for i in residuals.indices {
      let weight = weights[i] * loss.weight(residuals[i])
      if weight == 0 { continue }
      for j in 0..<p {
        let a = weight * jacobian[i, j]
        gradient[j] += a * residuals[i]
        for k in 0...j { normal[j, k] += a * jacobian[i, k] }
      }
    }
    return (normal, gradient)
  }

  /// The step of (JᵀWJ + λ diag) s = −g; nil where that is singular to working precision.
  private func solve(_ normal: Matrix, _ gradient: [Double], _ damping: Double) -> [Double]? {
    var damped = normal
    for j in gradient.indices { damped[j, j] += damping * max(normal[j, j], 1e-30) }
    guard let step = Cholesky(damped)?.solve(gradient.map { -$0 }), step.allSatisfy(\.isFinite) else { return nil }
    return step
  }
}
