import WireProtocol

/// PLAN: what is to be computed, by whom, and who joins it.
extension RoundMachine {
  /// The largest slice count a plan may have. A bound on memory: a slice is at least a row of the global batch.
  static let sliceCountLimit: UInt32 = 65_536

  mutating func planReceived(_ received: Plan) {
    guard received.sliceCount > 0, received.sliceCount <= Self.sliceCountLimit, !received.participants.isEmpty else {
      return sendState()
    }
    switch standing {
    case .ready where received.step == step + 1:
      adopt(received)
    case .applying where received.step == step + 1:
      break  // It crossed the COMMIT of the same step, which is final.
    case .copying(let copy) where received.step > copy.step:
      nextPlan = newer(received, nextPlan)
    case .copying:
      break
    case .ready, .applying:
      // One step on: the COMMIT before it is being applied, or was lost; then the coordinator hears where this stands.
      if received.step > step + 1 { nextPlan = newer(received, nextPlan) }
      if standing == .ready { sendState() }
    }
  }

  private func newer(_ a: Plan, _ b: Plan?) -> Plan {
    guard let b else { return a }
    return (a.step, a.attempt) >= (b.step, b.attempt) ? a : b
  }

  mutating func adopt(_ new: Plan) {
    if let plan {
      if new.attempt < plan.attempt { return }
      if new.attempt == plan.attempt { return answerPrepared() }
      // The tree is a function of the slice count; a step cannot change it on the way.
      if new.sliceCount != plan.sliceCount, !new.discard { return sendState() }
    }
    let isNewRound = plan == nil || new.discard
    if isNewRound {
      if plan != nil { stopComputing() }
      clearRound()
      round = Round(step: new.step, restart: new.discard ? new.attempt : 0)
      emit(.releaseRounds(before: round))
      chunks = [ChunkReduction](repeating: ChunkReduction(), count: chunkCount)
      rootsMissing = chunkCount
    }
    plan = new
    guard isParticipant(assignment) else { return stopComputing() }
    connectToParticipants()
    for peer in early.takeLost(round) where connected.contains(peer) {
      emit(.reset(peer, reason: "frames of \(round) came too early to be kept"))
    }
    // Earlier frames first: they may make slices unnecessary.
    let (frames, stale) = early.take(round)
    for key in stale { emit(.release(key)) }
    for (key, peer) in frames { take(key, from: peer, retained: true) }
    if !isNewRound { joinNewlyOwned() }
    flushToAll()
    if rootsMissing > 0 { chooseSlices(new) } else { stopComputing() }
    answerPrepared()
  }

  /// Nodes that lay here for another owner may now be this runner's to join.
  private mutating func joinNewlyOwned() {
    for chunk in chunks.indices where chunks[chunk].root == nil {
      for range in chunks[chunk].held { combineIfPossible(range, chunk: chunk) }
    }
  }

  /// Keeps what is computed and what is being computed of the planned slices, and adds what is missing.
  private mutating func chooseSlices(_ plan: Plan) {
    let mine = plan.participants.first { $0.assignment == assignment }?.slices ?? []
    let planned = SliceSet(mine, sliceCount: plan.sliceCount)
    var missing = planned
    for (subtree, computed) in computedChunks where computed == chunkCount { missing.remove(subtree) }
    var chosen: [SliceRange] = []
    for subtree in wanted where missing.containsAll(of: subtree) {
      chosen.append(subtree)
      missing.remove(subtree)
    }
    for range in missing.ranges {
      chosen += CanonicalTree.maximalSubtrees(of: range, sliceCount: plan.sliceCount)
    }
    guard chosen != wanted else { return }
    if chosen.isEmpty { return stopComputing() }
    wanted = chosen
    emit(.compute(round, sliceCount: plan.sliceCount, subtrees: chosen))
  }

  /// PREPARED (or STEP_ABORTED) for the attempt in force, when the result is known.
  mutating func answerPrepared() {
    guard let plan, isParticipant(assignment), case .assessed(let digest, let assessment) = outcome else { return }
    switch assessment {
    case .usable(let workUnits, let metrics):
      tell(
        .sendPrepared(
          Prepared(
            step: plan.step, attempt: plan.attempt, digest: digest, workUnits: workUnits, metrics: metrics)))
    case .nonFinite(let reason):
      tell(.sendAborted(StepAborted(step: plan.step, attempt: plan.attempt, reason: reason)))
    }
  }

  mutating func assessed(_ assessedRound: Round, _ digest: Digest, _ assessment: Assessment) {
    guard plan != nil, assessedRound == round, outcome == .assessing else { return }
    outcome = .assessed(digest, assessment)
    answerPrepared()
  }
}
