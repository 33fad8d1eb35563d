import Glibc
import WireProtocol

/// Nanoseconds that a runner's threads have waited for work since they began.
struct ThreadIdleness {
  var compute: UInt64 = 0
  /// Of all codec threads together.
  var codec: UInt64 = 0
  var codecThreads = 1
}

/// What a step cost this runner: the part of APPLIED that is no function of the data.
///
/// The next step's PLAN comes right after COMMIT, mostly before the step is applied: so two steps have an account.
struct StepTelemetry {
  private struct Account {
    var step: UInt64 = 0
    var startedAt: UInt64 = 0
    var idleAtStart = ThreadIdleness()
    var slicesComputed: UInt32 = 0
    var rawBytes: UInt64 = 0
    var sentBytes: UInt64 = 0
  }
  private var current = Account()
  private var previous = Account()
  /// APPLIED as it was said, for a COMMIT that comes again.
  private(set) var lastApplied: Applied?
  /// Of the same step: what the codec threads worked (encoding, decoding, adding, hashing).
  private(set) var codecSeconds = 0.0

  var step: UInt64 { current.step }
  var slicesComputed: UInt32 {
    get { current.slicesComputed }
    set { current.slicesComputed = newValue }
  }
  /// Bytes of the payloads sent, as they would be without encoding.
  var rawBytes: UInt64 {
    get { current.rawBytes }
    set { current.rawBytes = newValue }
  }
  /// The same bytes as they were sent.
  var sentBytes: UInt64 {
    get { current.sentBytes }
    set { current.sentBytes = newValue }
  }

  /// At the first word of a step. `idle`: what the threads have waited so far.
  mutating func begin(step: UInt64, idle: ThreadIdleness) {
    guard step != current.step else { return }
    previous = current
    current = Account(step: step, startedAt: monotonicNanoseconds(), idleAtStart: idle)
  }

  mutating func applied(step: UInt64, chain: Digest, idle: ThreadIdleness) -> Applied {
    if let lastApplied, lastApplied.step == step { return lastApplied }
    // Neither fits a step that was computed before this runner came back: then nothing was measured.
    let account = [current, previous].first { $0.step == step }
    let message = Applied(
      step: step, chain: chain, slicesComputed: account?.slicesComputed ?? 0, rawBytes: account?.rawBytes ?? 0,
      sentBytes: account?.sentBytes ?? 0,
      waitSeconds: account.map { Double(idle.compute &- $0.idleAtStart.compute) / 1e9 } ?? 0,
      stepSeconds: account.map { Double(monotonicNanoseconds() &- $0.startedAt) / 1e9 } ?? 0,
      peakResidentBytes: StepTelemetry.peakResidentBytes)
    codecSeconds =
      account.map {
        Double(idle.codecThreads) * message.stepSeconds - Double(idle.codec &- $0.idleAtStart.codec) / 1e9
      } ?? 0
    lastApplied = message
    return message
  }

  private static var peakResidentBytes: UInt64 {
    var usage = rusage()
    // Linux counts kibibytes here.
    return getrusage(RUSAGE_SELF.rawValue, &usage) == 0 ? UInt64(clamping: usage.ru_maxrss) * 1024 : 0
  }
}
