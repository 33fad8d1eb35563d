internal import Glibc
internal import Transport
internal import WireProtocol
internal import WorkerCore

/// The worker's side of its control loop: the link to the coordinator, the runners, the core's effects. Everything here
/// happens on the loop's thread.
final class WorkerService {
  let options: WorkerOptions
  let loop: EventLoop
  let transfers: WorkerTransfers
  var runners: [AssignmentID: RunnerProcess] = [:]
  var directories: [AssignmentID: String] = [:]
  var links: [LinkID: Connection] = [:]
  /// Attempts that the core gave up before they came to anything.
  var abandonedLinks: Set<LinkID> = []
  /// The address of ours that the coordinator is reached from: what `--advertise` defaults to.
  var localHost = "127.0.0.1"
  /// Of the first WELCOME: this process never moves its runners to another cluster.
  var cluster = Token128.zero
  var generation: UInt64 = 0
  var reaper: OrphanReaper?
  var lineLimits: [AssignmentID: LineLimit] = [:]

  let endpoint: Endpoint
  let node: Token128
  let boot: Token128
  private var core: Worker<Frame>
  private var events: [WorkerEvent<Frame>] = []
  private var isBusy = false
  private var wakeTimer: LoopTimer?
  private var stopping: WorkerSupervisor.Stop?
  private var hasFinished = false
  private let onStopped: (WorkerSupervisor.Stop) -> Void

  init(
    options: WorkerOptions, endpoint: Endpoint, node: Token128, boot: Token128, loop: EventLoop,
    transfers: WorkerTransfers, onStopped: @escaping (WorkerSupervisor.Stop) -> Void
  ) {
    self.options = options
    self.endpoint = endpoint
    self.node = node
    self.boot = boot
    self.loop = loop
    self.transfers = transfers
    self.onStopped = onStopped
    var settings = WorkerSettings(
      threads: options.threads, advertisedHost: options.advertisedHost ?? "127.0.0.1", seed: .random(in: .min ... .max))
    settings.dataPortLow = options.dataPorts?.lowerBound ?? 0
    settings.dataPortHigh = options.dataPorts?.upperBound ?? 0
    core = Worker(settings: settings)
  }

  /// Where peers reach this host's runners.
  var advertisedHost: String { options.advertisedHost ?? localHost }

  func begin() {
    loop.schedule(after: .zero, repeating: .seconds(1)) { [self] in
      let bytes = ProcessMemory.residentBytes(ofSelfAnd: runners.values.compactMap(\.processID))
      take(.residentBytesMeasured(bytes))
    }
    take(.started)
  }

  /// Events are taken one after another: what an effect causes waits until the effects before it have run.
  func take(_ event: WorkerEvent<Frame>) {
    guard stopping == nil else { return }
    events.append(event)
    guard !isBusy else { return }
    isBusy = true
    defer { isBusy = false }
    while !events.isEmpty && stopping == nil {
      for effect in core.handle(events.removeFirst(), now: loop.now) where stopping == nil { run(effect) }
    }
  }

  func wake(at time: MonotonicTime) {
    wakeTimer?.cancel()
    wakeTimer = loop.schedule(at: time) { [self] in take(.timerFired) }
  }

  func log(_ line: String) { options.log(line) }

  /// Kills the runners and says GOODBYE; done when the last of them has gone.
  func stop(_ reason: WorkerSupervisor.Stop) {
    guard stopping == nil else { return }
    stopping = reason
    events = []
    wakeTimer?.cancel()
    for runner in runners.values { runner.kill() }
    for link in links.values { link.close("the worker stops") }
    // A runner in an uninterruptible sleep (a dead disk) must not hold its worker for ever.
    loop.schedule(after: .seconds(5)) { [self] in finish() }
    finishIfIdle()
  }

  /// A runner or a link is gone.
  func finishIfIdle() {
    guard stopping != nil, runners.isEmpty, links.isEmpty else { return }
    finish()
  }

  private func finish() {
    guard let stopping, !hasFinished else { return }
    hasFinished = true
    endOrphans(triesLeft: 100) { [self] in
      reaper?.cancel()
      onStopped(stopping)
    }
  }

  /// Generation after generation of what runners left behind, at most two seconds long.
  private func endOrphans(triesLeft: Int, _ completion: @escaping () -> Void) {
    guard let reaper, triesLeft > 0, !reaper.reapAll() else { return completion() }
    loop.schedule(after: .milliseconds(20)) { [self] in endOrphans(triesLeft: triesLeft - 1, completion) }
  }
}
