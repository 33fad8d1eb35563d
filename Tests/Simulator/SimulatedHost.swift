import CoordinatorCore
import WireProtocol
import WorkerCore

/// A worker's process with its runners, on a host of its own.
final class SimulatedHost {
  unowned let cluster: SimulatedCluster
  let index: Int
  let node: Token128
  let process = SimulatedProcess()
  private var core: Worker<SimulatedFrame>?
  private var boot = Token128.zero
  private var wakeSequence = 0
  var runners: [AssignmentID: SimulatedRunner] = [:]
  /// Milliseconds a slice takes: hosts differ.
  let sliceTime: Int

  init(_ cluster: SimulatedCluster, index: Int) {
    self.cluster = cluster
    self.index = index
    node = Token128(high: 7, low: UInt64(index) + 1)
    sliceTime = cluster.choices.within(40...300)
  }

  var name: String { "host-\(index)" }

  func start() {
    guard !process.isAlive else { return }
    process.start()
    boot = Token128(high: cluster.choices.next(), low: UInt64(process.life))
    core = Worker(settings: WorkerSettings(threads: 1, advertisedHost: name, seed: cluster.choices.next()))
    cluster.note("\(name) starts", 3)
    handle(.started)
  }

  /// Runners die with their worker.
  func crash(restarts: Bool = true) {
    guard process.isAlive else { return }
    process.die()
    core = nil
    for runner in runners.values.sorted(by: { $0.assignment < $1.assignment }) { runner.die() }
    runners = [:]
    cluster.network.links[index]?.cut(reason: "connection reset", coordinatorHears: !cluster.choices.chance(20))
    cluster.network.links[index] = nil
    cluster.after(cluster.choices.milliseconds(100...(cluster.choices.chance(30) ? 20_000 : 2000))) { [self] in
      start()
    }
  }

  func handle(_ event: WorkerEvent<SimulatedFrame>) {
    guard process.isAlive else { return }
    let effects = core?.handle(event, now: cluster.now) ?? []
    for effect in effects {
      if let point = crashPoint(before: effect), cluster.dies(at: point) { return crash() }
      run(effect)
      guard process.isAlive else { return }
    }
  }

  private func crashPoint(before effect: WorkerEffect<SimulatedFrame>) -> CrashPoint? {
    switch effect {
    case .send(.inventory, _, _): .workerBeforeInventory
    case .send(.heartbeat, _, _): .workerBeforeHeartbeat
    case .send(.runnerExited, _, _): .workerBeforeRunnerExited
    case .fetchInputs: .workerBeforeFetching
    case .startRunner: .workerBeforeStartingRunner
    case .sendToRunner(.begin, _): .workerBeforeBegin
    case .sendToRunner(.published, _): .workerBeforePublished
    case .sendToRunner(.leave, _): .workerBeforeLeave
    case .sendToRunner(.fence, _): .workerBeforeFence
    case .sendToRunner(.unfence, _): .workerBeforeUnfence
    case .relayToCoordinator: .workerBeforeRelayingUp
    case .relayToRunner: .workerBeforeRelayingDown
    case .upload: .workerBeforeUploading
    case .killRunner: .workerBeforeKilling
    default: nil
    }
  }

  private func run(_ effect: WorkerEffect<SimulatedFrame>) {
    switch effect {
    case .connect(let link): connect(link)
    case .close(_, let reason): cluster.network.links[index]?.cut(reason: reason)
    case .send(let word, _, let generation): sendUp(word, generation)
    case .relayToCoordinator(.up(let message), _, let assignment, let generation):
      guard let link = cluster.network.links[index] else { return }
      link.up { .runnerSaid(link.connection, generation: generation, assignment, message) }
    case .relayToCoordinator: break
    case .relayToRunner(.down(let message), let assignment): toRunner(assignment) { $0.handle(message) }
    case .relayToRunner: break
    case .sendToRunner(let word, let assignment): toRunner(assignment) { $0.handle(word) }
    case .fetchInputs(let assignment, let inputs, let checkpoint): fetch(assignment, inputs, checkpoint)
    case .cancelFetch, .discardDirectory: break
    case .startRunner(let assignment, let assign):
      cluster.after(cluster.choices.milliseconds(5...60), in: process) { [self] in
        let runner = SimulatedRunner(self, assign)
        runners[assignment] = runner
        handle(.runnerReady(assignment))
      }
    case .killRunner(let assignment): kill(assignment)
    case .upload(let assignment, let request, let items): upload(assignment, request, items)
    case .wake(let at):
      wakeSequence += 1
      let sequence = wakeSequence
      cluster.after(at.elapsed(since: cluster.now), in: process) { [self] in
        if sequence == wakeSequence { handle(.timerFired) }
      }
    case .stop(let refusal): cluster.checks.violated("\(name) was refused: \(refusal.sentence)")
    case .log(let line): cluster.note("\(name): \(line)", 4)
    }
  }

  private func toRunner(_ assignment: AssignmentID, _ action: @escaping (SimulatedRunner) -> Void) {
    guard let runner = runners[assignment] else { return }
    cluster.after(.microseconds(50), in: runner.process) { action(runner) }
  }

  /// From a runner's socket.
  func fromRunner(_ runner: SimulatedRunner, _ event: WorkerEvent<SimulatedFrame>) {
    cluster.after(.microseconds(50), in: process) { [self] in
      if runners[runner.assignment] === runner { handle(event) }
    }
  }

  // MARK: Runners

  private func kill(_ assignment: AssignmentID) {
    // Not started yet: the start is on its way, and dies then.
    guard let runner = runners[assignment] else {
      cluster.after(.milliseconds(100), in: process) { [self] in if runners[assignment] != nil { kill(assignment) } }
      return
    }
    runner.die()
    exited(runner, status: 0, signal: 9)
  }

  func exited(_ runner: SimulatedRunner, status: Int64, signal: UInt32) {
    cluster.checks.gone(runner.assignment)
    cluster.after(cluster.choices.milliseconds(0...20), in: process) { [self] in
      guard runners[runner.assignment] === runner else { return }
      runners[runner.assignment] = nil
      handle(.runnerExited(runner.assignment, status: status, signal: signal, lastLines: "the last line"))
    }
  }

  private func fetch(_ assignment: AssignmentID, _ inputs: [NamedTree], _ checkpoint: NamedTree?) {
    cluster.after(cluster.choices.milliseconds(2...80), in: process) { [self] in
      let files = (inputs + (checkpoint.map { [$0] } ?? [])).flatMap(\.files)
      if let missing = files.first(where: { cluster.store[$0.digest] == nil }) {
        cluster.counters.fetchFailures += 1
        handle(.fetchFailed(assignment, reason: "blob \(missing.digest.hex.prefix(8)) is not in the store"))
      } else {
        handle(.inputsFetched(assignment, directory: "/run/\(assignment.number)"))
      }
    }
  }

  private func upload(_ assignment: AssignmentID, _ request: UInt64, _ items: [Publish.Item]) {
    guard let runner = runners[assignment] else { return }
    cluster.after(cluster.choices.milliseconds(5...150), in: process) { [self] in
      guard runners[assignment] === runner else { return }
      // The store is the coordinator's; without it the daemon keeps trying, and here that takes the time it takes.
      guard cluster.coordinator.process.isAlive else { return upload(assignment, request, items) }
      if cluster.isTroubled, cluster.choices.below(100) < 2 {
        return handle(.uploadFailed(assignment, request: request, reason: "no space left on device"))
      }
      let files = items.map { item -> FileReference in
        let (digest, blob) = runner.file(at: item.absolutePath)
        cluster.store[digest] = blob
        return FileReference(path: item.path, digest: digest, byteCount: 8)
      }
      handle(.uploaded(assignment, request: request, files))
    }
  }

  // MARK: Connection

  private func connect(_ id: LinkID) {
    let coordinator = cluster.coordinator!
    let isCut = cluster.network.controlCutUntil[index, default: 0] > cluster.time
    guard coordinator.process.isAlive, !isCut else {
      cluster.after(cluster.choices.milliseconds(1...30), in: process) { [self] in
        handle(.disconnected(id, reason: "connection refused"))
      }
      return
    }
    let connection = ConnectionID(cluster.network.nextConnection)
    cluster.network.nextConnection += 1
    let link = SimulatedLink(connection: connection, link: id, host: self, coordinatorLife: coordinator.process.life)
    cluster.network.links[index] = link
    let hello = Hello(
      wireVersionLow: 1, wireVersionHigh: 1, role: .worker, node: node, boot: boot, build: "simulated",
      numericsVersion: 1, plugins: [SimulatedWorkload.pluginVersion, SimulatedWorkload.pipelinePluginVersion],
      worker: WorkerDescription(
        name: name, advertisedHost: name, isa: "simulated", threads: 1, memoryBytes: 0, processID: 1))
    let name = name
    link.up { [unowned coordinator] in
      coordinator.connections[connection] = link
      return .workerConnected(connection, hello, address: name, wireVersion: 1)
    }
  }

  private func sendUp(_ word: WorkerWord, _ generation: UInt64) {
    guard let link = cluster.network.links[index] else { return }
    let message: WorkerMessage =
      switch word {
      case .inventory(let inventory): .inventory(inventory)
      case .heartbeat(let heartbeat): .heartbeat(heartbeat)
      case .runnerExited(let exit): .runnerExited(exit)
      }
    link.up { .workerSaid(link.connection, generation: generation, message) }
  }

  /// From the coordinator's effect to this worker.
  func send(_ message: CoordinatorMessage, on link: SimulatedLink, stream: UInt32, generation: UInt64) {
    switch message {
    case .welcome(let welcome): link.down(.welcomed(link.link, welcome))
    case .heartbeatAcknowledged(let answer): link.down(.coordinatorSaid(link.link, .heartbeatAcknowledged(answer)))
    case .assign(let assign): link.down(.coordinatorSaid(link.link, .assign(assign)))
    case .revoke(let revoke):
      cluster.checks.gone(revoke.assignment)
      link.down(.coordinatorSaid(link.link, .revoke(revoke)))
    default: link.down(.frameForRunner(link.link, AssignmentID(stream), .down(message)))
    }
  }
}
