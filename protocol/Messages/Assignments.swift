/// Coordinator → worker → runner: what a runner is to do. The worker fetches `inputs` (and `checkpoint`) into its cache
/// before it starts the runner.
public struct Assign: Equatable, Sendable {
  public enum Work: Equatable, Sendable {
    /// One shard of a sharded phase, with that many of the worker's threads; 0 is all of them.
    case shard(index: UInt32, of: UInt32, threads: UInt32 = 0)
    /// Membership of the gang of a stepped phase.
    case member
  }
  public var assignment: AssignmentID
  public var job: JobID
  public var jobType: String
  /// The phase's place in the job's plan, and its name.
  public var phase: UInt32
  public var phaseName: String
  public var work: Work
  /// What the plugin's plan wrote for this phase; opaque to everyone else.
  public var payload: [UInt8]
  /// Files of the submitter and outputs of earlier phases and stages.
  public var inputs: [NamedTree]
  /// The durable checkpoint to start from; nil starts from `inputs`.
  public var checkpoint: NamedTree?
  /// The step that `checkpoint` holds (of a stepped phase a committed one) and the chain digest there; 0 and the
  /// initial chain without one.
  public var checkpointStep: UInt64
  public var checkpointChain: Digest
  /// Names the gang on data connections.
  public var runToken: Token128

  public init(
    assignment: AssignmentID, job: JobID, jobType: String, phase: UInt32, phaseName: String, work: Work,
    payload: [UInt8], inputs: [NamedTree], checkpoint: NamedTree?, checkpointStep: UInt64, checkpointChain: Digest,
    runToken: Token128
  ) {
    self.assignment = assignment
    self.job = job
    self.jobType = jobType
    self.phase = phase
    self.phaseName = phaseName
    self.work = work
    self.payload = payload
    self.inputs = inputs
    self.checkpoint = checkpoint
    self.checkpointStep = checkpointStep
    self.checkpointChain = checkpointChain
    self.runToken = runToken
  }
}

/// Coordinator → worker: the assignment is over. `kill` ends the runner's process group at once; otherwise the runner
/// is asked to leave (it gets LEAVE) and is killed if it has not gone within the lease.
public struct Revoke: Equatable, Sendable {
  public var assignment: AssignmentID
  public var kill: Bool
  public init(assignment: AssignmentID, kill: Bool) {
    self.assignment = assignment
    self.kill = kill
  }
}

/// Worker → coordinator: a runner is gone, or could not be started.
public struct RunnerExited: Equatable, Sendable {
  public var assignment: AssignmentID
  /// The exit status; −1 when it never started.
  public var status: Int64
  /// The signal that ended it; 0 for none.
  public var signal: UInt32
  /// The last lines of its standard error, or why it could not be started.
  public var lastLines: String
  public init(assignment: AssignmentID, status: Int64, signal: UInt32, lastLines: String) {
    self.assignment = assignment
    self.status = status
    self.signal = signal
    self.lastLines = lastLines
  }
}

/// Worker → runner: the supervisor has heard nothing from the coordinator for the fence duration. The runner sends and
/// applies nothing until UNFENCE, and keeps everything.
public struct Fence: Equatable, Sendable {
  public init() {}
}

/// Worker → runner: the worker is a member again, under this generation.
public struct Unfence: Equatable, Sendable {
  public var generation: UInt64
  public init(generation: UInt64) { self.generation = generation }
}

/// Worker → runner, right after HELLO: where its inputs lie. Files are links into the worker's cache.
public struct Begin: Equatable, Sendable {
  public var assign: Assign
  /// Holds `inputs/<tree>/<path>` and `checkpoint/<path>`; the runner's scratch is `scratch/` in it.
  public var directory: String
  public var threads: UInt32
  public var advertisedHost: String
  /// The inclusive range of ports for the data listener; 0…0 lets the system choose.
  public var dataPortLow: UInt16
  public var dataPortHigh: UInt16
  public init(
    assign: Assign, directory: String, threads: UInt32, advertisedHost: String, dataPortLow: UInt16,
    dataPortHigh: UInt16
  ) {
    self.assign = assign
    self.directory = directory
    self.threads = threads
    self.advertisedHost = advertisedHost
    self.dataPortLow = dataPortLow
    self.dataPortHigh = dataPortHigh
  }
}

/// Runner → worker: put these files of mine where the coordinator can have them. Paths are absolute; the worker hashes
/// and uploads them and deletes nothing.
public struct Publish: Equatable, Sendable {
  public struct Item: Hashable, Sendable {
    public let absolutePath: String
    /// The path in the tree it will be part of.
    public let path: String
    public init(absolutePath: String, path: String) {
      self.absolutePath = absolutePath
      self.path = path
    }
  }
  /// Chosen by the runner; PUBLISHED answers with it.
  public var request: UInt64
  public var items: [Item]
  public init(request: UInt64, items: [Item]) {
    self.request = request
    self.items = items
  }
}

/// Worker → runner: all items of a PUBLISH are in the coordinator's store; or `failure` says why not.
public struct Published: Equatable, Sendable {
  public var request: UInt64
  public var files: [FileReference]
  public var failure: String?
  public init(request: UInt64, files: [FileReference], failure: String?) {
    self.request = request
    self.files = files
    self.failure = failure
  }
}

/// Runner → coordinator: the shard, or the whole stepped phase, is done.
public struct Completed: Equatable, Sendable {
  public var outputs: [NamedTree]
  /// A JSON object; the members of all phases make the job's `result.json`.
  public var result: String
  public init(outputs: [NamedTree], result: String) {
    self.outputs = outputs
    self.result = result
  }
}

/// Runner → coordinator: the work cannot be done, and trying again would not help.
public struct Failed: Equatable, Sendable {
  public var message: String
  public init(message: String) { self.message = message }
}

/// Runner → coordinator, the latest value only, at least a second apart; not journaled.
public struct Progress: Equatable, Sendable {
  /// What the runner does now (`loading`, `computing`, `exchange`, …).
  public var activity: String
  /// Between 0 and 1 within the shard; negative when it does not apply.
  public var fraction: Double
  public var values: [Metric]
  public init(activity: String, fraction: Double, values: [Metric]) {
    self.activity = activity
    self.fraction = fraction
    self.values = values
  }
}

/// Runner → coordinator: a line for the job's log.
public struct LogLine: Equatable, Sendable {
  public var text: String
  public init(text: String) { self.text = text }
}
