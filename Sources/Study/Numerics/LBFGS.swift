/// Limited-memory BFGS (Nocedal 1980; Liu and Nocedal 1989) with a strong Wolfe line search.
public struct LBFGS: Sendable {
  public enum Ending: String, Sendable {
    /// The gradient's largest element is below the tolerance.
    case gradient
    /// The value no longer falls by a part worth having, or no step lowers it.
    case value
    case iterations
  }

  public struct Solution: Sendable {
    public let point: [Double]
    public let value: Double
    public let iterations: Int
    public let ending: Ending
  }

  /// Pairs of steps and gradient changes that are remembered.
  public var memory = 10
  public var iterationLimit = 200
  public var gradientTolerance = 1e-10
  /// Relative fall of the value below which the search ends.
  public var valueTolerance = 1e-15

  public init() {}

  /// Minimizes `objective`, which returns the value at a point and writes the gradient. Values that are not finite are
  /// walls.
  public func minimize(
    from start: [Double], _ objective: @escaping ([Double], inout [Double]) -> Double
  ) -> Solution {
    var point = start
    var gradient = [Double](repeating: 0, count: start.count)
    var value = objective(point, &gradient)
    guard value.isFinite else { return Solution(point: point, value: value, iterations: 0, ending: .value) }
    var pairs: [(step: [Double], change: [Double], inverse: Double)] = []
    for iteration in 0..<iterationLimit {
      if gradient.allSatisfy({ abs($0) <= gradientTolerance }) {
        return Solution(point: point, value: value, iterations: iteration, ending: .gradient)
      }
      var direction = Self.direction(gradient, pairs)
      var slope = dot(gradient, direction)
      if !(slope < 0) {
        pairs.removeAll()
        direction = gradient.map { -$0 }
        slope = -dot(gradient, gradient)
      }
      var search = StrongWolfe(objective, from: point, along: direction, value: value, slope: slope)
      guard let next = search.search(firstStep: pairs.isEmpty ? min(1, 1 / norm(gradient)) : 1) else {
        if pairs.isEmpty { return Solution(point: point, value: value, iterations: iteration, ending: .value) }
        // Stale curvature can spoil the direction: once more along the gradient.
        pairs.removeAll()
        continue
      }
      let step = zip(next.point, point).map { $0 - $1 }
      let change = zip(next.gradient, gradient).map { $0 - $1 }
      let curvature = dot(step, change)
      let fall = value - next.value
      (point, gradient, value) = (next.point, next.gradient, next.value)
      if curvature > 1e-300 {
        pairs.append((step, change, 1 / curvature))
        if pairs.count > memory { pairs.removeFirst() }
      }
      if fall <= valueTolerance * max(abs(value), 1e-300) {
        return Solution(point: point, value: value, iterations: iteration + 1, ending: .value)
      }
    }
    return Solution(point: point, value: value, iterations: iterationLimit, ending: .iterations)
  }

  /// −H g by the two-loop recursion.
  private static func direction(
    _ gradient: [Double], _ pairs: [(step: [Double], change: [Double], inverse: Double)]
  ) -> [Double] {
    var q = gradient
    var alphas = [Double](repeating: 0, count: pairs.count)
    for (i, pair) in pairs.enumerated().reversed() {
      alphas[i] = pair.inverse * dot(pair.step, q)
      for j in q.indices { q[j] -= alphas[i] * pair.change[j] }
    }
    if let last = pairs.last {
      let scale = 1 / (last.inverse * dot(last.change, last.change))
      for j in q.indices { q[j] *= scale }
    }
    for (i, pair) in pairs.enumerated() {
      let beta = pair.inverse * dot(pair.change, q)
      for j in q.indices { q[j] += (alphas[i] - beta) * pair.step[j] }
    }
    return q.map { -$0 }
  }
}
