import Glibc
import WireProtocol

/// What a step cost this runner: the part of APPLIED that is no function of the data.
struct StepTelemetry {
  private(set) var step: UInt64 = 0
  private var startedAt: UInt64 = 0
  private var idleAtStart: UInt64 = 0
  var slicesComputed: UInt32 = 0
  /// Bytes of the payloads sent, as they would be without encoding, and as they were.
  var rawBytes: UInt64 = 0
  var sentBytes: UInt64 = 0
  /// APPLIED as it was said, for a COMMIT that comes again.
  private(set) var lastApplied: Applied?

  /// At the first word of a step. `idle`: what the compute thread has waited so far.
  mutating func begin(step: UInt64, idle: UInt64) {
    guard step != self.step else { return }
    let last = lastApplied
    self = StepTelemetry()
    lastApplied = last
    self.step = step
    startedAt = monotonicNanoseconds()
    idleAtStart = idle
  }

  mutating func applied(step: UInt64, chain: Digest, idle: UInt64) -> Applied {
    if let lastApplied, lastApplied.step == step { return lastApplied }
    let isMeasured = self.step == step
    let message = Applied(
      step: step, chain: chain, slicesComputed: isMeasured ? slicesComputed : 0, rawBytes: isMeasured ? rawBytes : 0,
      sentBytes: isMeasured ? sentBytes : 0,
      waitSeconds: isMeasured ? Double(idle &- idleAtStart) / 1e9 : 0,
      stepSeconds: isMeasured ? Double(monotonicNanoseconds() &- startedAt) / 1e9 : 0,
      peakResidentBytes: StepTelemetry.peakResidentBytes)
    lastApplied = message
    return message
  }

  private static var peakResidentBytes: UInt64 {
    var usage = rusage()
    // Linux counts kibibytes here.
    return getrusage(RUSAGE_SELF.rawValue, &usage) == 0 ? UInt64(clamping: usage.ru_maxrss) * 1024 : 0
  }
}
