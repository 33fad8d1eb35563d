public import WireProtocol

/// What a worker is told when it starts.
public struct WorkerOptions: Sendable {
  /// The program that becomes a runner: it finds its end of the socketpair as descriptor `runnerDescriptor`.
  public struct RunnerCommand: Sendable {
    public var executable: String
    public var arguments: [String]
    public init(executable: String, arguments: [String]) {
      self.executable = executable
      self.arguments = arguments
    }
  }
  /// The number under which a runner has its socket.
  public static let runnerDescriptor: Int32 = 3

  /// `HOST:PORT` or `unix:PATH`.
  public var coordinator: String
  public var name: String
  public var runner: RunnerCommand
  /// Node token, artifacts and run directories; made when missing, held by one worker at a time.
  public var cacheDirectory: String
  public var build: String
  public var numericsVersion: UInt32
  public var isa: String
  public var plugins: [PluginVersion] = []
  /// What this host lacks for some of its plugins' work, for `status`; empty when it lacks nothing.
  public var shortcomings = ""
  public var threads: UInt32
  /// Where peers reach this host's runners; nil takes the local address of the control connection.
  public var advertisedHost: String?
  /// Ports for the runners' data listeners; nil lets the system choose.
  public var dataPorts: ClosedRange<UInt16>?
  /// The coordinator's directory of artifacts when it is on this host: they are used where they lie, not fetched.
  public var coordinatorStore: String?
  /// Artifacts beyond this are evicted, the longest unused first, but for what an assignment uses.
  public var cacheByteCountMax: UInt64 = 64 << 30
  /// Lets runners honour ADMIX_FAILPOINT; without it they never see the variable.
  public var failpoints = false
  /// Leaves run directories of ended runners where they are, for someone who looks for a fault.
  public var keepsRunDirectories = false
  /// Ends when the process that started it ends.
  public var exitsWithParent = false
  /// Adopts what its runners' descendants leave behind, and ends it. Only for a process that is nothing but a worker:
  /// every child it did not start as a runner counts as left behind.
  public var adoptsOrphans = false
  /// What its runners may use together, as the coordinator is told.
  public var memoryBytes: UInt64 = ProcessMemory.hostBytes()
  /// SIGTERM and SIGINT stop the worker in order.
  public var handlesSignals = false
  /// How long a transfer that makes no headway is tried again: the time a coordinator may need to come back.
  public var transferPatience: Duration = .seconds(120)
  /// Gets the worker's own log, line by line, on its control thread: it must not block.
  public var log: @Sendable (String) -> Void = { _ in }

  public init(
    coordinator: String, name: String, runner: RunnerCommand, cacheDirectory: String, build: String,
    numericsVersion: UInt32, isa: String, threads: UInt32
  ) {
    self.coordinator = coordinator
    self.name = name
    self.runner = runner
    self.cacheDirectory = cacheDirectory
    self.build = build
    self.numericsVersion = numericsVersion
    self.isa = isa
    self.threads = threads
  }
}
