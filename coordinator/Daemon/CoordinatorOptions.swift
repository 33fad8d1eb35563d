internal import CoordinatorCore
public import Transport

/// What a coordinator is told when it starts.
public struct CoordinatorOptions: Sendable {
  public var listen: Endpoint
  /// Journal and artifacts; made when missing.
  public var stateDirectory: String
  public var build: String
  public var numericsVersion: UInt32
  /// Allows to listen where others than this host can connect, although nothing tells friend from foe yet.
  public var insecureNetwork = false
  /// SIGTERM and SIGINT stop the daemon in order. Off inside `admix run`, which has its own meaning for them.
  public var handlesSignals = false
  public var timings = CoordinatorTimings()
  /// Gets the coordinator's own log, line by line, on its control thread: it must not block.
  public var log: @Sendable (String) -> Void = { _ in }

  public init(listen: Endpoint, stateDirectory: String, build: String, numericsVersion: UInt32) {
    self.listen = listen
    self.stateDirectory = stateDirectory
    self.build = build
    self.numericsVersion = numericsVersion
  }
}

/// The durations of membership and steps; `CoordinatorSettings` says what each is for. All are settings, so that tests
/// run at a tenth.
public struct CoordinatorTimings: Sendable {
  public var heartbeatInterval: Duration = .seconds(1)
  public var suspicionDuration: Duration = .seconds(3)
  public var leaseDuration: Duration = .seconds(10)
  public var fenceDuration: Duration = .seconds(8)
  public var gatherDuration: Duration = .seconds(5)
  public var retransmissionInterval: Duration = .seconds(2)
  public var runnerSilence: Duration = .seconds(10)
  public var firstAnswerSilence: Duration = .seconds(120)
  public var unreachableDecisionDelay: Duration = .seconds(2)
  public var restartDelay: Duration = .seconds(1)
  public init() {}

  /// All of them times `factor`, but for what a runner's start and load take: that is the machine's, not a setting's.
  public func scaled(by factor: Double) -> CoordinatorTimings {
    var timings = self
    timings.heartbeatInterval = heartbeatInterval * factor
    timings.suspicionDuration = suspicionDuration * factor
    timings.leaseDuration = leaseDuration * factor
    timings.fenceDuration = fenceDuration * factor
    timings.gatherDuration = gatherDuration * factor
    timings.retransmissionInterval = retransmissionInterval * factor
    timings.unreachableDecisionDelay = unreachableDecisionDelay * factor
    timings.restartDelay = restartDelay * factor
    return timings
  }

  func apply(to settings: inout CoordinatorSettings) {
    settings.heartbeatInterval = heartbeatInterval
    settings.suspicionDuration = suspicionDuration
    settings.leaseDuration = leaseDuration
    settings.fenceDuration = fenceDuration
    settings.gatherDuration = gatherDuration
    settings.retransmissionInterval = retransmissionInterval
    settings.runnerSilence = runnerSilence
    settings.firstAnswerSilence = firstAnswerSilence
    settings.unreachableDecisionDelay = unreachableDecisionDelay
    settings.restartDelay = restartDelay
  }
}
