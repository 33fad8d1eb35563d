public import WireProtocol

/// One attempt to reach the coordinator and the connection that came of it; never used again after it ended.
public struct LinkID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let number: UInt64
  public init(_ number: UInt64) { self.number = number }
  public static func < (a: LinkID, b: LinkID) -> Bool { a.number < b.number }
  public var description: String { "link \(number)" }
}

/// What has happened at a worker. `RelayedFrame` is what travels between coordinator and runner, unread.
public enum WorkerEvent<RelayedFrame: Sendable>: Sendable {
  /// The daemon is up; the core begins to connect.
  case started
  // The link.
  case welcomed(LinkID, Welcome)
  case refused(LinkID, Refusal)
  /// The attempt failed or the connection ended, whoever ended it.
  case disconnected(LinkID, reason: String)
  case coordinatorSaid(LinkID, CoordinatorWord)
  /// A frame whose stream is an assignment.
  case frameForRunner(LinkID, AssignmentID, RelayedFrame)
  // Inputs and outputs.
  /// All inputs (and the checkpoint) of the assignment lie in this directory.
  case inputsFetched(AssignmentID, directory: String)
  case fetchFailed(AssignmentID, reason: String)
  case uploaded(AssignmentID, request: UInt64, [FileReference])
  case uploadFailed(AssignmentID, request: UInt64, reason: String)
  // Runners.
  /// The runner said HELLO on its socket.
  case runnerReady(AssignmentID)
  case runnerPublished(AssignmentID, Publish)
  /// Any other frame from the runner.
  case frameFromRunner(AssignmentID, RelayedFrame)
  /// The process is gone, or could not be started (status −1).
  case runnerExited(AssignmentID, status: Int64, signal: UInt32, lastLines: String)
  /// Resident bytes of the worker and its runners, measured now and then.
  case residentBytesMeasured(UInt64)
  /// The time of the last `.wake` effect has come (early or late does no harm).
  case timerFired
}

/// From the coordinator to the worker itself.
public enum CoordinatorWord: Equatable, Sendable {
  case heartbeatAcknowledged(HeartbeatAcknowledged)
  case assign(Assign)
  case revoke(Revoke)
}
