/// A point on a host's monotonic clock, in nanoseconds since an arbitrary origin.
///
/// The cores take it as `now` and never ask a clock themselves, so that a simulator can own time. Two hosts' values
/// are never compared: leases count from a host's own sending and receiving.
public struct MonotonicTime: Sendable, Hashable, Comparable, CustomStringConvertible {
  public var nanoseconds: UInt64

  public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  public static let zero = MonotonicTime(nanoseconds: 0)
  public static let distantFuture = MonotonicTime(nanoseconds: .max)

  public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

  /// The time after `duration`. Saturates at both ends: a lease of "forever" must not wrap into the past.
  public func advanced(by duration: Duration) -> MonotonicTime {
    let step = duration.wholeNanoseconds
    if step >= 0 {
      let (sum, overflow) = nanoseconds.addingReportingOverflow(step.magnitude)
      return MonotonicTime(nanoseconds: overflow ? .max : sum)
    }
    let (difference, overflow) = nanoseconds.subtractingReportingOverflow(step.magnitude)
    return MonotonicTime(nanoseconds: overflow ? 0 : difference)
  }

  /// The duration since `earlier`, or zero when `earlier` is later.
  public func elapsed(since earlier: MonotonicTime) -> Duration {
    guard self > earlier else { return .zero }
    let difference = nanoseconds - earlier.nanoseconds
    return .nanoseconds(Int64(clamping: difference))
  }

  public static func + (left: MonotonicTime, right: Duration) -> MonotonicTime { left.advanced(by: right) }

  public var description: String { "\(Double(nanoseconds) / 1e9) s" }
}

extension Duration {
  /// The duration in nanoseconds, saturating at Int64's ends (292 years).
  public var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, overflowed) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    if overflowed { return seconds < 0 ? .min : .max }
    return sum
  }

  /// The duration in seconds.
  public var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
