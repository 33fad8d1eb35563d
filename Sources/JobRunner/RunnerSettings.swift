/// What the process that starts a runner may set; the defaults are the product's.
public struct RunnerSettings: Sendable {
  /// How long a peer may stay unreachable before the coordinator hears of it.
  public var peerPatience: Duration
  /// Between two attempts to reach a peer.
  public var redialInterval: Duration
  /// At least so much time lies between two PROGRESS messages.
  public var progressInterval: Duration
  /// True for a process of its own: it dies with its parent and minds signals. False for runners inside tests.
  public var ownsProcess: Bool
  /// Says HELLO as this build.
  public var build: String

  public init(
    peerPatience: Duration = .seconds(5), redialInterval: Duration = .milliseconds(200),
    progressInterval: Duration = .seconds(1), ownsProcess: Bool = true, build: String = "admix"
  ) {
    self.peerPatience = peerPatience
    self.redialInterval = redialInterval
    self.progressInterval = progressInterval
    self.ownsProcess = ownsProcess
    self.build = build
  }
}
