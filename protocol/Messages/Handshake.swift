/// Who is speaking on a connection.
public enum Role: UInt8, Sendable, CaseIterable {
  case client = 1
  case worker = 2
  /// A worker's second connection to the coordinator, for artifacts; also a client's.
  case bulk = 3
  /// A job runner speaking to its worker over the socketpair.
  case runner = 4
  /// A job runner speaking to another job runner.
  case peer = 5
}

/// A job type that a node can run.
public struct PluginVersion: Hashable, Sendable {
  public let name: String
  public let version: UInt32
  public init(name: String, version: UInt32) {
    self.name = name
    self.version = version
  }
}

/// What a worker is, for `status` and for scheduling.
public struct WorkerDescription: Hashable, Sendable {
  public var name: String
  /// The address peers reach its runners at, without a port.
  public var advertisedHost: String
  public var isa: String
  public var threads: UInt32
  public var memoryBytes: UInt64
  public var processID: UInt32
  public init(
    name: String, advertisedHost: String, isa: String, threads: UInt32, memoryBytes: UInt64, processID: UInt32
  ) {
    self.name = name
    self.advertisedHost = advertisedHost
    self.isa = isa
    self.threads = threads
    self.memoryBytes = memoryBytes
    self.processID = processID
  }
}

/// The first frame on every connection, from whoever opened it.
public struct Hello: Equatable, Sendable {
  public var wireVersionLow: UInt8
  public var wireVersionHigh: UInt8
  public var role: Role
  public var features: UInt64
  /// Zero when the speaker does not know its cluster yet.
  public var cluster: Token128
  /// Names the host's worker across restarts; zero for clients.
  public var node: Token128
  /// Names this process.
  public var boot: Token128
  public var build: String
  public var numericsVersion: UInt32
  public var plugins: [PluginVersion]
  /// For workers only.
  public var worker: WorkerDescription?
  /// For peers: the run's token from PLAN. For bulk connections of a worker: zero.
  public var runToken: Token128
  /// For peers: the assignment that speaks.
  public var assignment: AssignmentID
  /// For workers: what the host lacks for some work, one sentence for `status`; empty when it lacks nothing.
  public var shortcomings = ""

  public init(
    wireVersionLow: UInt8, wireVersionHigh: UInt8, role: Role, features: UInt64 = 0, cluster: Token128 = .zero,
    node: Token128 = .zero, boot: Token128, build: String, numericsVersion: UInt32, plugins: [PluginVersion] = [],
    worker: WorkerDescription? = nil, runToken: Token128 = .zero, assignment: AssignmentID = AssignmentID(0)
  ) {
    self.wireVersionLow = wireVersionLow
    self.wireVersionHigh = wireVersionHigh
    self.role = role
    self.features = features
    self.cluster = cluster
    self.node = node
    self.boot = boot
    self.build = build
    self.numericsVersion = numericsVersion
    self.plugins = plugins
    self.worker = worker
    self.runToken = runToken
    self.assignment = assignment
  }
}

/// The answer that admits a speaker.
public struct Welcome: Equatable, Sendable {
  public var wireVersion: UInt8
  public var cluster: Token128
  /// Zero for anyone but workers.
  public var worker: WorkerID
  /// The worker's membership; frames of an older generation are refused from now on.
  public var generation: UInt64
  public var heartbeatMilliseconds: UInt32
  public var suspicionMilliseconds: UInt32
  public var leaseMilliseconds: UInt32
  public var fenceMilliseconds: UInt32

  public init(
    wireVersion: UInt8, cluster: Token128, worker: WorkerID, generation: UInt64, heartbeatMilliseconds: UInt32,
    suspicionMilliseconds: UInt32, leaseMilliseconds: UInt32, fenceMilliseconds: UInt32
  ) {
    self.wireVersion = wireVersion
    self.cluster = cluster
    self.worker = worker
    self.generation = generation
    self.heartbeatMilliseconds = heartbeatMilliseconds
    self.suspicionMilliseconds = suspicionMilliseconds
    self.leaseMilliseconds = leaseMilliseconds
    self.fenceMilliseconds = fenceMilliseconds
  }
}

/// The answer that turns a speaker away; the connection closes after it.
public struct Refusal: Equatable, Sendable {
  public enum Reason: UInt16, Sendable, CaseIterable {
    case wireVersion = 1
    case numericsVersion = 2
    case wrongCluster = 3
    case role = 4
    case runToken = 5
    case draining = 6
    case malformed = 7
  }
  public var reason: Reason
  /// A sentence for a person; names both sides' versions where versions differ.
  public var sentence: String
  public init(reason: Reason, sentence: String) {
    self.reason = reason
    self.sentence = sentence
  }
}

/// Said before a connection is closed on purpose.
public struct Goodbye: Equatable, Sendable {
  public var sentence: String
  public init(sentence: String) { self.sentence = sentence }
}

/// The receiver of a bulk connection lets the sender send this many more body bytes.
public struct Credit: Equatable, Sendable {
  public var byteCount: UInt32
  public init(byteCount: UInt32) { self.byteCount = byteCount }
}
