public import WireProtocol

/// A connection to the coordinator; never used again after it closed.
public struct ConnectionID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let number: UInt64
  public init(_ number: UInt64) { self.number = number }
  public static func < (a: ConnectionID, b: ConnectionID) -> Bool { a.number < b.number }
  public var description: String { "connection \(number)" }
}

/// What has happened.
public enum CoordinatorEvent: Sendable {
  /// A worker's HELLO was accepted (versions and roles are the handshake's business). The core answers with WELCOME.
  /// `address` is where the connection comes from, for people.
  case workerConnected(ConnectionID, Hello, address: String, wireVersion: UInt8)
  /// A worker's connection ended, whoever ended it. Clients' connections need no event.
  case workerDisconnected(ConnectionID)
  /// The same, after the worker said GOODBYE: its process ends, and its runners with it.
  case workerLeft(ConnectionID)
  /// `generation` is the frame header's.
  case workerSaid(ConnectionID, generation: UInt64, WorkerMessage)
  /// A frame whose stream is an assignment.
  case runnerSaid(ConnectionID, generation: UInt64, AssignmentID, RunnerMessage)
  /// SUBMIT comes only after the daemon has found all its blobs in the store.
  case clientAsked(ConnectionID, correlation: UInt64, ClientRequest)
  /// The time of the last `.wake` effect has come (early or late does no harm).
  case timerFired
  /// The store does not have this blob, or not whole.
  case artifactMissing(Digest)
}

/// From a worker, about itself.
public enum WorkerMessage: Equatable, Sendable {
  case inventory(Inventory)
  case heartbeat(Heartbeat)
  case runnerExited(RunnerExited)
}

/// From a runner, relayed by its worker.
public enum RunnerMessage: Equatable, Sendable {
  case runnerState(RunnerState)
  case prepared(Prepared)
  case stepAborted(StepAborted)
  case applied(Applied)
  case evaluated(Evaluated)
  case stateHashed(StateHashed)
  case checkpointSaved(CheckpointSaved)
  case peerUnreachable(PeerUnreachable)
  case completed(Completed)
  case failed(Failed)
  case progress(Progress)
  case logLine(LogLine)
}

/// From a client. FIND_MISSING is the daemon's own.
public enum ClientRequest: Equatable, Sendable {
  case submit(Submit)
  case controlJob(ControlJob)
  case queryStatus(QueryStatus)
  case queryJob(QueryJob)
  case queryMetrics(QueryMetrics)
  case queryEvents(QueryEvents)
}
