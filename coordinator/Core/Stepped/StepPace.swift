import WireProtocol

/// How fast the last steps went, for rates, for the time left, and for how long a silence is too long.
struct StepPace: Sendable {
  private var steps: [(seconds: Double, workUnits: UInt64)] = []
  private var waits: [(waitSeconds: Double, stepSeconds: Double)] = []
  private static let window = 15

  mutating func stepCommitted(after duration: Duration, workUnits: UInt64) {
    steps.append((duration.inSeconds, workUnits))
    if steps.count > StepPace.window { steps.removeFirst() }
  }

  mutating func applied(waitSeconds: Double, stepSeconds: Double) {
    guard waitSeconds.isFinite, stepSeconds.isFinite, waitSeconds >= 0, stepSeconds >= 0 else { return }
    waits.append((waitSeconds, stepSeconds))
    if waits.count > StepPace.window { waits.removeFirst() }
  }

  var medianStepSeconds: Double? {
    guard !steps.isEmpty else { return nil }
    return steps.map(\.seconds).sorted()[steps.count / 2]
  }

  var workUnitsPerSecond: Double {
    let seconds = steps.reduce(0) { $0 + $1.seconds }
    return seconds > 0 ? Double(steps.reduce(0) { $0 &+ $1.workUnits }) / seconds : 0
  }

  var waitSums: (waitSeconds: Double, stepSeconds: Double) {
    waits.reduce((0, 0)) { ($0.0 + $1.waitSeconds, $0.1 + $1.stepSeconds) }
  }
}
