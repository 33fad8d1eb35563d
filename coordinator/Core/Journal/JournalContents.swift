import WireProtocol

/// Everything the core needs to know again after a start. The daemon fills it from its tables; the simulator builds it
/// with `apply`.
public struct JournalContents: Equatable, Sendable {
  public var bootNumber: UInt32 = 0
  public var workers: [WorkerKnownRecord] = []
  public var jobs: [JobSubmittedRecord] = []
  public var jobStates: [JobStateRecord] = []
  public var phasesStarted: [PhaseStartedRecord] = []
  public var phasesCompleted: [PhaseCompletedRecord] = []
  public var shardsCompleted: [ShardCompletedRecord] = []
  public var shardCheckpoints: [ShardCheckpointRecord] = []
  public var cacheEntries: [CacheEntryRecord] = []
  public var assignments: [AssignmentRecord] = []
  /// The highest number ever given to an assignment, ended ones included.
  public var lastAssignment: UInt32 = 0
  /// In the order of steps within a job's phase.
  public var commits: [StepCommitRecord] = []
  public var evaluations: [EvaluationRecord] = []
  public var checkpoints: [CheckpointRecord] = []
  public var lastEventSequence: UInt64 = 0
  public init() {}

  /// Adds one record as the tables would. Applying a record again changes nothing.
  public mutating func apply(_ record: JournalRecord) {
    switch record {
    case .boot(let number): bootNumber = max(bootNumber, number)
    case .workerKnown(let row): workers.put(row) { $0.node == row.node }
    case .jobSubmitted(let row): jobs.put(row) { $0.job == row.job }
    case .jobState(let row): jobStates.put(row) { $0.job == row.job }
    case .phaseStarted(let row): phasesStarted.put(row) { $0.job == row.job && $0.phase == row.phase }
    case .phaseCompleted(let row): phasesCompleted.put(row) { $0.job == row.job && $0.phase == row.phase }
    case .shardCompleted(let row):
      shardsCompleted.put(row) { $0.job == row.job && $0.phase == row.phase && $0.shard == row.shard }
    case .shardCheckpoint(let row):
      shardCheckpoints.put(row) { $0.job == row.job && $0.phase == row.phase && $0.shard == row.shard }
    case .cacheEntry(let row): cacheEntries.put(row) { $0.key == row.key }
    case .cacheEntryRemoved(let key): cacheEntries.removeAll { $0.key == key }
    case .assignmentMade(let row):
      assignments.put(row) { $0.assignment == row.assignment }
      lastAssignment = max(lastAssignment, row.assignment.number)
    case .assignmentEnded(let assignment): assignments.removeAll { $0.assignment == assignment }
    case .stepCommitted(let row):
      commits.put(row) { $0.job == row.job && $0.phase == row.phase && $0.step == row.step }
    case .evaluationTotals(let row):
      evaluations.put(row) { $0.job == row.job && $0.phase == row.phase && $0.step == row.step }
    case .checkpointSaved(let row):
      checkpoints.put(row) { $0.job == row.job && $0.phase == row.phase && $0.step == row.step }
    case .checkpointPruned(let job, let phase, let step):
      checkpoints.removeAll { $0.job == job && $0.phase == phase && $0.step == step }
    case .event(let event): lastEventSequence = max(lastEventSequence, event.sequence)
    }
  }
}

extension Array {
  /// Replaces the row with the same key, or appends. Looks from the end, where the row nearly always is.
  fileprivate mutating func put(_ row: Element, where sameKey: (Element) -> Bool) {
    if let index = lastIndex(where: sameKey) { self[index] = row } else { append(row) }
  }
}
