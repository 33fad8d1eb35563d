public import WireProtocol

/// What a `RoundMachine` wants done. Effects of one answer, and of successive answers, are carried out in order as far
/// as one place is concerned: what is sent to one peer, what the compute thread does, what the store does (a `.release`
/// never overtakes an earlier `.combine`, `.sendNode`, `.sendRoot` or `.assess` of the same key).
public enum RoundEffect: Equatable, Sendable {
  // MARK: Compute thread
  /// Compute these subtrees, in this order, each slice by slice, and say `.nodeComputed` for every chunk of each
  /// (statistics included) as soon as it is final. Replaces what an earlier `.compute` asked for; a subtree that is
  /// being computed goes on if it is in the new list, and is dropped otherwise. The answer's round is this one.
  case compute(Round, sliceCount: UInt32, subtrees: [SliceRange])
  /// Nothing that `.compute` asked for is wanted any more.
  case stopComputing
  /// All roots are there, one per chunk in chunk order (statistics last): hash them and assess the step.
  case assess(Round, roots: [NodeKey])
  /// Apply the step that was assessed last.
  case apply(step: UInt64)
  /// Hash the state after `step` and say `.stateHashed`.
  case hashState(step: UInt64)
  case evaluate(Evaluate)
  case saveCheckpoint(step: UInt64, chain: Digest)
  case finish(Finish, chain: Digest)
  /// The payload that came with this `.stateChunkReceived` belongs into the state.
  case writeStateChunk(step: UInt64, chunk: UInt32, part: StateChunk.Part)
  /// All chunks were written: tell the plugin, hash the state, say `.stateHashed`.
  case finishCopy(step: UInt64)

  // MARK: Payload store
  /// Keep the payload that came with the event under this key.
  case retain(NodeKey)
  /// Forget the payload of this key.
  case release(NodeKey)
  /// Forget all payloads of rounds before this one.
  case releaseRounds(before: Round)
  /// `into = round(left + right)`; answer `.combined(into)`. The value is retained under `into`.
  case combine(left: NodeKey, right: NodeKey, into: NodeKey)

  // MARK: Peers
  /// A connection to this peer is wanted; keep trying until it stands, and say `.peerUnreachable` after the time
  /// allowed. Asked again for a peer that is connected, it does nothing.
  case connect(Participant)
  /// Close the connection to this peer and make a new one, because frames of it were lost here or were not allowed.
  case reset(AssignmentID, reason: String)
  case sendNode(NodeKey, to: AssignmentID)
  /// The payload of `key` as a ROOT frame.
  case sendRoot(NodeKey, to: AssignmentID)
  case requestStateChunk(StateRequest, from: AssignmentID)
  /// All parts of this chunk of the state, as it is when the compute thread gets here.
  case sendStateChunk(StateRequest, to: AssignmentID)

  // MARK: Coordinator
  case sendPrepared(Prepared)
  case sendAborted(StepAborted)
  /// The rest of APPLIED is telemetry that the machine does not know.
  case sendApplied(step: UInt64, chain: Digest)
  case sendState(RunnerState)
  case sendStateHashed(StateHashed)
  case sendPeerUnreachable(PeerUnreachable)
}
