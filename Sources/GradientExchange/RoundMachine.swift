public import WireProtocol

/// The rounds of one runner: what it computes, keeps, sends and applies, step after step.
///
/// Without network, threads, clock or payload bytes: events in, effects out, keys for values. The job runner binds it
/// to connections and threads; the cluster simulator binds the same type to its own.
///
/// Why nothing is lost. What a runner owes a peer is a function of what it holds and of the plan: its own nodes of the
/// chunks the peer owns, the roots of the chunks it owns itself, and, for a chunk whose root it already has from an
/// earlier owner, that root instead of nodes. Whatever was sent on a connection is forgotten with the connection and
/// owed again to the next one. So deaths, new owners, reconnections and fences need no case of their own: each ends in
/// `flush`. Receivers drop what they have.
///
/// Why nothing is added twice. A reduction holds disjoint nodes of one tree; a node inside one already held is dropped,
/// and siblings are joined only into their parent. Both hold whichever attempt brought the node.
public struct RoundMachine: Sendable {
  let assignment: AssignmentID
  let dataAddress: String
  /// Gradient chunks and, after them, the one of the statistics.
  let chunkCount: Int

  /// The last step applied to the state here, and the chain digest there.
  public internal(set) var step: UInt64
  public internal(set) var chain: Digest
  var standing = Standing.ready

  /// The plan of `step + 1` in force; nil until it comes.
  public internal(set) var plan: Plan?
  /// A plan that waits for the commit before it.
  var nextPlan: Plan?
  var round: Round
  var chunks: [ChunkReduction] = []
  var rootsMissing = 0
  /// Subtrees to be computed and not wholly so, in order.
  var wanted: [SliceRange] = []
  /// Chunks that are computed, of each subtree that was ever wanted in this round.
  var computedChunks: [SliceRange: Int] = [:]
  var outcome = Outcome.none

  var connected: Set<AssignmentID> = []
  /// What went to each connected peer, on its present connection, in this round.
  var sent: [AssignmentID: Set<NodeKey>] = [:]
  var early: EarlyFrames
  public internal(set) var isFenced = false

  var deferred: [BoundaryRequest] = []
  /// The chain digests of states that are being hashed, by step: an answer may come after the next step was applied.
  var hashing: [UInt64: Digest] = [:]
  /// For HASH_STATE that comes again, maybe when the state has moved on.
  var lastHashed: StateHashed?

  var effects: [RoundEffect] = []

  /// Where the state of this runner stands.
  enum Standing: Equatable, Sendable {
    /// It is the state after `step`.
    case ready
    /// `step + 1` is committed with this digest and is being applied.
    case applying(Digest)
    /// It is being overwritten with a peer's; it is no step's until that is done.
    case copying(StateCopy)
  }

  /// What is known of the result of the round.
  enum Outcome: Equatable, Sendable {
    case none
    case assessing
    case assessed(Digest, Assessment)
  }

  /// - Parameters:
  ///   - gradientChunkCount: Chunks of the state and the gradient, without the one for statistics.
  ///   - dataAddress: What RUNNER_STATE says.
  ///   - earlyFrameLimit: Frames of a round that has not begun here that are kept at most. Beyond it frames are
  ///     dropped, and the connection they came on is made anew when their round begins, which brings them again.
  public init(
    assignment: AssignmentID, dataAddress: String, gradientChunkCount: Int, step: UInt64, chain: Digest,
    earlyFrameLimit: Int = 4096
  ) {
    self.assignment = assignment
    self.dataAddress = dataAddress
    chunkCount = gradientChunkCount + 1
    self.step = step
    self.chain = chain
    round = Round(step: step + 1)
    early = EarlyFrames(limit: earlyFrameLimit)
  }

  /// Takes one event and returns what it asks for, in order.
  public mutating func handle(_ event: RoundEvent) -> [RoundEffect] {
    switch event {
    case .planReceived(let plan): planReceived(plan)
    case .commitReceived(let commit): commitReceived(commit)
    case .reportRequested: sendState()
    case .copyStateReceived(let copy): copyStateReceived(copy)
    case .hashStateReceived(let request): atBoundary(.hash(request))
    case .evaluateReceived(let request): atBoundary(.evaluate(request))
    case .saveCheckpointReceived(let request): atBoundary(.saveCheckpoint(request))
    case .finishReceived(let request): atBoundary(.finish(request))
    case .fenced: isFenced = true
    case .unfenced: unfenced()
    case .nodeComputed(let key): nodeComputed(key)
    case .combined(let key): combined(key)
    case .assessed(let round, let digest, let assessment): assessed(round, digest, assessment)
    case .applied(let step): applied(step)
    case .stateHashed(let step, let digest): stateHashed(step, digest)
    case .peerConnected(let peer): peerConnected(peer)
    case .peerDisconnected(let peer): peerDisconnected(peer)
    case .peerUnreachable(let peer, let address, let reason):
      tell(.sendPeerUnreachable(PeerUnreachable(peer: peer, address: address, reason: reason)))
    case .nodeReceived(let key, let peer), .rootReceived(let key, let peer): frameReceived(key, from: peer)
    case .stateRequested(let request, let peer): stateRequested(request, from: peer)
    case .stateChunkReceived(let step, let chunk, let part, let peer):
      stateChunkReceived(step: step, chunk: chunk, part: part, from: peer)
    }
    defer { effects = [] }
    return effects
  }

  mutating func emit(_ effect: RoundEffect) { effects.append(effect) }

  /// For the coordinator's ears: nothing is said while fenced, it asks again afterwards.
  mutating func tell(_ effect: RoundEffect) {
    if !isFenced { emit(effect) }
  }

  /// Forgets the round (not the plans) and stands ready to plan `step + 1`.
  mutating func clearRound() {
    plan = nil
    round = Round(step: step + 1)
    chunks = []
    rootsMissing = 0
    wanted = []
    computedChunks = [:]
    outcome = .none
    for peer in connected { sent[peer] = [] }
  }
}
