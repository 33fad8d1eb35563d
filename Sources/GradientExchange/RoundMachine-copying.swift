import WireProtocol

/// COPY_STATE, on both sides.
extension RoundMachine {
  mutating func copyStateReceived(_ request: CopyState) {
    let holders = request.holders.filter { $0.assignment != assignment }
    switch standing {
    case .applying:
      return sendState()  // The coordinator knows better once it hears of the step that is being applied.
    case .ready where step == request.step && chain == request.chain:
      return atBoundary(.hash(HashState(step: step)))
    case .copying(var copy) where copy.step == request.step && copy.chain == request.chain:
      copy.replaceHolders(holders)
      standing = .copying(copy)
    case .ready, .copying:
      guard !holders.isEmpty else { return sendState() }
      stopComputing()
      clearRound()
      deferred = []
      hashing = [:]
      lastHashed = nil
      standing = .copying(
        StateCopy(step: request.step, chain: request.chain, holders: holders, chunkCount: chunkCount - 1))
      emit(.releaseRounds(before: Round(step: request.step + 1)))
    }
    for holder in holders where !connected.contains(holder.assignment) { emit(.connect(holder)) }
    requestStateChunks()
  }

  mutating func requestStateChunks() {
    guard !isFenced, case .copying(var copy) = standing else { return }
    for (chunk, holder) in copy.ask(connected: connected) {
      emit(.requestStateChunk(StateRequest(step: copy.step, chunk: chunk), from: holder))
    }
    standing = .copying(copy)
  }

  mutating func stateChunkReceived(
    step receivedStep: UInt64, chunk: UInt32, part: StateChunk.Part, from peer: AssignmentID
  ) {
    guard case .copying(var copy) = standing, copy.step == receivedStep,
      copy.take(chunk: chunk, part: part, from: peer)
    else { return }
    standing = .copying(copy)
    emit(.writeStateChunk(step: receivedStep, chunk: chunk, part: part))
    if copy.isWhole { emit(.finishCopy(step: copy.step)) } else { requestStateChunks() }
  }

  mutating func stateRequested(_ request: StateRequest, from peer: AssignmentID) {
    guard Int(request.chunk) < chunkCount - 1 else {
      return emit(.reset(peer, reason: "chunk \(request.chunk) of a state of \(chunkCount - 1)"))
    }
    atBoundary(.serve(request, to: peer))
  }
}
