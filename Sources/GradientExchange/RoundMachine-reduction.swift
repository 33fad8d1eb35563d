import WireProtocol

/// Nodes become parents and roots.
extension RoundMachine {
  mutating func nodeComputed(_ key: NodeKey) {
    guard let plan, key.round == round else { return }  // The late word of a round that was thrown away.
    let chunk = Int(key.chunk)
    precondition(chunk < chunkCount && CanonicalTree.isNode(key.range, sliceCount: plan.sliceCount), "\(key)")
    guard !chunks[chunk].own.contains(key.range) else { return }
    let isInsideOwn = chunks[chunk].own.contains { $0.contains(key.range) }
    chunks[chunk].own.append(key.range)
    let computed = (computedChunks[key.range] ?? 0) + 1
    computedChunks[key.range] = computed
    if computed == chunkCount { wanted.removeAll { $0 == key.range } }
    guard !isInsideOwn, chunks[chunk].root == nil else { return }
    emit(.retain(key))
    hold(key, from: nil)
    let owner = owner(of: chunk)
    if chunks[chunk].root == nil { send(.sendNode(key, to: owner), key, to: owner) }
  }

  mutating func combined(_ key: NodeKey) {
    guard plan != nil, key.round == round else { return emit(.release(key)) }
    let chunk = Int(key.chunk)
    chunks[chunk].combining.removeAll { $0 == key.range }
    if let root = chunks[chunk].root {
      if root != key { emit(.release(key)) }
    } else if chunks[chunk].holdsNode(containing: key.range) {
      if !chunks[chunk].held.contains(key.range) { emit(.release(key)) }
    } else {
      hold(key, from: nil)
    }
  }

  mutating func frameReceived(_ key: NodeKey, from peer: AssignmentID) {
    guard Int(key.chunk) < chunkCount else {
      return emit(.reset(peer, reason: "\(key): there are \(chunkCount) chunks"))
    }
    let base = stateStep
    guard key.round >= (plan == nil ? Round(step: base + 1) : round) else { return }
    if plan != nil, key.round == round { return take(key, from: peer) }
    if key.round.step <= base + 2, early.insert(key, from: peer) {
      emit(.retain(key))
    } else if !early.contains(key) {
      early.markLost(peer, round: key.round)
    }
  }

  /// A frame of the round in force. `retained`: its payload was kept when the frame came early.
  mutating func take(_ key: NodeKey, from peer: AssignmentID, retained: Bool = false) {
    guard let plan else { return }
    let chunk = Int(key.chunk)
    if key.range != NodeKey.received, !CanonicalTree.isNode(key.range, sliceCount: plan.sliceCount) {
      if retained { emit(.release(key)) }
      return emit(.reset(peer, reason: "\(key): no node over \(plan.sliceCount) slices"))
    }
    let isKnown = key.range != NodeKey.received && chunks[chunk].holdsNode(containing: key.range)
    guard chunks[chunk].root == nil, !isKnown else {
      if retained, chunks[chunk].root != key, !isHeld(key) { emit(.release(key)) }
      return
    }
    if !retained { emit(.retain(key)) }
    hold(key, from: peer)
  }

  /// Takes a node (or root) whose payload is retained and that no held node contains.
  private mutating func hold(_ key: NodeKey, from peer: AssignmentID?) {
    guard let plan else { return }
    let chunk = Int(key.chunk)
    guard chunks[chunk].root == nil else { return }
    if key.range == NodeKey.received || key.range == SliceRange(0, plan.sliceCount) {
      return rootFound(key, from: peer)
    }
    guard !chunks[chunk].holdsNode(containing: key.range) else { return }
    for inner in chunks[chunk].held where key.range.contains(inner) { forget(inner, chunk: chunk) }
    chunks[chunk].held.removeAll { key.range.contains($0) }
    chunks[chunk].held.append(key.range)
    combineIfPossible(key.range, chunk: chunk)
  }

  /// Joins the node with its sibling when both are here and the sum is this runner's to make.
  mutating func combineIfPossible(_ range: SliceRange, chunk: Int) {
    guard let plan, owner(of: chunk) == assignment,
      let relation = CanonicalTree.parent(of: range, sliceCount: plan.sliceCount),
      chunks[chunk].held.contains(relation.left), chunks[chunk].held.contains(relation.right),
      !chunks[chunk].combining.contains(relation.parent)
    else { return }
    chunks[chunk].combining.append(relation.parent)
    emit(
      .combine(
        left: key(chunk, relation.left), right: key(chunk, relation.right), into: key(chunk, relation.parent)))
  }

  private mutating func rootFound(_ key: NodeKey, from peer: AssignmentID?) {
    let chunk = Int(key.chunk)
    // Own nodes go too: from now on whoever lacks this chunk is owed its root, in this attempt and in later ones.
    let held = chunks[chunk].held
    for node in held + chunks[chunk].ownMaximal.filter({ !held.contains($0) }) where self.key(chunk, node) != key {
      emit(.release(self.key(chunk, node)))
    }
    chunks[chunk].held = []
    chunks[chunk].root = key
    chunks[chunk].rootSender = peer
    rootsMissing -= 1
    for other in plan?.participants ?? [] where other.assignment != assignment {
      oweRoot(chunk: chunk, to: other.assignment)
    }
    if rootsMissing == 0 { allRootsFound() }
  }

  /// All is here: what is still being computed is wanted by nobody, since owners that lack a root get it from here.
  private mutating func allRootsFound() {
    stopComputing()
    guard outcome == .none else { return }
    outcome = .assessing
    emit(.assess(round, roots: chunks.compactMap(\.root)))
  }

  mutating func stopComputing() {
    if !wanted.isEmpty { emit(.stopComputing) }
    wanted = []
  }

  func key(_ chunk: Int, _ range: SliceRange) -> NodeKey {
    NodeKey(round: round, chunk: UInt32(chunk), range: range)
  }

  private func isHeld(_ key: NodeKey) -> Bool {
    key.range != NodeKey.received && chunks[Int(key.chunk)].held.contains(key.range)
  }

  /// Drops a held node's payload unless it is an own one, which is kept until the chunk's root is here.
  private mutating func forget(_ range: SliceRange, chunk: Int) {
    if !chunks[chunk].keepsOwn(range) { emit(.release(key(chunk, range))) }
  }
}
