public import WireProtocol

/// What has happened to one runner, for its `RoundMachine`.
public enum RoundEvent: Equatable, Sendable {
  // MARK: From the coordinator
  case planReceived(Plan)
  case commitReceived(Commit)
  case reportRequested
  case copyStateReceived(CopyState)
  case hashStateReceived(HashState)
  case evaluateReceived(Evaluate)
  case saveCheckpointReceived(SaveCheckpoint)
  case finishReceived(Finish)

  // MARK: From the worker
  case fenced
  case unfenced

  // MARK: From this runner's own threads, answering effects
  /// One chunk of a subtree that `.compute` asked for is final and rounded.
  case nodeComputed(NodeKey)
  /// Answers `.combine`: the parent's value is there.
  case combined(NodeKey)
  /// Answers `.assess`.
  case assessed(Round, digest: Digest, assessment: Assessment)
  /// Answers `.apply`.
  case applied(step: UInt64)
  /// Answers `.hashState`, and `.finishCopy`.
  case stateHashed(step: UInt64, digest: Digest)

  // MARK: From peers
  /// A connection to the peer stands (a new one, when one stood before); nothing of an older one will come any more.
  case peerConnected(AssignmentID)
  case peerDisconnected(AssignmentID)
  /// The peer could not be reached for the time allowed.
  case peerUnreachable(AssignmentID, address: String, reason: String)
  /// A NODE frame. The payload is wanted only when the answer has `.retain` for the same key.
  case nodeReceived(NodeKey, from: AssignmentID)
  /// A ROOT frame; the key's range is `NodeKey.received`. The payload is wanted only if `.retain` says so.
  case rootReceived(NodeKey, from: AssignmentID)
  case stateRequested(StateRequest, from: AssignmentID)
  /// One part of one chunk. The payload is wanted only when the answer is `.writeStateChunk`.
  case stateChunkReceived(step: UInt64, chunk: UInt32, part: StateChunk.Part, from: AssignmentID)
}

/// What the plugin made of a step's reduced values.
public enum Assessment: Hashable, Sendable {
  case usable(workUnits: UInt64, metrics: [Metric])
  /// A loss or norm that is not finite.
  case nonFinite(reason: String)
}
