/// A step length that satisfies the strong Wolfe conditions: f falls by at least c₁ of what the slope promises, and the
/// slope's size falls below c₂ of what it was. Nocedal and Wright, "Numerical Optimization", algorithms 3.5 and 3.6.
struct StrongWolfe {
  static let sufficientDecrease = 1e-4
  static let curvature = 0.9

  struct Trial {
    let step: Double
    let value: Double
    let slope: Double
    let point: [Double]
    let gradient: [Double]
  }

  /// Value and gradient; a value that is not finite counts as infinitely high.
  let objective: ([Double], inout [Double]) -> Double
  let start: [Double]
  let direction: [Double]
  let startValue: Double
  let startSlope: Double
  private(set) var evaluations = 0

  init(
    _ objective: @escaping ([Double], inout [Double]) -> Double, from start: [Double], along direction: [Double],
    value: Double, slope: Double
  ) {
    self.objective = objective
    self.start = start
    self.direction = direction
    startValue = value
    startSlope = slope
  }

  /// Nil when no step lowers the value, as at the end of precision.
  mutating func search(firstStep: Double) -> Trial? {
    guard startSlope < 0 else { return nil }
    var low = Trial(step: 0, value: startValue, slope: startSlope, point: start, gradient: [])
    var step = firstStep
    for _ in 0..<30 {
      let trial = evaluate(step)
      if !isLowEnough(trial) || (low.step > 0 && trial.value >= low.value) { return zoom(low, trial) }
      if abs(trial.slope) <= -Self.curvature * startSlope { return trial }
      if trial.slope >= 0 { return zoom(trial, low) }
      low = trial
      step *= 2
    }
    return low.step > 0 ? low : nil
  }

  private func isLowEnough(_ trial: Trial) -> Bool {
    trial.value <= startValue + Self.sufficientDecrease * trial.step * startSlope
  }

  /// Between `low`, the lowest that decreases enough, and `high` lies a step that satisfies both conditions.
  private mutating func zoom(_ first: Trial, _ second: Trial) -> Trial? {
    var low = first
    var high = second
    for _ in 0..<40 {
      let trial = evaluate(Self.between(low, high))
      if !isLowEnough(trial) || trial.value >= low.value {
        high = trial
      } else {
        if abs(trial.slope) <= -Self.curvature * startSlope { return trial }
        if trial.slope * (high.step - low.step) >= 0 { high = low }
        low = trial
      }
      if abs(high.step - low.step) <= 1e-16 * max(abs(high.step), abs(low.step)) { break }
    }
    return low.step > 0 ? low : nil
  }

  private mutating func evaluate(_ step: Double) -> Trial {
    evaluations += 1
    var point = start
    for i in point.indices { point[i] += step * direction[i] }
    var gradient = [Double](repeating: 0, count: point.count)
    let value = objective(point, &gradient)
    let finite = value.isFinite && gradient.allSatisfy(\.isFinite)
    return Trial(
      step: step, value: finite ? value : .infinity, slope: finite ? dot(gradient, direction) : .infinity,
      point: point, gradient: gradient)
  }

  /// The minimum of the cubic through both values and slopes, kept a tenth away from either end; else the middle.
  private static func between(_ a: Trial, _ b: Trial) -> Double {
    let lower = min(a.step, b.step)
    let width = abs(b.step - a.step)
    let middle = lower + width / 2
    guard b.value.isFinite, b.slope.isFinite else { return lower + width / 10 }
    let d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)
    let square = d1 * d1 - a.slope * b.slope
    guard square >= 0 else { return middle }
    let d2 = (b.step > a.step ? 1.0 : -1.0) * square.squareRoot()
    let step = b.step - (b.step - a.step) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2)
    guard step.isFinite else { return middle }
    return min(lower + 0.9 * width, max(lower + 0.1 * width, step))
  }
}
