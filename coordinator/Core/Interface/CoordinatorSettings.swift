public import WireProtocol

/// What the coordinator's core is told once, when it starts. All durations are on the monotonic clock, and all are
/// settings so that tests run at a tenth.
public struct CoordinatorSettings: Sendable {
  /// Names this cluster; WELCOME carries it.
  public var cluster: Token128

  // MARK: Membership

  public var heartbeatInterval: Duration = .seconds(1)
  /// Silence after which a worker is suspect. A closed connection makes it suspect at once.
  public var suspicionDuration: Duration = .seconds(3)
  /// Silence after which a worker's runners count as dead.
  public var leaseDuration: Duration = .seconds(10)
  /// Told to workers: silence after which they fence their runners. Shorter than the lease, so that a fenced runner
  /// has stopped before anyone takes its place.
  public var fenceDuration: Duration = .seconds(8)

  // MARK: Steps

  /// How long a gang waits for members that have not said their state once one has.
  public var gatherDuration: Duration = .seconds(5)
  /// How often an unanswered message is sent again.
  public var retransmissionInterval: Duration = .seconds(2)
  /// A runner that owes an answer and is silent for this plus five times the median step is evicted.
  public var runnerSilence: Duration = .seconds(10)
  /// The same while no step's time is known: loading a model takes what it takes.
  public var firstAnswerSilence: Duration = .seconds(120)
  /// How long reports of unreachable peers are collected before one runner is left out.
  public var unreachableDecisionDelay: Duration = .seconds(2)
  /// Exits of a runner without progress before the job fails.
  public var exitLimit: Int = 3
  /// The wait before a runner that exited is started again; times the number of its exits in a row.
  public var restartDelay: Duration = .seconds(1)

  // MARK: Given from outside

  /// Seeds the run tokens. Random in a daemon, fixed in a simulator.
  public var seed: UInt64
  /// `chain(t)` from `chain(t − 1)` and `digest(t)`: SHA-256 over their 64 bytes. Given from outside because the core
  /// imports no cryptography.
  public var chainDigest: @Sendable (_ previous: Digest, _ digest: Digest) -> Digest

  public init(
    cluster: Token128, seed: UInt64, chainDigest: @escaping @Sendable (_ previous: Digest, _ digest: Digest) -> Digest
  ) {
    self.cluster = cluster
    self.seed = seed
    self.chainDigest = chainDigest
  }
}

/// When an event happened: on this host's monotonic clock, which decides, and on the wall clock, which is only shown.
public struct Moment: Hashable, Sendable {
  public var monotonic: MonotonicTime
  public var unixMilliseconds: UInt64
  public init(monotonic: MonotonicTime, unixMilliseconds: UInt64) {
    self.monotonic = monotonic
    self.unixMilliseconds = unixMilliseconds
  }
}
