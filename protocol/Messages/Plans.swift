/// What a job type's plugin makes of a job file: all that the coordinator needs to know of a job. Everything that only
/// the plugin understands travels in `payload`s.
public struct JobPlan: Equatable, Sendable {
  public var jobType: String
  public var pluginVersion: UInt32
  public var name: String
  /// Run in order; a later phase may use the outputs of earlier ones.
  public var phases: [PhasePlan]
  /// The output trees that a finished job has, for references from later stages: `model`, `checkpoint`.
  public var outputs: [String]
  /// Sentences for the submitter (what the plan assumed, what it will cost).
  public var notes: [String]
  public init(
    jobType: String, pluginVersion: UInt32, name: String, phases: [PhasePlan], outputs: [String], notes: [String] = []
  ) {
    self.jobType = jobType
    self.pluginVersion = pluginVersion
    self.name = name
    self.phases = phases
    self.outputs = outputs
    self.notes = notes
  }
}

/// One phase of a job.
public struct PhasePlan: Equatable, Sendable {
  public enum Work: Equatable, Sendable {
    /// Independent shards with leases and retries.
    case sharded([ShardPlan])
    /// A gang of workers, one commit a step.
    case stepped(SteppedPlan)
    /// Other jobs, in order; the shape of a pipeline.
    case graph([StagePlan])
  }
  public var name: String
  public var work: Work
  public init(name: String, work: Work) {
    self.name = name
    self.work = work
  }
}

/// Where an input of a runner comes from.
public enum InputReference: Hashable, Sendable {
  /// Files that the submitter has uploaded.
  case files(NamedTree)
  /// All output trees of an earlier phase of the same job, under their own names.
  case phase(UInt32)
  /// An output tree of an earlier stage of the pipeline, under the name `name`.
  case stage(name: String, stage: String, output: String)
  /// One output tree of an earlier phase of the same job, for a shard that needs not all of them.
  case output(phase: UInt32, name: String)
}

/// One shard of a sharded phase.
public struct ShardPlan: Equatable, Sendable {
  public var name: String
  public var payload: [UInt8]
  public var inputs: [InputReference]
  /// When two shards have the same key, and get the same files from other stages, their outputs are the same files; the
  /// coordinator runs one of them, once. A key need not cover what other stages hand over.
  public var cacheKey: Digest?
  /// Compute threads it takes: a worker runs as many such shards at once as its threads allow. 0 takes a worker whole.
  public var threads: UInt32
  /// What it must hold in memory; 0 when that is not known.
  public var memoryBytes: UInt64
  public init(
    name: String, payload: [UInt8], inputs: [InputReference], cacheKey: Digest? = nil, threads: UInt32 = 0,
    memoryBytes: UInt64 = 0
  ) {
    self.name = name
    self.payload = payload
    self.inputs = inputs
    self.cacheKey = cacheKey
    self.threads = threads
    self.memoryBytes = memoryBytes
  }

  /// Shards of one worker share it.
  public var hasShare: Bool { threads > 0 || memoryBytes > 0 }
}

/// A stepped phase.
public struct SteppedPlan: Equatable, Sendable {
  public var payload: [UInt8]
  public var inputs: [InputReference]
  public var stepCount: UInt64
  public var sliceCount: UInt32
  /// Names of what evaluations measure; `RowMeasure.measure` counts them. One whose name begins with a dot is kept with
  /// the evaluation and not shown in a status.
  public var measures: [String]
  public var evaluationRowCount: UInt32
  /// Steps between evaluations; 0 for none but those at the start and the end.
  public var evaluationInterval: UInt64
  /// Steps between checkpoints; 0 for none but the one at the end.
  public var checkpointInterval: UInt64
  public var checkpointsKept: UInt32
  /// What one worker must hold.
  public var stateBytes: UInt64
  /// The unit of `Prepared.workUnits`: `tok`.
  public var workUnit: String
  public init(
    payload: [UInt8], inputs: [InputReference], stepCount: UInt64, sliceCount: UInt32, measures: [String],
    evaluationRowCount: UInt32, evaluationInterval: UInt64, checkpointInterval: UInt64, checkpointsKept: UInt32,
    stateBytes: UInt64, workUnit: String
  ) {
    self.payload = payload
    self.inputs = inputs
    self.stepCount = stepCount
    self.sliceCount = sliceCount
    self.measures = measures
    self.evaluationRowCount = evaluationRowCount
    self.evaluationInterval = evaluationInterval
    self.checkpointInterval = checkpointInterval
    self.checkpointsKept = checkpointsKept
    self.stateBytes = stateBytes
    self.workUnit = workUnit
  }
}

/// One stage of a graph.
public struct StagePlan: Equatable, Sendable {
  public var name: String
  /// Names of stages that must be COMPLETED first.
  public var needs: [String]
  public var plan: JobPlan
  public init(name: String, needs: [String], plan: JobPlan) {
    self.name = name
    self.needs = needs
    self.plan = plan
  }
}
