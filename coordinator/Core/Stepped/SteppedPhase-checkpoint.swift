import WireProtocol

/// A checkpoint on its way to the store, while training goes on from a copy.
struct Saving: Sendable {
  let step: UInt64
  let saver: AssignmentID
  /// Holders whose state digest has not come.
  var awaited: Set<AssignmentID>
  var digests: [AssignmentID: Digest] = [:]
  /// In the store, and not yet known to be what the others hold.
  var saved: CheckpointSaved?
}

extension SteppedPhase {
  /// By count of steps since the last durable one, so that a checkpoint that was missed is made at the next boundary.
  var isCheckpointDue: Bool {
    guard plan.checkpointInterval > 0, position > 0, position < plan.stepCount else { return false }
    // One at a time; but one whose saver never answered is given up for the next.
    if let saving, position < saving.step + plan.checkpointInterval { return false }
    let durable = checkpoints.last?.step ?? 0
    return position >= (durable / plan.checkpointInterval + 1) * plan.checkpointInterval
  }

  /// The first member saves; all hash, so that what is saved is known to be what everybody holds.
  mutating func beginCheckpoint(_ ready: [GangMember]) {
    saving = Saving(step: position, saver: ready[0].assignment, awaited: Set(ready.map(\.assignment)))
    for member in ready { send(.hashState(HashState(step: position)), to: member.assignment) }
    send(.saveCheckpoint(SaveCheckpoint(step: position)), to: ready[0].assignment)
  }

  mutating func handle(_ saved: CheckpointSaved, at index: Int) {
    let title = members[index].title
    let isExpected = saving.map { $0.step == saved.step && $0.saver == members[index].assignment } ?? false
    if let failure = saved.failure {
      guard isExpected || isFinishing(members[index].assignment) else { return }
      saving = isExpected ? nil : saving
      holdReason = "\(title) could not write the checkpoint of step \(saved.step): \(failure)"
      return
    }
    guard ledger.fits(step: saved.step, chain: saved.chain) else {
      note("\(title) saved a checkpoint of step \(saved.step) whose chain digest is not the journal's; it is not kept")
      if isExpected { saving = nil }
      return
    }
    if isExpected {
      saving?.saved = saved
      concludeSaving()
    } else if saved.step > checkpoints.last?.step ?? 0 {
      // Asked for before a restart of the coordinator, or given up too early.
      keep(saved)
    }
  }

  mutating func savingHashed(_ hashed: StateHashed, by assignment: AssignmentID) {
    guard saving?.step == hashed.step, saving?.awaited.remove(assignment) != nil else { return }
    saving?.digests[assignment] = hashed.stateDigest
    concludeSaving()
  }

  /// The member is gone; a saver's checkpoint with it, unless it was in the store already.
  mutating func savingLost(_ assignment: AssignmentID) {
    guard let lost = saving else { return }
    saving?.awaited.remove(assignment)
    if lost.saver == assignment, lost.saved == nil { saving = nil }
    concludeSaving()
  }

  private mutating func concludeSaving() {
    guard let done = saving, done.awaited.isEmpty, let saved = done.saved else { return }
    saving = nil
    var votes: [Digest: [AssignmentID]] = [:]
    for (assignment, digest) in done.digests { votes[digest, default: []].append(assignment) }
    guard votes.count > 1 else {
      keep(saved)
      return
    }
    guard let majority = votes.first(where: { $0.value.count * 2 > done.digests.count }) else {
      let names = done.digests.keys.sorted().map { member($0)?.title ?? "\($0)" }
      holdReason = "states after step \(done.step) differ between \(names.joined(separator: ", "))"
      return
    }
    if done.digests[done.saver] == majority.key { keep(saved) }
    for (assignment, digest) in done.digests.sorted(by: { $0.key < $1.key }) where digest != majority.key {
      evict(assignment, reason: "its state after step \(done.step) differs from the majority's", barWorker: true)
    }
  }

  /// Durable now; the oldest beyond the number kept go.
  private mutating func keep(_ saved: CheckpointSaved) {
    let record = CheckpointRecord(
      job: job, phase: phase, step: saved.step, chain: saved.chain, tree: saved.tree,
      unixMilliseconds: now.unixMilliseconds)
    checkpoints.removeAll { $0.step == saved.step }
    checkpoints.append(record)
    checkpoints.sort { $0.step < $1.step }
    actions.append(.record(.checkpointSaved(record)))
    note("checkpoint of step \(saved.step) is durable")
    while checkpoints.count > max(1, Int(plan.checkpointsKept)) {
      let oldest = checkpoints.removeFirst()
      actions.append(.record(.checkpointPruned(job: job, phase: phase, step: oldest.step)))
      actions.append(.discard(oldest.tree))
    }
  }

  /// The store has lost a part of these checkpoints: an older one serves.
  mutating func dropCheckpoints(with digest: Digest) {
    for lost in checkpoints where lost.tree.files.contains(where: { $0.digest == digest }) {
      checkpoints.removeAll { $0.step == lost.step }
      actions.append(.record(.checkpointPruned(job: job, phase: phase, step: lost.step)))
      note("the checkpoint of step \(lost.step) is not whole in the store; an older one serves")
    }
  }

  // MARK: Pause

  var pauseSentence: String { "paused after step \(position)" }

  mutating func beginPause(_ ready: [GangMember]) {
    if position == (checkpoints.last?.step ?? 0) {
      leaveForPause()
    } else {
      if saving?.step != position { beginCheckpoint(ready) }
      stage = .savingForPause
    }
  }

  mutating func concludePause() -> Bool {
    if holdReason == nil, isPauseRequested, saving?.step == position, !readyMembers.isEmpty { return false }
    stage = .boundary
    return true
  }

  mutating func leaveForPause() {
    for member in members { actions.append(.release(member.assignment)) }
    members = []
    saving = nil
    stage = .held
    actions.append(.pause(reason: pauseSentence))
  }
}
