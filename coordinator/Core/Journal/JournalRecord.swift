public import WireProtocol

/// One durable fact. Every record has a key (stated with each); writing a record again, or a later one with the same
/// key, replaces the row. So replaying a prefix twice changes nothing.
public enum JournalRecord: Equatable, Sendable {
  /// One row. Grows by one at every start of the coordinator.
  case boot(number: UInt32)
  /// Key: node.
  case workerKnown(WorkerKnownRecord)
  /// Key: job.
  case jobSubmitted(JobSubmittedRecord)
  /// Key: job.
  case jobState(JobStateRecord)
  /// Key: job, phase.
  case phaseStarted(PhaseStartedRecord)
  /// Key: job, phase.
  case phaseCompleted(PhaseCompletedRecord)
  /// Key: job, phase, shard.
  case shardCompleted(ShardCompletedRecord)
  /// Key: job, phase, shard. The latest one is what a shard goes on from.
  case shardCheckpoint(ShardCheckpointRecord)
  /// Key: cache key.
  case cacheEntry(CacheEntryRecord)
  /// Removes the row with this cache key.
  case cacheEntryRemoved(key: Digest)
  /// Key: assignment.
  case assignmentMade(AssignmentRecord)
  /// Removes the row of this assignment; the highest number ever given must survive it.
  case assignmentEnded(AssignmentID)
  /// Key: job, phase, step.
  case stepCommitted(StepCommitRecord)
  /// Key: job, phase, step.
  case evaluationTotals(EvaluationRecord)
  /// Key: job, phase, step.
  case checkpointSaved(CheckpointRecord)
  /// Removes the row of this checkpoint.
  case checkpointPruned(job: JobID, phase: UInt32, step: UInt64)
  /// Key: sequence.
  case event(JobEvents.Event)
}

/// A node's worker number, for good.
public struct WorkerKnownRecord: Equatable, Sendable {
  public var node: Token128
  public var worker: WorkerID
  public var name: String
  public init(node: Token128, worker: WorkerID, name: String) {
    self.node = node
    self.worker = worker
    self.name = name
  }
}

public struct JobSubmittedRecord: Equatable, Sendable {
  public var job: JobID
  /// The job it is a stage of, and the place of the phase and the stage there; 0 for none.
  public var parent: JobID
  public var parentPhase: UInt32
  public var stage: UInt32
  public var plan: JobPlan
  public var jobFile: String
  public var recipeDigest: Digest
  /// Zero for stages.
  public var submission: Token128
  public var unixMilliseconds: UInt64
  public init(
    job: JobID, parent: JobID, parentPhase: UInt32, stage: UInt32, plan: JobPlan, jobFile: String,
    recipeDigest: Digest, submission: Token128, unixMilliseconds: UInt64
  ) {
    self.job = job
    self.parent = parent
    self.parentPhase = parentPhase
    self.stage = stage
    self.plan = plan
    self.jobFile = jobFile
    self.recipeDigest = recipeDigest
    self.submission = submission
    self.unixMilliseconds = unixMilliseconds
  }
}

public struct JobStateRecord: Equatable, Sendable {
  public var job: JobID
  public var state: JobState
  /// The phase it is in; the number of phases when it is completed.
  public var phase: UInt32
  /// A pause was asked for and waits for the step's end and a checkpoint.
  public var pauseRequested: Bool
  public var reason: String
  public var unixMilliseconds: UInt64
  public init(
    job: JobID, state: JobState, phase: UInt32, pauseRequested: Bool, reason: String, unixMilliseconds: UInt64
  ) {
    self.job = job
    self.state = state
    self.phase = phase
    self.pauseRequested = pauseRequested
    self.reason = reason
    self.unixMilliseconds = unixMilliseconds
  }
}

public struct PhaseStartedRecord: Equatable, Sendable {
  public var job: JobID
  public var phase: UInt32
  /// Names the phase's gang on data connections, for as long as the phase lasts.
  public var runToken: Token128
  public init(job: JobID, phase: UInt32, runToken: Token128) {
    self.job = job
    self.phase = phase
    self.runToken = runToken
  }
}

public struct PhaseCompletedRecord: Equatable, Sendable {
  public var job: JobID
  public var phase: UInt32
  public var outputs: [NamedTree]
  /// JSON objects: one of a stepped phase, one a shard of a sharded one, none of a graph.
  public var results: [String]
  public var telemetry: JobTelemetry
  public init(job: JobID, phase: UInt32, outputs: [NamedTree], results: [String], telemetry: JobTelemetry) {
    self.job = job
    self.phase = phase
    self.outputs = outputs
    self.results = results
    self.telemetry = telemetry
  }
}

public struct ShardCompletedRecord: Equatable, Sendable {
  public var job: JobID
  public var phase: UInt32
  public var shard: UInt32
  public var outputs: [NamedTree]
  public var result: String
  public init(job: JobID, phase: UInt32, shard: UInt32, outputs: [NamedTree], result: String) {
    self.job = job
    self.phase = phase
    self.shard = shard
    self.outputs = outputs
    self.result = result
  }
}

/// What a shard that takes long has put into the store on its way.
public struct ShardCheckpointRecord: Equatable, Sendable {
  public var job: JobID
  public var phase: UInt32
  public var shard: UInt32
  public var step: UInt64
  public var chain: Digest
  public var tree: NamedTree
  public init(job: JobID, phase: UInt32, shard: UInt32, step: UInt64, chain: Digest, tree: NamedTree) {
    self.job = job
    self.phase = phase
    self.shard = shard
    self.step = step
    self.chain = chain
    self.tree = tree
  }
}

/// The outputs that every shard with this key has.
public struct CacheEntryRecord: Equatable, Sendable {
  public var key: Digest
  public var outputs: [NamedTree]
  public var result: String
  public init(key: Digest, outputs: [NamedTree], result: String) {
    self.key = key
    self.outputs = outputs
    self.result = result
  }
}

/// A runner that was asked for and is not known to have ended.
public struct AssignmentRecord: Equatable, Sendable {
  public var assignment: AssignmentID
  public var worker: WorkerID
  public var job: JobID
  public var phase: UInt32
  /// Nil for a member of a gang.
  public var shard: UInt32?
  /// The step of the checkpoint it was started from; nil for none.
  public var checkpointStep: UInt64?
  public init(
    assignment: AssignmentID, worker: WorkerID, job: JobID, phase: UInt32, shard: UInt32?, checkpointStep: UInt64?
  ) {
    self.assignment = assignment
    self.worker = worker
    self.job = job
    self.phase = phase
    self.shard = shard
    self.checkpointStep = checkpointStep
  }
}

public struct StepCommitRecord: Equatable, Sendable {
  public var job: JobID
  public var phase: UInt32
  public var step: UInt64
  public var attempt: UInt64
  /// The newest membership generation when the step was committed.
  public var generation: UInt64
  public var participants: [WorkerID]
  public var digest: Digest
  public var chain: Digest
  public var workUnits: UInt64
  public var metrics: [Metric]
  /// Totals up to this commit, of the reports that had come by then.
  public var telemetry: JobTelemetry
  public var unixMilliseconds: UInt64
  public init(
    job: JobID, phase: UInt32, step: UInt64, attempt: UInt64, generation: UInt64, participants: [WorkerID],
    digest: Digest, chain: Digest, workUnits: UInt64, metrics: [Metric], telemetry: JobTelemetry,
    unixMilliseconds: UInt64
  ) {
    self.job = job
    self.phase = phase
    self.step = step
    self.attempt = attempt
    self.generation = generation
    self.participants = participants
    self.digest = digest
    self.chain = chain
    self.workUnits = workUnits
    self.metrics = metrics
    self.telemetry = telemetry
    self.unixMilliseconds = unixMilliseconds
  }
}

public struct EvaluationRecord: Equatable, Sendable {
  public var job: JobID
  public var phase: UInt32
  public var step: UInt64
  public var totals: [MeasureTotal]
  public init(job: JobID, phase: UInt32, step: UInt64, totals: [MeasureTotal]) {
    self.job = job
    self.phase = phase
    self.step = step
    self.totals = totals
  }
}

public struct CheckpointRecord: Equatable, Sendable {
  public var job: JobID
  public var phase: UInt32
  public var step: UInt64
  public var chain: Digest
  public var tree: NamedTree
  public var unixMilliseconds: UInt64
  public init(job: JobID, phase: UInt32, step: UInt64, chain: Digest, tree: NamedTree, unixMilliseconds: UInt64) {
    self.job = job
    self.phase = phase
    self.step = step
    self.chain = chain
    self.tree = tree
    self.unixMilliseconds = unixMilliseconds
  }
}
