import WireProtocol

/// What a phase asks the coordinator to do. A phase knows runners by their assignments only; connections, leases and
/// job states are the coordinator's.
enum PhaseAction: Sendable {
  /// Lost when the runner's worker is not connected; whoever needs an answer sends again.
  case send(CoordinatorMessage, AssignmentID)
  case record(JournalRecord)
  /// The runner is asked to leave; the phase has forgotten it.
  case release(AssignmentID)
  /// The runner is killed; the phase has forgotten it. A barred worker gets no more of this job until it reconnects or
  /// the job is resumed.
  case evict(AssignmentID, reason: String, barWorker: Bool)
  /// For the job's events.
  case note(String)
  /// Nothing refers to this tree any more on the phase's behalf.
  case discard(NamedTree)
  /// The job is PAUSED. Members that were not released stay and keep their state.
  case pause(reason: String)
  case fail(reason: String)
  case complete(outputs: [NamedTree], results: [String])
}
