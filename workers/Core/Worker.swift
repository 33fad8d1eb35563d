public import WireProtocol

/// A worker's decisions, without I/O, clock or randomness: events in, effects out.
public struct Worker<RelayedFrame: Sendable>: Sendable {
  let settings: WorkerSettings

  public init(settings: WorkerSettings) {
    self.settings = settings
  }

  public mutating func handle(
    _ event: WorkerEvent<RelayedFrame>, now: MonotonicTime
  ) -> [WorkerEffect<RelayedFrame>] {
    []
  }
}
