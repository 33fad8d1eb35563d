// Requests of a client and their answers; an answer carries the request's correlation id.

/// Which of these blobs must be uploaded? Answered by MISSING.
public struct FindMissing: Equatable, Sendable {
  public var digests: [Digest]
  public init(digests: [Digest]) { self.digests = digests }
}

/// The blobs the store does not have.
public struct Missing: Equatable, Sendable {
  public var digests: [Digest]
  public init(digests: [Digest]) { self.digests = digests }
}

/// Run this job. All its blobs are in the store. Answered by SUBMITTED.
public struct Submit: Equatable, Sendable {
  public var plan: JobPlan
  /// The job file with every default filled in, as YAML.
  public var jobFile: String
  /// Of the resolved recipe: equal when a job would compute the same thing.
  public var recipeDigest: Digest
  /// Makes a repeated SUBMIT the same job.
  public var submission: Token128
  public init(plan: JobPlan, jobFile: String, recipeDigest: Digest, submission: Token128) {
    self.plan = plan
    self.jobFile = jobFile
    self.recipeDigest = recipeDigest
    self.submission = submission
  }
}

public struct Submitted: Equatable, Sendable {
  public var job: JobID
  public init(job: JobID) { self.job = job }
}

/// The request cannot be met.
public struct RequestFailed: Equatable, Sendable {
  public enum Reason: UInt16, Sendable, CaseIterable {
    case malformed = 1
    case notFound = 2
    case refused = 3
    case wrongState = 4
    case storage = 5
  }
  public var reason: Reason
  public var sentence: String
  public init(reason: Reason, sentence: String) {
    self.reason = reason
    self.sentence = sentence
  }
}

/// Answered by ACKNOWLEDGED once the journal has it.
public struct ControlJob: Equatable, Sendable {
  public enum Action: UInt8, Sendable, CaseIterable {
    case cancel = 1
    case pause = 2
    case resume = 3
    case retry = 4
  }
  public var job: JobID
  public var action: Action
  public init(job: JobID, action: Action) {
    self.job = job
    self.action = action
  }
}

public struct Acknowledged: Equatable, Sendable {
  public init() {}
}

/// Answered by CLUSTER_STATUS.
public struct QueryStatus: Equatable, Sendable {
  public init() {}
}

/// Slurm's words.
public enum JobState: UInt8, Sendable, CaseIterable {
  case pending = 1
  case running = 2
  case paused = 3
  case completed = 4
  case failed = 5
  case cancelled = 6

  public var word: String {
    switch self {
    case .pending: "PENDING"
    case .running: "RUNNING"
    case .paused: "PAUSED"
    case .completed: "COMPLETED"
    case .failed: "FAILED"
    case .cancelled: "CANCELLED"
    }
  }

  /// Whether nothing more happens unless a person acts.
  public var isFinal: Bool { self == .completed || self == .failed || self == .cancelled }
}

public struct WorkerStatus: Equatable, Sendable {
  public enum State: UInt8, Sendable, CaseIterable {
    case idle = 1
    case busy = 2
    case suspect = 3
    case lost = 4
  }
  public var id: WorkerID
  public var name: String
  public var address: String
  public var state: State
  public var isa: String
  public var threads: UInt32
  public var workUnitsPerSecond: Double
  public var residentBytes: UInt64
  /// What it does or waits for; never empty.
  public var reason: String
  public init(
    id: WorkerID, name: String, address: String, state: State, isa: String, threads: UInt32,
    workUnitsPerSecond: Double, residentBytes: UInt64, reason: String
  ) {
    self.id = id
    self.name = name
    self.address = address
    self.state = state
    self.isa = isa
    self.threads = threads
    self.workUnitsPerSecond = workUnitsPerSecond
    self.residentBytes = residentBytes
    self.reason = reason
  }
}

public struct JobStatus: Equatable, Sendable {
  public var id: JobID
  /// The pipeline it is a stage of; 0 for none.
  public var parent: JobID
  public var name: String
  public var kind: String
  public var state: JobState
  public var phase: String
  /// Of the stepped phase; shards of a sharded one.
  public var step: UInt64
  public var steps: UInt64
  /// The latest evaluation, by measure name.
  public var losses: [Metric]
  public var workUnitsPerSecond: Double
  /// Negative when not known.
  public var etaSeconds: Double
  /// Negative when there is no checkpoint.
  public var checkpointAgeSeconds: Double
  /// Why it waits, or why it ended; empty while it runs well.
  public var reason: String
  public init(
    id: JobID, parent: JobID, name: String, kind: String, state: JobState, phase: String, step: UInt64, steps: UInt64,
    losses: [Metric], workUnitsPerSecond: Double, etaSeconds: Double, checkpointAgeSeconds: Double, reason: String
  ) {
    self.id = id
    self.parent = parent
    self.name = name
    self.kind = kind
    self.state = state
    self.phase = phase
    self.step = step
    self.steps = steps
    self.losses = losses
    self.workUnitsPerSecond = workUnitsPerSecond
    self.etaSeconds = etaSeconds
    self.checkpointAgeSeconds = checkpointAgeSeconds
    self.reason = reason
  }
}

public struct ClusterStatus: Equatable, Sendable {
  public var workUnitsPerSecond: Double
  /// The share of step time in which compute waited for the exchange, over the last steps.
  public var waitShare: Double
  public var workers: [WorkerStatus]
  public var jobs: [JobStatus]
  public init(workUnitsPerSecond: Double, waitShare: Double, workers: [WorkerStatus], jobs: [JobStatus]) {
    self.workUnitsPerSecond = workUnitsPerSecond
    self.waitShare = waitShare
    self.workers = workers
    self.jobs = jobs
  }
}

/// Answered by JOB_DETAIL.
public struct QueryJob: Equatable, Sendable {
  public var job: JobID
  public init(job: JobID) { self.job = job }
}

/// Totals of the telemetry of all runners over the committed steps.
public struct JobTelemetry: Equatable, Sendable {
  public var rawBytes: UInt64 = 0
  public var sentBytes: UInt64 = 0
  public var waitSeconds: Double = 0
  public var stepSeconds: Double = 0
  public var slicesComputed: UInt64 = 0
  public var workUnits: UInt64 = 0
  public var peakResidentBytes: UInt64 = 0
  /// Attempts beyond the first, over all steps.
  public var extraAttempts: UInt64 = 0
  /// Times a runner started from a durable checkpoint.
  public var checkpointsRead: UInt64 = 0
  public init() {}
}

public struct JobDetail: Equatable, Sendable {
  public var status: JobStatus
  public var jobFile: String
  public var recipeDigest: Digest
  public var measures: [String]
  public var evaluations: [Finish.Evaluation]
  public var telemetry: JobTelemetry
  public var checkpoints: [SavedCheckpoint]
  public var outputs: [NamedTree]
  /// The JSON objects that the phases completed with, in order.
  public var results: [String]
  public var children: [JobID]
  /// Of the sharded phase that it is in: the shards in their order, at most `shardsListed` of them.
  public var shards: [ShardStatus]
  public static let shardsListed = 512
  public struct SavedCheckpoint: Equatable, Sendable {
    public var step: UInt64
    public var tree: NamedTree
    public init(step: UInt64, tree: NamedTree) {
      self.step = step
      self.tree = tree
    }
  }
  public init(
    status: JobStatus, jobFile: String, recipeDigest: Digest, measures: [String], evaluations: [Finish.Evaluation],
    telemetry: JobTelemetry, checkpoints: [SavedCheckpoint], outputs: [NamedTree], results: [String],
    children: [JobID], shards: [ShardStatus] = []
  ) {
    self.status = status
    self.jobFile = jobFile
    self.recipeDigest = recipeDigest
    self.measures = measures
    self.evaluations = evaluations
    self.telemetry = telemetry
    self.checkpoints = checkpoints
    self.outputs = outputs
    self.results = results
    self.children = children
    self.shards = shards
  }
}

/// One shard of a sharded phase, as people see it.
public struct ShardStatus: Equatable, Sendable {
  public enum State: UInt8, Sendable {
    case waiting = 1
    case running = 2
    case completed = 3
  }
  public var name: String
  public var state: State
  /// Where it runs; empty when it does not.
  public var worker: String
  public var activity: String
  /// Between 0 and 1; negative when it does not apply.
  public var fraction: Double
  /// What the runner said last of its progress.
  public var values: [Metric]
  public init(
    name: String, state: State, worker: String, activity: String, fraction: Double, values: [Metric]
  ) {
    self.name = name
    self.state = state
    self.worker = worker
    self.activity = activity
    self.fraction = fraction
    self.values = values
  }
}

/// Answered by METRIC_ROWS: committed steps after `afterStep`, oldest first, at most `limit`.
public struct QueryMetrics: Equatable, Sendable {
  public var job: JobID
  public var afterStep: UInt64
  public var limit: UInt32
  public init(job: JobID, afterStep: UInt64, limit: UInt32) {
    self.job = job
    self.afterStep = afterStep
    self.limit = limit
  }
}

public struct MetricRows: Equatable, Sendable {
  public struct Row: Equatable, Sendable {
    public var step: UInt64
    public var unixMilliseconds: UInt64
    public var metrics: [Metric]
    public init(step: UInt64, unixMilliseconds: UInt64, metrics: [Metric]) {
      self.step = step
      self.unixMilliseconds = unixMilliseconds
      self.metrics = metrics
    }
  }
  public var rows: [Row]
  public init(rows: [Row]) { self.rows = rows }
}

/// Answered by JOB_EVENTS: events of the job (and of the cluster for job 0) after `afterSequence`, at most `limit`.
public struct QueryEvents: Equatable, Sendable {
  public var job: JobID
  public var afterSequence: UInt64
  public var limit: UInt32
  public init(job: JobID, afterSequence: UInt64, limit: UInt32) {
    self.job = job
    self.afterSequence = afterSequence
    self.limit = limit
  }
}

public struct JobEvents: Equatable, Sendable {
  public struct Event: Equatable, Sendable {
    public var sequence: UInt64
    public var unixMilliseconds: UInt64
    public var job: JobID
    public var text: String
    public init(sequence: UInt64, unixMilliseconds: UInt64, job: JobID, text: String) {
      self.sequence = sequence
      self.unixMilliseconds = unixMilliseconds
      self.job = job
      self.text = text
    }
  }
  public var events: [Event]
  public init(events: [Event]) { self.events = events }
}
