public import WireProtocol

/// A kind of job: what turns a job file into a plan and does the plan's work inside runners.
///
/// The coordinator and the workers know jobs only as plans (`JobPlan`) and assignments; a job type's name reaches them
/// as a word they pass on. `plan` runs where the job is submitted, the rest in runners.
public protocol JobType: Sendable {
  /// The word after `job:` in a job file.
  var name: String { get }
  var version: UInt32 { get }

  /// Numbers that a finished job hands to later stages of a pipeline, as `${stage.NAME}`: it writes them into the
  /// output tree `StageValue.tree`, and names that tree among its plan's outputs.
  var values: [StageValue] { get }

  /// Of these, the ones that a job written so will find.
  func values(of specification: SpecMapping) -> [StageValue]

  /// What this host lacks for some of the work, in short sentences that `status` shows before any job needs it.
  var hostShortcomings: [String] { get }

  /// Checks the whole job file and makes the plan. Throws `SpecError` for what the user can mend.
  func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan

  /// Does one shard of a sharded phase, on the runner's compute thread.
  func runShard(_ context: ShardContext) throws -> ShardResult

  /// Makes a member of a stepped phase's gang: loads inputs and, when there is one, the checkpoint.
  func makeMember(_ context: MemberContext) throws -> any SteppedMember
}

extension JobType {
  public var values: [StageValue] { [] }
  public func values(of specification: SpecMapping) -> [StageValue] { values }
  public var hostShortcomings: [String] { [] }
}

/// What `JobType.plan` may ask of the submitter's machine.
public protocol PlanningContext {
  /// An input file or directory, hashed and made ready for upload; or, for `${stage.output}`, a reference to an earlier
  /// stage's output. `name` is the tree's name in the runner. A missing or unreadable path is a `SpecError` at `value`.
  func input(named name: String, path value: SpecScalar, kind: PlannedInput.Kind) throws -> PlannedInput

  /// A number that an earlier stage will have found, for `${stage.value}` in place of a number of kind `kind`. A
  /// stage or value that is not there, or a value of another kind, is a `SpecError` at `reference`.
  func value(_ reference: SpecScalar, kind: StageValue.Kind) throws -> PlannedValue

  /// Another YAML file of the submitter's machine, which may say `!function NAME`: what it says, every value with its
  /// line. A relative path starts where those of inputs do; positions name the file by its absolute path. A missing or
  /// unreadable file is a `SpecError` at `path`.
  func document(at path: SpecScalar) throws -> SpecMapping

  /// The same for a text that is part of the program; errors call it `name`.
  func document(text: String, name: String) throws -> SpecMapping

  /// Plans another job in this one's place in a pipeline. `stages` are the earlier stages that references may name.
  func planStage(
    _ specification: SpecMapping, stages: [EarlierStage]
  ) throws -> (plan: JobPlan, resolved: ResolvedSpec, values: [StageValue])

  /// The job file with every default filled in, as `SpecReader.read` returned it: it becomes `job.yaml`, and with the
  /// inputs' contents the recipe's digest. Every `plan` calls it once.
  func resolved(_ specification: ResolvedSpec)
}

/// An input as the planner sees it.
public struct PlannedInput: Sendable {
  public enum Kind: Sendable {
    case file
    case directory
    /// Whichever of both is there.
    case fileOrDirectory
  }
  public let reference: InputReference
  /// Where it lies on the submitter's machine; nil for the output of an earlier stage.
  public let localPath: String?
  public init(reference: InputReference, localPath: String?) {
    self.reference = reference
    self.localPath = localPath
  }
}

/// What a shard has to work with.
public struct ShardContext {
  public let phaseName: String
  public let shardIndex: Int
  public let shardCount: Int
  public let payload: [UInt8]
  /// Absolute directories of the inputs, by tree name.
  public let inputs: [String: String]
  /// An empty directory for temporary and output files.
  public let scratchDirectory: String
  public let threads: Int
  /// What an earlier runner of this shard saved last, and its step; nil begins from the inputs.
  public let checkpoint: ShardCheckpoint?
  /// Tells the coordinator where the work is: an activity and a fraction between 0 and 1. Cheap; call it often.
  public let progress: (String, Double) -> Void
  /// Puts a checkpoint into the coordinator's store, for a shard that takes long.
  public let saving: any ShardSaving
  public init(
    phaseName: String, shardIndex: Int, shardCount: Int, payload: [UInt8], inputs: [String: String],
    scratchDirectory: String, threads: Int, checkpoint: ShardCheckpoint? = nil,
    saving: any ShardSaving = NoShardSaving(), progress: @escaping (String, Double) -> Void
  ) {
    self.phaseName = phaseName
    self.shardIndex = shardIndex
    self.shardCount = shardCount
    self.payload = payload
    self.inputs = inputs
    self.scratchDirectory = scratchDirectory
    self.threads = threads
    self.checkpoint = checkpoint
    self.saving = saving
    self.progress = progress
  }
}

/// A directory that a shard can go on from.
public struct ShardCheckpoint: Sendable {
  public let directory: String
  /// Whatever the job type counts; it only grows.
  public let step: UInt64
  public let chain: Digest
  public init(directory: String, step: UInt64, chain: Digest = .zero) {
    self.directory = directory
    self.step = step
    self.chain = chain
  }
}

/// A shard's way to be durable before it is done. Called on the compute thread.
public protocol ShardSaving: Sendable {
  /// Somebody waits for a checkpoint, to pause the job: `save` at the next boundary.
  var isWanted: Bool { get }
  /// Returns when the coordinator's store has the directory; throws when it could not be put there.
  func save(_ checkpoint: ShardCheckpoint) throws
  /// Named values beside the progress, for the live table: the latest only.
  func show(_ values: [Metric])
}

/// For shards that are over before it is worth it.
public struct NoShardSaving: ShardSaving {
  public init() {}
  public var isWanted: Bool { false }
  public func save(_ checkpoint: ShardCheckpoint) throws {}
  public func show(_ values: [Metric]) {}
}

/// Files written below the scratch directory that become an output tree.
public struct OutputTree: Sendable {
  public let name: String
  /// Absolute; every file below it is part of the tree.
  public let directory: String
  public init(name: String, directory: String) {
    self.name = name
    self.directory = directory
  }
}

/// What a shard or a finished stepped phase leaves behind.
public struct ShardResult: Sendable {
  public let outputs: [OutputTree]
  /// A JSON object whose members join the job's `result.json`.
  public let result: String
  public init(outputs: [OutputTree], result: String = "{}") {
    self.outputs = outputs
    self.result = result
  }
}

/// What a member of a gang has to work with.
public struct MemberContext {
  public let payload: [UInt8]
  public let inputs: [String: String]
  /// The directory of the checkpoint to start from, and its step.
  public let checkpoint: (directory: String, step: UInt64)?
  public let scratchDirectory: String
  public let threads: Int
  public let progress: (String, Double) -> Void
  public init(
    payload: [UInt8], inputs: [String: String], checkpoint: (directory: String, step: UInt64)?,
    scratchDirectory: String, threads: Int, progress: @escaping (String, Double) -> Void
  ) {
    self.payload = payload
    self.inputs = inputs
    self.checkpoint = checkpoint
    self.scratchDirectory = scratchDirectory
    self.threads = threads
    self.progress = progress
  }
}
