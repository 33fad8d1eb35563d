public import WireProtocol

/// What is to be done at a worker, in this order.
public enum WorkerEffect<RelayedFrame: Sendable>: Sendable {
  /// Open a control connection and say HELLO; answered by `.welcomed`, `.refused` or `.disconnected`.
  case connect(LinkID)
  case close(LinkID, reason: String)
  /// Every frame on the link carries the generation that WELCOME gave, in its header.
  case send(WorkerWord, LinkID, generation: UInt64)
  /// Pass the frame on with the assignment as its stream and this generation.
  case relayToCoordinator(RelayedFrame, LinkID, AssignmentID, generation: UInt64)
  case relayToRunner(RelayedFrame, AssignmentID)
  /// Bring these trees below a fresh directory: `inputs/<tree>/<path>`, `checkpoint/<path>`, `scratch/`.
  case fetchInputs(AssignmentID, inputs: [NamedTree], checkpoint: NamedTree?)
  case cancelFetch(AssignmentID)
  case startRunner(AssignmentID, Assign)
  case sendToRunner(RunnerWord, AssignmentID)
  /// Kill the process group.
  case killRunner(AssignmentID)
  /// Hash these files and put them into the coordinator's store.
  case upload(AssignmentID, request: UInt64, [Publish.Item])
  /// The assignment is over: stop its uploads and remove its directory.
  case discardDirectory(AssignmentID)
  /// Send `.timerFired` at this time; replaces an earlier wake.
  case wake(at: MonotonicTime)
  /// The coordinator does not want this worker, and trying again would not help.
  case stop(Refusal)
  case log(String)
}

/// From the worker itself to the coordinator.
public enum WorkerWord: Equatable, Sendable {
  case inventory(Inventory)
  case heartbeat(Heartbeat)
  case runnerExited(RunnerExited)
}

/// From the worker itself to a runner.
public enum RunnerWord: Equatable, Sendable {
  case begin(Begin)
  case fence(Fence)
  case unfence(Unfence)
  case published(Published)
  case leave(Leave)
}
