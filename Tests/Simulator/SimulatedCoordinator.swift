import CoordinatorCore
import GradientExchange
import WireProtocol

/// The coordinator's process: the core, a journal that takes its time, and effects in order.
final class SimulatedCoordinator {
  unowned let cluster: SimulatedCluster
  let process = SimulatedProcess()
  /// Survives crashes.
  var disk = JournalContents()
  private var core: Coordinator?
  private var waiting: [CoordinatorBatch] = []
  private var isPersisting = false
  private var wakeSequence = 0
  var connections: [ConnectionID: SimulatedLink] = [:]

  init(_ cluster: SimulatedCluster) { self.cluster = cluster }

  func start() {
    process.start()
    var settings = CoordinatorSettings(cluster: Token128(high: 1, low: 2), seed: cluster.seed) { $0.chained(with: $1) }
    settings.restartDelay = .milliseconds(200)
    settings.firstAnswerSilence = .seconds(30)
    let core = Coordinator(settings: settings, recovering: disk)
    self.core = core
    waiting = []
    isPersisting = false
    connections = [:]
    cluster.note("coordinator starts", 1)
    enqueue(self.core?.start(now: cluster.moment))
  }

  /// Unpersisted batches vanish with their effects.
  func crash() {
    guard process.isAlive else { return }
    process.die()
    core = nil
    waiting = []
    for link in connections.values.sorted(by: { $0.connection < $1.connection }) {
      link.cut(reason: "connection reset", coordinatorHears: false)
    }
    connections = [:]
    cluster.after(cluster.choices.milliseconds(100...(cluster.choices.chance(30) ? 15_000 : 3000))) { [self] in
      start()
    }
  }

  func handle(_ event: CoordinatorEvent) {
    enqueue(core?.handle(event, now: cluster.moment))
  }

  private func enqueue(_ batch: CoordinatorBatch?) {
    guard let batch else { return }
    for effect in batch.urgent { run(effect) }
    guard !batch.records.isEmpty || !batch.effects.isEmpty else { return }
    waiting.append(batch)
    persistNext()
  }

  private func persistNext() {
    guard !isPersisting, let batch = waiting.first else { return }
    isPersisting = true
    let delay: Duration = batch.records.isEmpty ? .zero : cluster.choices.milliseconds(0...8)
    cluster.after(delay, in: process) { [self] in
      waiting.removeFirst()
      guard persist(batch) else { return crash() }
      for (index, effect) in batch.effects.enumerated() {
        let previous = index > 0 ? batch.effects[index - 1] : nil
        if dies(before: effect, after: previous) { return crash() }
        run(effect)
        guard process.isAlive else { return }
      }
      isPersisting = false
      persistNext()
    }
  }

  // MARK: Journal

  /// False when the process dies before or right after the transaction.
  private func persist(_ batch: CoordinatorBatch) -> Bool {
    let points = Set(batch.records.compactMap(crashPoints))
    if !batch.records.isEmpty, cluster.dies(at: .coordinatorBeforePersisting) { return false }
    for point in points.sorted(by: { $0.before.rawValue < $1.before.rawValue }) where cluster.dies(at: point.before) {
      return false
    }
    for record in batch.records {
      cluster.checks.persisted(record, in: cluster)
      disk.apply(record)
      if cluster.checks.replaysTwice {
        let once = disk
        disk.apply(record)
        if disk != once { cluster.checks.violated("a record applied twice changes the journal: \(record)") }
      }
    }
    for point in points.sorted(by: { $0.before.rawValue < $1.before.rawValue }) {
      if let after = point.after, cluster.dies(at: after) { return false }
    }
    return true
  }

  private struct RecordCrashPoints: Hashable {
    let before: CrashPoint
    let after: CrashPoint?
  }

  private func crashPoints(_ record: JournalRecord) -> RecordCrashPoints? {
    switch record {
    case .stepCommitted:
      RecordCrashPoints(before: .coordinatorBeforePersistingCommit, after: .coordinatorAfterPersistingCommit)
    case .checkpointSaved:
      RecordCrashPoints(before: .coordinatorBeforePersistingCheckpoint, after: .coordinatorAfterPersistingCheckpoint)
    case .evaluationTotals: RecordCrashPoints(before: .coordinatorBeforePersistingEvaluation, after: nil)
    case .shardCompleted: RecordCrashPoints(before: .coordinatorBeforePersistingShard, after: nil)
    case .phaseCompleted:
      RecordCrashPoints(before: .coordinatorBeforePersistingPhase, after: .coordinatorAfterPersistingPhase)
    default: nil
    }
  }

  // MARK: Effects

  private func dies(before effect: CoordinatorEffect, after previous: CoordinatorEffect?) -> Bool {
    guard case .send(let message, _, _, _, _) = effect else { return false }
    var last: CoordinatorMessage?
    if case .send(let message, _, _, _, _)? = previous { last = message }
    switch (last, message) {
    case (.commit?, .commit): return cluster.dies(at: .coordinatorBetweenCommits)
    case (.plan?, .plan): return cluster.dies(at: .coordinatorBetweenPlans)
    case (_, .plan): return cluster.dies(at: .coordinatorBeforePlan)
    case (_, .assign): return cluster.dies(at: .coordinatorBeforeAssign)
    case (_, .revoke): return cluster.dies(at: .coordinatorBeforeRevoke)
    case (_, .welcome): return cluster.dies(at: .coordinatorBeforeWelcome)
    case (_, .submitted): return cluster.dies(at: .coordinatorBeforeAnsweringSubmit)
    default: return false
    }
  }

  private func run(_ effect: CoordinatorEffect) {
    switch effect {
    case .send(let message, let connection, let stream, let correlation, let generation):
      if let link = connections[connection] {
        link.host.send(message, on: link, stream: stream, generation: generation)
      } else if connection == SimulatedClient.connection {
        let client = cluster.client!
        cluster.after(cluster.choices.milliseconds(0...20)) { client.answered(message, correlation: correlation) }
      }
    case .close(let connection, let sentence): connections[connection]?.cut(reason: sentence)
    case .wake(let at):
      wakeSequence += 1
      let sequence = wakeSequence
      let delay = at.elapsed(since: cluster.now)
      cluster.after(delay, in: process) { [self] in
        if sequence == wakeSequence { handle(.timerFired) }
      }
    case .deleteArtifacts(let digests): for digest in digests { cluster.store[digest] = nil }
    case .log(let line): cluster.note("coordinator: \(line)", 2)
    case .answerMetrics, .answerEvents: break
    }
  }
}
