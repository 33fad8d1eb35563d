import Foundation
import Glibc
import GradientExchange
import JobKit
import Transport
import WireProtocol

/// Membership of a stepped phase's gang: binds the `RoundMachine` to the socketpair, the data connections, the compute
/// thread (plugin calls) and the codec threads (sums, encodings, hashes). Belongs to the loop; so do payloads.
final class SteppedSession: WorkSession {
  let context: WorkContext
  let supervisor: Supervisor
  let failpoints: Failpoints
  let board: ProgressBoard
  let timeline: Timeline?
  let compute = WorkThread<MemberThread>(name: "compute") { MemberThread() }
  let codec: CodecThreads
  let links: PeerLinks
  private let hello: Hello
  private var listener: Listener?
  private let progress: ProgressReporter

  /// Set when the member is loaded.
  var machine: RoundMachine?
  var shape: ChunkShape?
  var arithmetic: NodeArithmetic?
  var store: [NodeKey: StoredNode] = [:]
  var telemetry = StepTelemetry()
  var boundaryWork = BoundaryWork()
  private var failed: Failed?
  /// Events that came up while another was being handled, with their payloads.
  private var pending: [(event: RoundEvent, payload: NodeValues?)] = []
  private var isDriving = false

  init(_ context: WorkContext) {
    self.context = context
    supervisor = context.supervisor
    failpoints = context.failpoints
    board = context.board
    timeline = Timeline.fromEnvironment(assignment: context.assign.assignment.number)
    hello = Hello(
      wireVersionLow: WireVersion.oldestSpoken, wireVersionHigh: WireVersion.current, role: .peer, boot: .random(),
      build: context.settings.build, numericsVersion: ExchangeNumerics.version, runToken: context.assign.runToken,
      assignment: context.assign.assignment)
    links = PeerLinks(
      own: context.assign.assignment, hello: hello, settings: context.settings, loop: context.loop)
    progress = ProgressReporter(context)
    codec = CodecThreads(besideThreads: Int(context.begin.threads))
  }

  // MARK: Beginning and end

  func start() {
    links.onEvent = { event in self.drive(event) }
    links.onFrame = { frame, link in self.peerFrame(frame, link) }
    links.onWritable = { link in self.pump(link) }
    compute.start()
    codec.start()
    progress.start()
    board.note("loading", isOpaque: true)
    do throws(TransportError) {
      listener = try listen()
    } catch {
      return fail("its data listener: \(error)")
    }
    load()
  }

  /// On the advertised host, so that nobody else's network reaches it; loopback stays loopback.
  private func listen() throws(TransportError) -> Listener {
    let begin = context.begin
    let isLoopback = Endpoint.tcp(host: begin.advertisedHost, port: 0).isLoopback
    let host = isLoopback ? "127.0.0.1" : begin.advertisedHost
    let policy = ServerHandshake.Policy(
      roles: [.peer], numericsVersion: ExchangeNumerics.version, runToken: context.assign.runToken,
      build: context.settings.build)
    let accept = { (connection: Connection) in
      connection.awaitHello(policy) { hello in
        // Nobody knows this address yet, unless a dead runner had it.
        guard self.machine != nil else {
          return connection.refuse(Refusal(reason: .draining, sentence: "This runner is still loading."))
        }
        self.links.accepted(connection, hello)
      }
    }
    if begin.dataPortLow == 0 || begin.dataPortHigh < begin.dataPortLow {
      return try Listener.listen(on: .tcp(host: host, port: 0), loop: context.loop, onConnection: accept)
    }
    return try Listener.listen(
      host: host, ports: begin.dataPortLow...begin.dataPortHigh, loop: context.loop, onConnection: accept)
  }

  private func load() {
    let assign = context.assign
    let jobType = context.jobType
    let directory = context.begin.directory
    let inputs = context.inputs
    let scratch = context.scratchDirectory
    let threads = Int(context.begin.threads)
    let board = board
    onCompute { thread, reply in
      let arithmetic = try NodeArithmetic.forThisProcessor()
      let memberContext = MemberContext(
        payload: assign.payload, inputs: inputs,
        checkpoint: assign.checkpoint == nil ? nil : ("\(directory)/checkpoint", assign.checkpointStep),
        scratchDirectory: scratch, threads: threads, progress: { board.note($0, $1, isOpaque: true) })
      let member: any SteppedMember
      do {
        member = try jobType.makeMember(memberContext)
      } catch let error as HostUnfit {
        // FAILED would end the job for every worker; of exits the coordinator knows which host they are on.
        FileHandle.standardError.write(Data("\(error)\n".utf8))
        _exit(1)
      }
      let shape = ChunkShape(
        parameterCount: member.parameterCount, statisticsCount: member.statisticsCount, format: member.rounding.format)
      thread.member = member
      thread.shape = shape
      thread.arithmetic = arithmetic
      reply { $0.loaded(shape, arithmetic) }
    }
  }

  private func loaded(_ shape: ChunkShape, _ arithmetic: NodeArithmetic) {
    guard let listener else { return }
    board.note("waiting")
    self.shape = shape
    self.arithmetic = arithmetic
    let assign = context.assign
    let begin = context.begin
    // Others reach it by the advertised name, whatever it is bound to.
    let address = Endpoint.tcp(host: listener.endpoint.host ?? begin.advertisedHost, port: listener.endpoint.port ?? 0)
    machine = RoundMachine(
      assignment: assign.assignment, dataAddress: "\(address)", gradientChunkCount: shape.gradientChunkCount,
      step: assign.checkpoint == nil ? 0 : assign.checkpointStep,
      chain: assign.checkpoint == nil ? .zero : assign.checkpointChain)
    board.note("ready")
    if supervisor.isFenced { drive(.fenced) }
    drive(.reportRequested)
  }

  func stop() {
    links.stop()
    listener?.close()
    progress.stop()
    compute.stop()
    codec.stop()
  }

  /// The phase cannot go on here or anywhere: FAILED, and again whenever something is asked.
  func fail(_ message: String) {
    guard failed == nil else { return }
    let failed = Failed(message: message)
    self.failed = failed
    progress.stop()
    supervisor.say(failed)
  }

  func fenced() { drive(.fenced) }
  func unfenced() {
    drive(.unfenced)
    for link in links.links.values { pump(link) }
  }

  // MARK: Events

  /// Hands the machine one event, and then those that come of its effects.
  func drive(_ event: RoundEvent, payload: NodeValues? = nil) {
    pending.append((event, payload))
    guard !isDriving, failed == nil else { return }
    isDriving = true
    defer { isDriving = false }
    while !pending.isEmpty {
      let (event, payload) = pending.removeFirst()
      for effect in machine?.handle(event) ?? [] { perform(effect, payload: payload) }
      // After the effects: APPLIED of the step before is among them.
      if let plan = machine?.plan { telemetry.begin(step: plan.step, idle: idleness) }
    }
  }

  func receive(_ frame: Frame) throws(WireError) {
    if let failed { return supervisor.say(failed) }
    switch frame.type {
    case .plan: drive(.planReceived(try frame.decode(Plan.self)))
    case .commit: drive(.commitReceived(try frame.decode(Commit.self)))
    case .reportState: drive(.reportRequested)
    case .copyState: drive(.copyStateReceived(try frame.decode(CopyState.self)))
    case .hashState: drive(.hashStateReceived(try frame.decode(HashState.self)))
    case .evaluate: drive(.evaluateReceived(try frame.decode(Evaluate.self)))
    case .saveCheckpoint: saveRequested(try frame.decode(SaveCheckpoint.self))
    case .finish: finishRequested(try frame.decode(Finish.self))
    default: break
    }
  }

  // MARK: Threads

  /// Answers from a thread to the loop, in order.
  struct Reply: Sendable {
    let session: LoopBound<SteppedSession>
    func callAsFunction(_ body: @escaping @Sendable (SteppedSession) -> Void) {
      session.loop.execute { body(session.value) }
    }
  }

  var idleness: ThreadIdleness {
    ThreadIdleness(compute: compute.idleNanoseconds, codec: codec.idleNanoseconds, codecThreads: codec.count)
  }

  var reply: Reply { Reply(session: LoopBound(self, loop: context.loop)) }

  /// Runs `work` on the compute thread. What a plugin throws ends the phase with its description.
  func onCompute(_ work: @escaping @Sendable (MemberThread, Reply) throws -> Void) {
    let reply = reply
    compute.run { thread in
      do {
        try work(thread, reply)
      } catch {
        let message = "\(error)"
        reply { $0.fail(message) }
      }
    }
  }
}

/// A payload in the store. Belongs to the loop.
final class StoredNode {
  let values: NodeValues
  /// Kept while it waits for further peers; made again for one that comes later, which costs less than its memory.
  var encoded: EncodedValues?
  /// Sends that were asked for and not done. Those of a lost connection are never done: then `encoded` stays until the
  /// values go.
  var sendsDue = 0
  /// Who waits for the encoding that is being made.
  var waiting: [(EncodedValues) -> Void] = []
  init(_ values: NodeValues) { self.values = values }

  func wasSent() {
    sendsDue -= 1
    if sendsDue <= 0 { encoded = nil }
  }
}
