public import WireProtocol

/// A worker's decisions, without I/O, clock or randomness: events in, effects out.
///
/// It keeps one link to the coordinator, supervises the runners that were assigned, and passes their frames on unread.
/// `Worker-link.swift` has connecting, heartbeats and fencing; `Worker-runners.swift` the runners' life;
/// `Worker-relay.swift` the frames.
public struct Worker<RelayedFrame: Sendable>: Sendable {
  let settings: WorkerSettings
  var link: Link
  var jitter: Jitter
  var nextLink: UInt64 = 1
  /// Attempts to connect that failed in a row.
  var failedAttempts = 0
  /// What WELCOME said last.
  var welcome: Welcome?
  /// Silent beyond the fence duration: runners are told to send and apply nothing.
  var isFenced = false
  /// When the last acknowledged heartbeat was sent (or the HELLO that was answered): the lease counts from there.
  var acknowledgedSendTime: MonotonicTime?
  var heartbeats = Heartbeats()
  var residentBytes: UInt64 = 0

  var runners: [AssignmentID: Runner<RelayedFrame>] = [:]
  /// Exits that the coordinator has not answered with REVOKE.
  var exits: [KeptExit] = []
  /// Assignments that are over, newest last: an ASSIGN that comes again must not start them anew.
  var ended: [AssignmentID] = []

  var now = MonotonicTime.zero
  var effects: [WorkerEffect<RelayedFrame>] = []
  var wakeAt: MonotonicTime?

  /// Where the connection stands.
  enum Link: Sendable {
    case down(retryAt: MonotonicTime)
    case connecting(LinkID, since: MonotonicTime)
    case up(LinkID, generation: UInt64)
    /// The coordinator does not want this worker.
    case stopped
  }

  /// Exits and ended assignments that are remembered: far more than can be under way in one lease.
  static var rememberedLimit: Int { 256 }

  struct KeptExit: Sendable {
    let exit: RunnerExited
    let job: JobID
  }

  public init(settings: WorkerSettings) {
    self.settings = settings
    jitter = Jitter(seed: settings.seed)
    link = .down(retryAt: .zero)
  }

  public mutating func handle(
    _ event: WorkerEvent<RelayedFrame>, now: MonotonicTime
  ) -> [WorkerEffect<RelayedFrame>] {
    self.now = now
    // First of all: a process that was stopped for longer than its lease must not act on anything before it has fenced.
    fenceIfDue()
    var timerFired = false
    switch event {
    case .started: connect()
    case .welcomed(let link, let welcome): welcomed(link, welcome)
    case .refused(let link, let refusal): refused(link, refusal)
    case .disconnected(let link, let reason): disconnected(link, reason)
    case .coordinatorSaid(let link, let word): coordinatorSaid(link, word)
    case .frameForRunner(let link, let assignment, let frame): relay(frame, from: link, to: assignment)
    case .frameFromRunner(let assignment, let frame): relay(frame, from: assignment)
    case .inputsFetched(let assignment, let directory): inputsFetched(assignment, directory)
    case .fetchFailed(let assignment, let reason): fetchFailed(assignment, reason)
    case .uploaded(let assignment, let request, let files):
      published(assignment, Published(request: request, files: files, failure: nil))
    case .uploadFailed(let assignment, let request, let reason):
      published(assignment, Published(request: request, files: [], failure: reason))
    case .runnerReady(let assignment): runnerReady(assignment)
    case .runnerPublished(let assignment, let publish): runnerPublished(assignment, publish)
    case .runnerExited(let assignment, let status, let signal, let lastLines):
      runnerEnded(RunnerExited(assignment: assignment, status: status, signal: signal, lastLines: lastLines))
    case .residentBytesMeasured(let bytes): residentBytes = bytes
    case .timerFired: timerFired = true
    }
    tick()
    return endEvent(timerFired: timerFired)
  }

  /// Whatever is due by now.
  private mutating func tick() {
    switch link {
    case .down(let retryAt) where retryAt <= now: connect()
    case .connecting(let id, let since) where since + settings.connectTimeout <= now:
      effects.append(.close(id, reason: "the coordinator did not answer in time"))
      linkLost("the coordinator did not answer in time")
    case .up(let id, _) where leaseIsOver:
      effects.append(.close(id, reason: "no heartbeat was acknowledged for the lease"))
      linkLost("no heartbeat was acknowledged for the lease")
    case .up: beat()
    case .down, .connecting, .stopped: break
    }
    fenceIfDue()
    killOverdue()
  }

  private mutating func endEvent(timerFired: Bool) -> [WorkerEffect<RelayedFrame>] {
    let next = nextDeadline
    if let next, next != wakeAt || timerFired { effects.append(.wake(at: next)) }
    wakeAt = next
    defer { effects = [] }
    return effects
  }

  private var nextDeadline: MonotonicTime? {
    var times = runners.values.compactMap(\.killAt)
    switch link {
    case .down(let retryAt): times.append(retryAt)
    case .connecting(_, let since): times.append(since + settings.connectTimeout)
    case .up: times.append(contentsOf: [heartbeats.nextAt, leaseEnd].compactMap { $0 })
    case .stopped: break
    }
    if !isFenced, let fenceAt { times.append(fenceAt) }
    return times.min()
  }

  mutating func remember(_ assignment: AssignmentID) {
    ended.append(assignment)
    if ended.count > Self.rememberedLimit { ended.removeFirst() }
  }
}
