/// What a training is to run on.
public struct ClusterShape: Sendable {
  public var workers: Int
  /// Threads of each worker that compute.
  public var threads: Int
  /// Of each worker.
  public var memoryBytes: UInt64
  /// Of each host's link, one way; nil when the workers share one host.
  public var linkBytesPerSecond: Double?

  public init(workers: Int, threads: Int, memoryBytes: UInt64, linkBytesPerSecond: Double?) {
    precondition(workers > 0 && threads > 0)
    self.workers = workers
    self.threads = threads
    self.memoryBytes = memoryBytes
    self.linkBytesPerSecond = linkBytesPerSecond
  }

  /// `1Gbit`, `100Mbit`, `2.5Gbit`, `125MB` (a second); nil for anything else.
  public static func linkBytesPerSecond(_ text: String) -> Double? {
    let units: [(String, Double)] = [
      ("gbit", 1e9 / 8), ("mbit", 1e6 / 8), ("gb", 1e9), ("mb", 1e6), ("kb", 1e3),
    ]
    return number(text, units)
  }

  /// `24G`, `24GB` in powers of ten, `24GiB` in powers of two; nil for anything else.
  public static func memoryBytes(_ text: String) -> UInt64? {
    let units: [(String, Double)] = [
      ("gib", 1_073_741_824), ("mib", 1_048_576), ("tib", 1_099_511_627_776), ("gb", 1e9), ("mb", 1e6), ("tb", 1e12),
      ("g", 1e9), ("m", 1e6), ("t", 1e12),
    ]
    return number(text, units).flatMap { UInt64(exactly: $0.rounded()) }
  }

  private static func number(_ text: String, _ units: [(String, Double)]) -> Double? {
    let lower = text.lowercased()
    guard let unit = units.first(where: { lower.hasSuffix($0.0) }) else { return nil }
    let digits = lower.dropLast(unit.0.count)
    guard !digits.isEmpty, digits.allSatisfy({ ("0"..."9").contains($0) || $0 == "." }), let value = Double(digits),
      value > 0, value * unit.1 < 1e18
    else { return nil }
    return value * unit.1
  }
}
