import WireProtocol

/// A runner of a stepped phase, as the coordinator sees it.
struct GangMember: Sendable {
  enum Standing: Sendable {
    /// It has not said its state (again).
    case loading
    /// It said its state and is not at the gang's position, or nobody has chosen one yet.
    case reported
    /// It copies the state at the gang's position: what it held before is torn.
    case copying
    /// It holds the state at the gang's position, or holds all of the last step and is told to commit it.
    case ready
  }

  let assignment: AssignmentID
  let worker: WorkerID
  let workerName: String
  var standing: Standing = .loading
  var dataAddress = ""
  /// The last report, for as long as it says something about the step after the position.
  var state: RunnerState?
  /// The last step that is known to be applied to the weights it holds.
  var appliedStep: UInt64 = 0
  /// The step and attempt of its last PREPARED: a state of before that is an old one.
  var lastPrepared: (step: UInt64, attempt: UInt64) = (0, 0)
  /// Whether its worker is there; a gang waits for a member that is not, until the lease ends.
  var isConnected: Bool
  /// It lived before this boot of the coordinator, and is worth waiting for.
  var isRecovered: Bool
  var lastHeard: MonotonicTime
  var hasSpoken = false
  /// Since when it owes an answer; nil when it owes none.
  var owesSince: MonotonicTime?
  var resendAt: MonotonicTime?
  var speed = SliceSpeed()
  /// The last step whose telemetry was counted, so that a repeated APPLIED counts once.
  var telemetryStep: UInt64 = 0
  var countedCheckpoint = false
  /// It took part in a commit that is new to the journal.
  var hasContributed = false
  /// What it is told that it does, in PROGRESS.
  var progress: Progress?

  init(
    assignment: AssignmentID, worker: WorkerID, workerName: String, isConnected: Bool, isRecovered: Bool,
    now: MonotonicTime
  ) {
    self.assignment = assignment
    self.worker = worker
    self.workerName = workerName
    self.isConnected = isConnected
    self.isRecovered = isRecovered
    self.lastHeard = now
  }

  /// `worker-2 (host-b)`, for sentences.
  var title: String { workerName.isEmpty ? "\(worker)" : "\(worker) (\(workerName))" }
}

/// Slices per second over the last steps.
struct SliceSpeed: Sendable {
  private var recent: [(slices: UInt64, microseconds: UInt64)] = []
  /// Steps looked at: enough to even out one slow step, few enough to follow a host that gets busy.
  private static let window = 4

  mutating func add(slices: UInt32, stepSeconds: Double, waitSeconds: Double) {
    guard slices > 0, stepSeconds.isFinite, waitSeconds.isFinite, stepSeconds > 0, stepSeconds < 1e9 else { return }
    // In a gang all steps take equally long; what tells a fast host is the time it did not wait for the others.
    let busySeconds = max(stepSeconds - max(0, waitSeconds), stepSeconds / 16)
    recent.append((UInt64(slices), max(1, UInt64(busySeconds * 1e6))))
    if recent.count > SliceSpeed.window { recent.removeFirst() }
  }

  /// Slices per thousand seconds; 0 when not known.
  var slicesPerKilosecond: UInt64 {
    let slices = recent.reduce(0) { $0 + $1.slices }
    let microseconds = recent.reduce(0) { $0 + $1.microseconds }
    return microseconds == 0 ? 0 : max(1, slices * 1_000_000_000 / microseconds)
  }
}
