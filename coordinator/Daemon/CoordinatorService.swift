internal import CoordinatorCore
internal import Transport
internal import WireProtocol

/// The coordinator's side of its control loop: connections in, the core's effects out. Everything here happens on the
/// loop's thread.
final class CoordinatorService {
  let loop: EventLoop
  let journal: Journal
  let artifacts: ArtifactService
  let log: (String) -> Void
  var core: Coordinator
  var peers: [ConnectionID: Peer] = [:]

  struct Peer {
    let connection: Connection
    /// nil until its HELLO came.
    var role: Role?
    /// Whether it was admitted: then it is closed with GOODBYE, before that with REFUSAL.
    var isAdmitted = false
  }

  private lazy var requests = ClientRequests(loop: loop) { [unowned self] frame, id in clientFrame(frame, id) }
  private let policy: ServerHandshake.Policy
  private let welcome: Welcome
  private let onStopped: (CoordinatorServer.Stop) -> Void
  private var listener: Listener?
  private var lastConnection: UInt64 = 0
  private var events: [CoordinatorEvent] = []
  private var isBusy = false
  private var batchesOnTheirWay = 0
  private var wakeTimer: LoopTimer?
  private var stopping: CoordinatorServer.Stop?

  /// Connections that may be open at once. Beyond it the kernel would run out of descriptors, and not in a sentence.
  private static let connectionCountMax = 4096

  init(
    core: Coordinator, loop: EventLoop, journal: Journal, artifacts: ArtifactService, policy: ServerHandshake.Policy,
    welcome: Welcome, log: @escaping (String) -> Void, onStopped: @escaping (CoordinatorServer.Stop) -> Void
  ) {
    self.core = core
    self.loop = loop
    self.journal = journal
    self.artifacts = artifacts
    self.policy = policy
    self.welcome = welcome
    self.log = log
    self.onStopped = onStopped
  }

  func listen(on endpoint: Endpoint) throws(TransportError) -> Endpoint {
    let listener = try Listener.listen(on: endpoint, loop: loop) { [self] in accept($0) }
    self.listener = listener
    return listener.endpoint
  }

  /// The core's first batch counts this boot; before it is durable nothing else is.
  func begin() {
    let bound = LoopBound(self, loop: loop)
    artifacts.onMissing = { [loop] digest in loop.execute { bound.value.take(.artifactMissing(digest)) } }
    perform(core.start(now: moment))
  }

  // MARK: Events and batches

  /// Events are taken one after another: what an effect causes waits until the effects before it have run.
  func take(_ event: CoordinatorEvent) {
    guard stopping == nil else { return }
    events.append(event)
    drain()
  }

  private func drain() {
    guard !isBusy else { return }
    isBusy = true
    defer { isBusy = false }
    while !events.isEmpty && stopping == nil {
      perform(core.handle(events.removeFirst(), now: moment))
    }
  }

  private func perform(_ batch: CoordinatorBatch) {
    for effect in batch.urgent { run(effect) }
    // Nothing to write and nothing ahead that is being written: no reason to go through the disk's thread.
    if batch.records.isEmpty && batchesOnTheirWay == 0 { return run(batch.effects) }
    guard !batch.records.isEmpty || !batch.effects.isEmpty else { return }
    batchesOnTheirWay += 1
    let bound = LoopBound(self, loop: loop)
    let effects = batch.effects
    journal.append(batch.records) { [loop] result in
      loop.execute { bound.value.persisted(effects, result) }
    }
  }

  private func persisted(_ effects: [CoordinatorEffect], _ result: Result<Void, JournalError>) {
    batchesOnTheirWay -= 1
    switch result {
    case .success:
      guard stopping == nil else { return }
      isBusy = true
      run(effects)
      isBusy = false
      drain()
    case .failure(let error):
      log("the journal cannot be written, the coordinator stops: \(error)")
      stop(.failed(.journal(error)))
    }
  }

  private func run(_ effects: [CoordinatorEffect]) { for effect in effects where stopping == nil { run(effect) } }

  func wake(at time: MonotonicTime) {
    wakeTimer?.cancel()
    wakeTimer = loop.schedule(at: time) { [self] in take(.timerFired) }
  }

  private var moment: Moment { Moment(monotonic: loop.now, unixMilliseconds: unixMilliseconds()) }

  // MARK: Connections

  private func accept(_ connection: Connection) {
    guard stopping == nil, peers.count < Self.connectionCountMax else {
      return connection.abort("too many connections, or stopping")
    }
    lastConnection += 1
    let id = ConnectionID(lastConnection)
    peers[id] = Peer(connection: connection)
    connection.onClose = { [self] reason in closed(id, reason) }
    connection.awaitHello(policy) { [self] hello in heard(hello, id) }
  }

  private func heard(_ hello: Hello, _ id: ConnectionID) {
    guard let connection = peers[id]?.connection else { return }
    peers[id]?.role = hello.role
    switch hello.role {
    case .worker:
      guard hello.worker != nil, hello.node != .zero else {
        return connection.refuse(
          Refusal(reason: .malformed, sentence: "A worker's HELLO must say its node and describe its host."))
      }
      connection.onFrame = { [self] frame in workerFrame(frame, id) }
      let theirs = hello.wireVersionLow...max(hello.wireVersionLow, hello.wireVersionHigh)
      let wireVersion = WireVersion.agreed(policy.wireVersions, theirs) ?? WireVersion.current
      take(.workerConnected(id, hello, address: "\(connection.peer)", wireVersion: wireVersion))
    case .client:
      connection.onFrame = { [self] frame in requests.add(frame, id, connection) }
      peers[id]?.isAdmitted = true
      connection.admit(welcome)
    case .bulk:
      connection.onClose = nil
      peers[id] = nil
      artifacts.takeOver(connection, hello)
    case .runner, .peer:
      // The policy does not let them through.
      connection.abort("a \(hello.role) has no business here")
    }
  }

  private func closed(_ id: ConnectionID, _ reason: CloseReason) {
    guard let peer = peers.removeValue(forKey: id) else { return }
    if case .malformed = reason.cause { log("\(reason)") }
    if case .peerTooSlow = reason.cause { log("\(reason)") }
    requests.remove(id)
    if peer.role == .worker {
      if case .ended(goodbye: .some) = reason.cause { take(.workerLeft(id)) } else { take(.workerDisconnected(id)) }
    }
    if stopping != nil, peers.isEmpty { finishStopping() }
  }

  // MARK: The end

  /// Takes nothing more and lets go of everyone. What the core has decided is written; effects of that are not run.
  func stop(_ reason: CoordinatorServer.Stop) {
    guard stopping == nil else { return }
    stopping = reason
    listener?.close()
    wakeTimer?.cancel()
    events = []
    let sentence =
      if case .failed(let error) = reason { "the coordinator stops: \(error)" } else { "the coordinator stops" }
    for peer in peers.values {
      if peer.isAdmitted { peer.connection.close(sentence) } else { peer.connection.abort(sentence) }
    }
    if peers.isEmpty { finishStopping() }
  }

  private var hasFinished = false
  private func finishStopping() {
    guard let stopping, !hasFinished else { return }
    hasFinished = true
    onStopped(stopping)
  }
}
