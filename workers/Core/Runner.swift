import WireProtocol

/// One assignment on this worker, from ASSIGN to the end of its process.
struct Runner<RelayedFrame: Sendable>: Sendable {
  enum Stage: Sendable {
    case fetching
    /// The process was started and has not said HELLO.
    case starting(directory: String)
    /// It has BEGIN and takes frames.
    case ready
  }
  let assign: Assign
  var stage = Stage.fetching
  /// It was told to go; when this time comes it is killed.
  var killAt: MonotonicTime?
  /// REVOKE came; nothing it says is passed on, and it gets no frames.
  var isRevoked = false
  /// For a runner that has not said HELLO.
  var waitingFrames: [RelayedFrame] = []
  var isKilled = false

  var id: AssignmentID { assign.assignment }
  var isReady: Bool { if case .ready = stage { true } else { false } }
}
