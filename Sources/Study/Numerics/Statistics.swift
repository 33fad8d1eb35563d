func mean(_ values: [Double]) -> Double {
  precondition(!values.isEmpty)
  return values.reduce(0, +) / Double(values.count)
}

/// The root of the mean square.
func rootMeanSquare(_ values: [Double]) -> Double {
  precondition(!values.isEmpty)
  return (dot(values, values) / Double(values.count)).squareRoot()
}

/// The value below which the share `p` of `sorted` lies, linear between neighbours (R's type 7, numpy's default).
func quantile(_ p: Double, ofSorted sorted: [Double]) -> Double {
  precondition(!sorted.isEmpty)
  let place = min(1, max(0, p)) * Double(sorted.count - 1)
  let lower = Int(place)
  guard lower + 1 < sorted.count else { return sorted[sorted.count - 1] }
  return sorted[lower] + (place - Double(lower)) * (sorted[lower + 1] - sorted[lower])
}

extension Estimate {
  /// Between the draws that leave the share `tail` of them out on either side, and never without `value` itself.
  init(_ value: Double, draws: [Double], tail: Double) {
    let sorted = draws.sorted()
    self.init(
      value,
      Interval(min(value, quantile(tail, ofSorted: sorted)), max(value, quantile(1 - tail, ofSorted: sorted))))
  }
}

func median(_ values: [Double]) -> Double { quantile(0.5, ofSorted: values.sorted()) }

/// What lies between the two ends with the confidence asked for.
public struct Interval: Sendable, Equatable {
  public let lower: Double
  public let upper: Double

  public init(_ lower: Double, _ upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }

  public func map(_ transform: (Double) -> Double) -> Interval { Interval(transform(lower), transform(upper)) }
}
