import WireProtocol

/// What is owed to peers, and sent.
extension RoundMachine {
  /// Chunk `c` belongs to rank `(c + rotation) % participants`.
  func owner(of chunk: Int) -> AssignmentID {
    guard let plan, !plan.participants.isEmpty else { return assignment }
    let rank = (UInt64(chunk) + UInt64(plan.rotation)) % UInt64(plan.participants.count)
    return plan.participants[Int(rank)].assignment
  }

  func isParticipant(_ peer: AssignmentID) -> Bool {
    plan?.participants.contains { $0.assignment == peer } ?? false
  }

  /// Sends once a connection. What cannot go now is owed still, and goes with a later `flush`.
  mutating func send(_ effect: RoundEffect, _ key: NodeKey, to peer: AssignmentID) {
    guard peer != assignment, !isFenced, connected.contains(peer), isParticipant(peer) else { return }
    if sent[peer, default: []].insert(key).inserted { emit(effect) }
  }

  /// Everything that is owed to `peer` and was not sent on its present connection.
  mutating func flush(to peer: AssignmentID) {
    guard plan != nil, isParticipant(assignment), !isFenced, connected.contains(peer) else { return }
    for chunk in chunks.indices {
      oweRoot(chunk: chunk, to: peer)
      guard chunks[chunk].root == nil, owner(of: chunk) == peer else { continue }
      for range in chunks[chunk].ownMaximal {
        let key = key(chunk, range)
        send(.sendNode(key, to: peer), key, to: peer)
      }
    }
  }

  /// A root goes from the chunk's owner to everyone, and from whoever has it (from an earlier owner, say) to an owner
  /// that may lack it.
  mutating func oweRoot(chunk: Int, to peer: AssignmentID) {
    guard let root = chunks[chunk].root, isParticipant(assignment) else { return }
    let owner = owner(of: chunk)
    guard owner == assignment || (owner == peer && chunks[chunk].rootSender != peer) else { return }
    send(.sendRoot(root, to: peer), root, to: peer)
  }

  mutating func flushToAll() {
    for participant in plan?.participants ?? [] where participant.assignment != assignment {
      flush(to: participant.assignment)
    }
  }

  mutating func connectToParticipants() {
    for participant in plan?.participants ?? []
    where participant.assignment != assignment && !connected.contains(participant.assignment) {
      emit(.connect(participant))
    }
  }

  mutating func peerConnected(_ peer: AssignmentID) {
    connected.insert(peer)
    sent[peer] = []
    flush(to: peer)
    if case .copying(var copy) = standing {
      copy.giveBack(from: peer)
      standing = .copying(copy)
      requestStateChunks()
    }
  }

  mutating func peerDisconnected(_ peer: AssignmentID) {
    connected.remove(peer)
    sent[peer] = nil
    deferred.removeAll { $0.isRequest(of: peer) }
    if case .copying(var copy) = standing {
      copy.giveBack(from: peer)
      standing = .copying(copy)
      if let holder = copy.holders.first(where: { $0.assignment == peer }) { return emit(.connect(holder)) }
      requestStateChunks()
    } else if isParticipant(assignment), let participant = plan?.participants.first(where: { $0.assignment == peer }) {
      emit(.connect(participant))
    }
  }

  mutating func unfenced() {
    isFenced = false
    flushToAll()
    requestStateChunks()
  }
}
