import WireProtocol

/// The coordinator's decisions, without I/O, clock or randomness: events in, batches of records and effects out.
///
/// Read `Interface/` for what comes in and goes out, `Membership/` for workers and leases, `Jobs/` for the queue and
/// the phases' life, `Sharded/`, `Stepped/` and `Graph/` for the three shapes of work, `Clients/` for requests.
public struct Coordinator: Sendable {
  let settings: CoordinatorSettings
  var bootNumber: UInt32
  var random: RunTokens

  var workers: [WorkerID: WorkerEntry] = [:]
  var workersByNode: [Token128: WorkerID] = [:]
  /// Only connections that are a worker's newest.
  var connections: [ConnectionID: WorkerID] = [:]
  var generation: UInt64

  var jobs: [JobID: Job] = [:]
  var submissions: [Token128: JobID] = [:]
  /// The phase a job is in, or was in when it ended.
  var phases: [JobID: ActivePhase] = [:]
  var cache: [Digest: CacheEntryRecord] = [:]

  var assignments: [AssignmentID: Assignment] = [:]
  var lastAssignment: UInt32
  var lastEventSequence: UInt64
  /// Blobs that lost a reference and may be without any.
  var discarded: Set<Digest> = []

  /// Of the event that is being handled.
  var now = Moment(monotonic: .zero, unixMilliseconds: 0)
  var batch = CoordinatorBatch()
  var wakeAt: MonotonicTime?

  /// Takes up where the journal stands. Call `start` before anything else.
  public init(settings: CoordinatorSettings, recovering journal: JournalContents) {
    self.settings = settings
    bootNumber = journal.bootNumber + 1
    // Generations of this boot are above all of earlier boots.
    generation = UInt64(bootNumber) << 32
    random = RunTokens(seed: settings.seed, bootNumber: bootNumber)
    lastAssignment = journal.lastAssignment
    lastEventSequence = journal.lastEventSequence
    recover(journal)
  }

  /// Counts this boot in the journal. Its batch comes before all others.
  public mutating func start(now: Moment) -> CoordinatorBatch {
    self.now = now
    batch.records.append(.boot(number: bootNumber))
    resumeRecovered()
    return endEvent(timerFired: true)
  }

  public mutating func handle(_ event: CoordinatorEvent, now: Moment) -> CoordinatorBatch {
    self.now = now
    var timerFired = false
    switch event {
    case .workerConnected(let connection, let hello, let address, let wireVersion):
      workerConnected(connection, hello, address: address, wireVersion: wireVersion)
    case .workerDisconnected(let connection): workerDisconnected(connection)
    case .workerLeft(let connection): workerLeft(connection)
    case .workerSaid(let connection, let generation, let message):
      guard let worker = speaker(connection, generation) else { break }
      handle(message, from: worker)
    case .runnerSaid(let connection, let generation, let assignment, let message):
      guard let worker = speaker(connection, generation) else { break }
      handle(message, of: assignment, from: worker)
    case .clientAsked(let connection, let correlation, let request):
      handle(request, Asker(connection: connection, correlation: correlation))
    case .timerFired: timerFired = true
    case .artifactMissing(let digest): artifactMissing(digest)
    }
    return endEvent(timerFired: timerFired)
  }

  /// What every event ends with: deadlines that have come, idle workers, the next wake.
  private mutating func endEvent(timerFired: Bool) -> CoordinatorBatch {
    if let wakeAt, wakeAt <= now.monotonic {
      suspectSilentWorkers()
      endLeases()
      tickPhases()
    }
    schedule()
    deleteUnreferenced()
    let next = nextDeadline
    if next != wakeAt || timerFired, let next { batch.effects.append(.wake(at: next)) }
    wakeAt = next
    defer { batch = CoordinatorBatch() }
    return batch
  }

  private var nextDeadline: MonotonicTime? {
    var earliest: MonotonicTime?
    func consider(_ time: MonotonicTime?) {
      if let time, time < earliest ?? .distantFuture { earliest = time }
    }
    for worker in workers.values { consider(worker.silenceEnd(settings)) }
    for phase in phases.values { consider(phase.nextDeadline) }
    for job in jobs.values where !job.state.state.isFinal {
      consider(job.restarts.values.filter { $0.notBefore > now.monotonic }.map(\.notBefore).min())
    }
    return earliest
  }

  // MARK: Effects

  mutating func send(
    _ message: CoordinatorMessage, to worker: WorkerID, stream: UInt32 = 0
  ) {
    guard let entry = workers[worker], let connection = entry.connection else { return }
    batch.effects.append(
      .send(message, to: connection, stream: stream, correlation: 0, generation: entry.generation))
  }

  /// Adds an event of the job; of the cluster for job 0.
  mutating func note(_ text: String, job: JobID = JobID(0)) {
    lastEventSequence += 1
    batch.records.append(
      .event(
        .init(
          sequence: lastEventSequence, unixMilliseconds: now.unixMilliseconds, job: job,
          text: text.prefix(utf8Bytes: WireLimits.sentenceBytes))))
  }
}

extension String {
  /// The longest prefix of whole characters within so many bytes.
  func prefix(utf8Bytes limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var result = ""
    var bytes = 0
    for character in self {
      bytes += character.utf8.count
      if bytes > limit { break }
      result.append(character)
    }
    return result
  }
}
