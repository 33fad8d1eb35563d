import WireProtocol

// The gang's position: which of the reported states fit the journal, and which of them is the most advanced.
extension SteppedPhase {
  mutating func handle(_ state: RunnerState, at index: Int) {
    // A late duplicate; a runner's step and attempt never go back.
    let last = members[index].lastPrepared
    guard state.step >= members[index].appliedStep || members[index].standing == .loading,
      last.step == 0 || (state.step, state.attempt) >= (last.step - 1, last.attempt)
    else { return }
    members[index].dataAddress = state.dataAddress
    countCheckpointRead(at: index, state)
    switch members[index].standing {
    case .loading:
      if !members[index].isRecovered, !ledger.fits(step: state.step, chain: state.chain) {
        let start = state.step == 0 ? "the inputs" : "the checkpoint of step \(state.step)"
        fail("\(members[index].title) loaded \(start), and the state's chain digest is not the journal's")
        return
      }
      accept(state, at: index)
    case .reported: accept(state, at: index)
    case .copying: break  // Torn until STATE_HASHED says that the copy is whole.
    case .ready: check(state, ofReadyAt: index)
    }
  }

  private mutating func accept(_ state: RunnerState, at index: Int) {
    members[index].state = state
    members[index].appliedStep = state.step
    members[index].standing = .reported
  }

  private mutating func check(_ state: RunnerState, ofReadyAt index: Int) {
    guard effectiveStep(of: state) == position else {
      note("\(members[index].title) holds step \(state.step) and no longer the gang's step \(position); it copies")
      accept(state, at: index)
      return
    }
    members[index].appliedStep = state.step
    // It went past the step whose state was to be hashed: that answer was lost and cannot be given again.
    if let saving, state.step > saving.step, saving.saver != members[index].assignment {
      savingLost(members[index].assignment)
    }
    if let prepared = state.prepared { handle(prepared, at: index) }
    resend(to: index)
  }

  private mutating func countCheckpointRead(at index: Int, _ state: RunnerState) {
    guard !members[index].countedCheckpoint else { return }
    members[index].countedCheckpoint = true
    if state.step > 0, !members[index].isRecovered { telemetry.checkpointsRead += 1 }
  }

  /// The step whose state a runner holds, or can hold without any peer: one that has prepared the next step with the
  /// journal's digest needs only its COMMIT. Nil when its state does not fit the journal.
  func effectiveStep(of state: RunnerState) -> UInt64? {
    guard ledger.fits(step: state.step, chain: state.chain) else { return nil }
    // The step fits, so it is one of the ledger's, and one more is a number.
    if let prepared = state.prepared, prepared.step == state.step + 1,
      ledger.digest(of: prepared.step) == prepared.digest
    {
      return prepared.step
    }
    return state.step
  }

  // MARK: Gathering

  mutating func beginGathering() {
    stage = .gathering
    gatherDeadline = nil
    // Whoever was copying holds a mixture of two states.
    for member in members where member.standing == .copying {
      evict(member.assignment, reason: "every holder of step \(position) is gone while it copied the state")
    }
  }

  /// Chooses the position once everybody has reported, or the time to wait for the others is over.
  mutating func concludeGathering() -> Bool {
    if isPauseRequested, !members.contains(where: \.isRecovered) {
      leaveForPause()
      return false
    }
    guard members.contains(where: { $0.standing == .reported }) else { return false }
    let loading = members.filter { $0.standing == .loading }
    // Holders from before a restart may be the only ones of the last steps: they are waited for until their lease ends.
    if loading.contains(where: \.isRecovered) { return false }
    if !loading.isEmpty {
      let deadline = gatherDeadline ?? now.monotonic + settings.gatherDuration
      gatherDeadline = deadline
      guard now.monotonic >= deadline else { return false }
    }
    return choosePosition()
  }

  private mutating func choosePosition() -> Bool {
    let durable = checkpoints.last?.step ?? 0
    let best = members.compactMap { $0.standing == .reported ? $0.state.flatMap(effectiveStep) : nil }.max()
    guard let best, best >= durable else {
      for member in members where member.standing == .reported {
        let fits = member.state.flatMap(effectiveStep) != nil
        evict(
          member.assignment,
          reason: fits
            ? "it holds an older step than the checkpoint of step \(durable)"
            : "its state at step \(member.appliedStep) does not fit the journal")
      }
      return false
    }
    if best < ledger.last {
      note("steps \(best + 1) to \(ledger.last) are computed again, because nobody who holds them is left")
    }
    position = best
    gatherDeadline = nil
    stage = .boundary
    return true
  }

  /// Sorts reported members into those who hold the position and those who are behind. While lost steps are computed
  /// again, a holder of a later one may come back: then the gang goes there.
  mutating func adoptReportedStates() {
    let best = members.compactMap { $0.standing == .reported ? $0.state.flatMap(effectiveStep) : nil }.max()
    if let best, best > position {
      position = best
      for index in members.indices where members[index].standing == .ready {
        members[index].standing = .reported
        members[index].state = nil
      }
    }
    for index in members.indices where members[index].standing == .reported {
      guard let state = members[index].state, effectiveStep(of: state) == position else { continue }
      members[index].standing = .ready
      if state.step < position { sendCommit(of: position, to: members[index].assignment) }
    }
  }
}
