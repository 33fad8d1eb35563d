/// What the worker's core is told once, when it starts. What concerns leases comes with WELCOME.
public struct WorkerSettings: Sendable {
  /// The waits between attempts to connect double from the first to the longest; each is drawn between half and the
  /// whole of it, so that a cluster does not knock at a restarted coordinator in one beat.
  public var firstReconnectDelay: Duration = .milliseconds(100)
  public var longestReconnectDelay: Duration = .seconds(5)
  /// How long an attempt to connect may take, WELCOME included.
  public var connectTimeout: Duration = .seconds(5)
  /// Frames kept for a runner that has not said HELLO yet. The coordinator repeats what is not answered.
  public var framesKeptForStartingRunner: Int = 64
  public var threads: UInt32
  public var advertisedHost: String
  public var dataPortLow: UInt16 = 0
  public var dataPortHigh: UInt16 = 0
  /// Seeds the jitter. Random in a daemon, fixed in a simulator.
  public var seed: UInt64

  public init(threads: UInt32, advertisedHost: String, seed: UInt64) {
    self.threads = threads
    self.advertisedHost = advertisedHost
    self.seed = seed
  }
}
