@testable import CoordinatorCore
import WireProtocol

/// A coordinator whose journal and wires the test holds in its hands: say what happens, look at what is sent.
struct Story {
  var coordinator: Coordinator
  var disk: JournalContents
  var settings: CoordinatorSettings
  var milliseconds: UInt64 = 1_000_000
  private(set) var wakeAt: MonotonicTime?
  /// Everything sent since it was last looked at.
  var outbox: [Sent] = []
  var closed: [ConnectionID] = []
  var deleted: [Digest] = []
  var lastBatch = CoordinatorBatch()
  var events: [String] = []
  var workers: [Int: StoryWorker] = [:]
  private var nextConnection: UInt64 = 1
  private var nextCorrelation: UInt64 = 1

  struct Sent {
    let message: CoordinatorMessage
    let connection: ConnectionID
    let stream: UInt32
    let correlation: UInt64
  }

  struct StoryWorker {
    var connection: ConnectionID
    var generation: UInt64
    var id: WorkerID
  }

  init(settings: CoordinatorSettings = Story.settings, disk: JournalContents = JournalContents()) {
    self.settings = settings
    self.disk = disk
    coordinator = Coordinator(settings: settings, recovering: disk)
    take(coordinator.start(now: moment))
  }

  static var settings: CoordinatorSettings {
    CoordinatorSettings(cluster: Token128(high: 1, low: 1), seed: 7) { previous, digest in
      Story.digest(previous.bytes.reduce(UInt64(1)) { $0 &* 31 &+ UInt64($1) } &+ UInt64(digest.bytes[0]) &* 7919)
    }
  }

  static func digest(_ number: UInt64) -> Digest {
    Digest((0..<32).map { UInt8(truncatingIfNeeded: number >> (UInt64($0 % 8) * 8)) &+ UInt8($0) }) ?? .zero
  }

  // MARK: Time and events

  var moment: Moment {
    Moment(monotonic: MonotonicTime(nanoseconds: milliseconds * 1_000_000), unixMilliseconds: milliseconds)
  }

  mutating func happen(_ event: CoordinatorEvent) { take(coordinator.handle(event, now: moment)) }

  private mutating func take(_ batch: CoordinatorBatch) {
    lastBatch = batch
    for record in batch.records {
      disk.apply(record)
      if case .event(let event) = record { events.append(event.text) }
    }
    for effect in batch.urgent + batch.effects {
      switch effect {
      case .send(let message, let connection, let stream, let correlation, _):
        outbox.append(Sent(message: message, connection: connection, stream: stream, correlation: correlation))
      case .close(let connection, _): closed.append(connection)
      case .wake(let at): wakeAt = at
      case .deleteArtifacts(let digests): deleted += digests
      case .answerMetrics, .answerEvents, .log: break
      }
    }
  }

  /// Lets time pass; connected workers that are named keep their heartbeats up.
  mutating func pass(seconds: Double, beating: [Int] = []) {
    let end = milliseconds + UInt64(seconds * 1000)
    while milliseconds < end {
      milliseconds = min(end, milliseconds + 500)
      for worker in beating { workerSays(worker, .heartbeat(Heartbeat(sequence: milliseconds, residentBytes: 1))) }
      if let wakeAt, wakeAt <= moment.monotonic { happen(.timerFired) }
    }
  }

  /// The process dies and comes back with what is on disk; all connections are gone.
  mutating func restart() {
    milliseconds += 1000
    outbox = []
    coordinator = Coordinator(settings: settings, recovering: disk)
    take(coordinator.start(now: moment))
  }

  // MARK: Workers

  /// Connects, and says what lives there.
  mutating func join(
    _ worker: Int, boot: UInt64 = 1, inventory: [AssignmentID] = [], plugin: String = "toy", memoryBytes: UInt64 = 0,
    shortcomings: String = ""
  ) {
    let connection = ConnectionID(nextConnection)
    nextConnection += 1
    var hello = Hello(
      wireVersionLow: 1, wireVersionHigh: 1, role: .worker, node: Token128(high: 9, low: UInt64(worker)),
      boot: Token128(high: UInt64(worker), low: boot), build: "story", numericsVersion: 1,
      plugins: [PluginVersion(name: plugin, version: 1)],
      worker: WorkerDescription(
        name: "host-\(worker)", advertisedHost: "10.0.0.\(worker)", isa: "avx2", threads: 2,
        memoryBytes: memoryBytes, processID: 1))
    hello.shortcomings = shortcomings
    happen(.workerConnected(connection, hello, address: "10.0.0.\(worker):5", wireVersion: 1))
    guard case .welcome(let welcome)? = outbox.last(where: { $0.connection == connection })?.message else { return }
    workers[worker] = StoryWorker(connection: connection, generation: welcome.generation, id: welcome.worker)
    workerSays(
      worker,
      .inventory(Inventory(runners: inventory.map { Inventory.Runner(assignment: $0, job: JobID(1)) })))
  }

  mutating func workerSays(_ worker: Int, _ message: WorkerMessage) {
    guard let known = workers[worker] else { return }
    happen(.workerSaid(known.connection, generation: known.generation, message))
  }

  mutating func disconnect(_ worker: Int) {
    guard let known = workers[worker] else { return }
    happen(.workerDisconnected(known.connection))
  }

  /// What was sent to this worker (and its runners) since the last look; clears nothing.
  func sent(to worker: Int) -> [CoordinatorMessage] {
    outbox.filter { $0.connection == workers[worker]?.connection }.map(\.message)
  }

  /// The newest live assignment on this worker.
  func assignment(on worker: Int) -> AssignmentID {
    let id = workers[worker]?.id
    return coordinator.assignments.values.filter { $0.worker == id && $0.standing == .live }.map(\.id).max()
      ?? AssignmentID(0)
  }

  mutating func runnerSays(_ worker: Int, _ message: RunnerMessage) {
    guard let known = workers[worker] else { return }
    happen(.runnerSaid(known.connection, generation: known.generation, assignment(on: worker), message))
  }

  mutating func runnerExits(_ worker: Int, _ assignment: AssignmentID? = nil, lastLines: String = "boom") {
    let id = assignment ?? self.assignment(on: worker)
    workerSays(worker, .runnerExited(RunnerExited(assignment: id, status: 1, signal: 0, lastLines: lastLines)))
  }

  // MARK: Clients

  mutating func ask(_ request: ClientRequest) -> CoordinatorMessage? {
    nextCorrelation += 1
    happen(.clientAsked(ConnectionID(999_999), correlation: nextCorrelation, request))
    return outbox.last { $0.correlation == nextCorrelation }?.message
  }

  @discardableResult
  mutating func submit(_ plan: JobPlan, token: UInt64 = 1) -> CoordinatorMessage? {
    let submission = Token128(high: 3, low: token)
    return ask(.submit(Submit(plan: plan, jobFile: "job: toy", recipeDigest: .zero, submission: submission)))
  }

  @discardableResult
  mutating func control(_ action: ControlJob.Action, job: UInt32 = 1) -> CoordinatorMessage? {
    ask(.controlJob(ControlJob(job: JobID(job), action: action)))
  }

  mutating func jobStatus(_ job: UInt32 = 1) -> JobStatus? {
    guard case .clusterStatus(let status)? = ask(.queryStatus(QueryStatus())) else { return nil }
    return status.jobs.first { $0.id == JobID(job) }
  }

  mutating func workerStatus(_ worker: Int) -> WorkerStatus? {
    guard case .clusterStatus(let status)? = ask(.queryStatus(QueryStatus())) else { return nil }
    return status.workers.first { $0.id == workers[worker]?.id }
  }
}

// MARK: Plans

extension JobPlan {
  static func sharded(_ count: Int, keys: [Digest?] = [], name: String = "shards") -> JobPlan {
    let shards = (0..<count).map {
      ShardPlan(
        name: "s\($0)", payload: [UInt8($0)], inputs: [], cacheKey: keys.indices.contains($0) ? keys[$0] : nil)
    }
    return JobPlan(
      jobType: "toy", pluginVersion: 1, name: name, phases: [PhasePlan(name: "prepare", work: .sharded(shards))],
      outputs: [])
  }

  static func stepped(
    steps: UInt64 = 10, slices: UInt32 = 8, rows: UInt32 = 0, checkpointInterval: UInt64 = 0, kept: UInt32 = 2,
    stateBytes: UInt64 = 0, name: String = "train"
  ) -> JobPlan {
    JobPlan(
      jobType: "toy", pluginVersion: 1, name: name,
      phases: [
        PhasePlan(
          name: "train",
          work: .stepped(
            SteppedPlan(
              payload: [], inputs: [], stepCount: steps, sliceCount: slices, measures: rows > 0 ? ["zh"] : [],
              evaluationRowCount: rows, evaluationInterval: 0, checkpointInterval: checkpointInterval,
              checkpointsKept: kept, stateBytes: stateBytes, workUnit: "tok")))
      ], outputs: ["model", "checkpoint"])
  }
}
