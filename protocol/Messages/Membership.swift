/// Worker → coordinator, once a heartbeat period, from the worker's control loop.
public struct Heartbeat: Equatable, Sendable {
  public var sequence: UInt64
  /// Of the worker and its runners together.
  public var residentBytes: UInt64
  public init(sequence: UInt64, residentBytes: UInt64) {
    self.sequence = sequence
    self.residentBytes = residentBytes
  }
}

/// Coordinator → worker.
public struct HeartbeatAcknowledged: Equatable, Sendable {
  public var sequence: UInt64
  public init(sequence: UInt64) { self.sequence = sequence }
}

/// Worker → coordinator, the first message after WELCOME: the runners that live here, from before a reconnection.
public struct Inventory: Equatable, Sendable {
  public struct Runner: Hashable, Sendable {
    public let assignment: AssignmentID
    public let job: JobID
    public init(assignment: AssignmentID, job: JobID) {
      self.assignment = assignment
      self.job = job
    }
  }
  public var runners: [Runner]
  public init(runners: [Runner]) { self.runners = runners }
}
