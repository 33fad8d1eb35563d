import WireProtocol

/// One step, from its first PLAN to its commit.
struct StepRound: Sendable {
  let step: UInt64
  let startedAt: MonotonicTime
  /// Of the newest attempt.
  var plan: Plan
  /// Answers to the newest attempt.
  var prepared: [AssignmentID: Prepared] = [:]
  /// The step was thrown away and computed anew once already.
  var hasDiscarded = false

  func isParticipant(_ assignment: AssignmentID) -> Bool {
    plan.participants.contains { $0.assignment == assignment }
  }
}

extension SteppedPhase {
  /// Plans the step after the position. Slices that members still keep of it (from before a restart of the
  /// coordinator) stay with them.
  mutating func beginStep(_ ready: [GangMember]) {
    let shares = ready.map { member in
      let kept = member.state.flatMap { $0.step == position ? $0.slices : nil } ?? []
      return SliceDivision.Share(speed: member.speed.slicesPerKilosecond, kept: kept)
    }
    for index in members.indices { members[index].state = nil }
    let plan = makePlan(ready, shares, discard: false)
    stage = .stepping(StepRound(step: position + 1, startedAt: now.monotonic, plan: plan))
    send(plan)
  }

  private mutating func makePlan(
    _ participants: [GangMember], _ shares: [SliceDivision.Share], discard: Bool
  ) -> Plan {
    let slices = SliceDivision.divide([SliceRange(0, plan.sliceCount)], among: shares)
    return Plan(
      step: position + 1, attempt: nextAttempt(), sliceCount: plan.sliceCount,
      participants: zip(participants, slices).map {
        Participant(assignment: $0.assignment, dataAddress: $0.dataAddress, slices: $1)
      },
      // A model of one chunk has another owner every step.
      rotation: UInt32(truncatingIfNeeded: position), discard: discard)
  }

  private mutating func send(_ plan: Plan) {
    for participant in plan.participants { send(.plan(plan), to: participant.assignment) }
  }

  /// Plans the step again among `survivors`, who keep their slices.
  private mutating func replan(_ round: StepRound, among survivors: [GangMember], discard: Bool) {
    var round = round
    let shares = survivors.map { member in
      SliceDivision.Share(
        speed: member.speed.slicesPerKilosecond,
        kept: round.plan.participants.first { $0.assignment == member.assignment }?.slices ?? [])
    }
    round.plan = makePlan(survivors, shares, discard: discard)
    round.prepared = [:]
    stage = .stepping(round)
    telemetry.extraAttempts += 1
    send(round.plan)
  }

  mutating func handle(_ prepared: Prepared, at index: Int) {
    guard case .stepping(var round) = stage, prepared.step == round.step, prepared.attempt == round.plan.attempt,
      round.isParticipant(members[index].assignment)
    else { return }
    // Who has prepared a step has applied the one before.
    members[index].appliedStep = max(members[index].appliedStep, round.step - 1)
    members[index].lastPrepared = (prepared.step, prepared.attempt)
    round.prepared[members[index].assignment] = prepared
    stage = .stepping(round)
  }

  mutating func handle(_ aborted: StepAborted, at index: Int) {
    guard case .stepping(let round) = stage, aborted.step == round.step, aborted.attempt == round.plan.attempt,
      round.isParticipant(members[index].assignment)
    else { return }
    let kept = checkpoints.last.map { "the checkpoint of step \($0.step) is kept" } ?? "there is no checkpoint yet"
    fail("step \(aborted.step) has no result: \(aborted.reason); \(kept)")
  }

  /// Commits when all surviving participants are prepared; plans again when one is gone before.
  mutating func conclude(_ round: StepRound) -> Bool {
    let survivors = readyMembers.filter { round.isParticipant($0.assignment) }
    guard !survivors.isEmpty else {
      stage = .boundary
      return true
    }
    let answers = survivors.compactMap { round.prepared[$0.assignment] }
    if answers.count == survivors.count { return decide(round, survivors) }
    if survivors.count < round.plan.participants.count {
      // Whoever missed the PLAN that discarded must discard now, or the others would drop its nodes for good.
      replan(round, among: survivors, discard: round.hasDiscarded)
    }
    return false
  }

  /// All are prepared. True when the stage has changed.
  private mutating func decide(_ round: StepRound, _ survivors: [GangMember]) -> Bool {
    var votes: [Digest: [GangMember]] = [:]
    for member in survivors {
      if let answer = round.prepared[member.assignment] { votes[answer.digest, default: []].append(member) }
    }
    if votes.count == 1, let digest = votes.keys.first {
      if let journalled = ledger.digest(of: round.step), journalled != digest {
        return disagree(
          round, survivors,
          "step \(round.step), computed again, gave digest \(digest.hex.prefix(12)) and the journal has "
            + "\(journalled.hex.prefix(12))")
      }
      commit(round, survivors, digest)
      return true
    }
    if let majority = votes.first(where: { $0.value.count * 2 > survivors.count }), round.hasDiscarded {
      for member in survivors where round.prepared[member.assignment]?.digest != majority.key {
        evict(
          member.assignment, reason: "its digest of step \(round.step) differs from the majority's, twice",
          barWorker: true)
      }
      return true
    }
    let parties = votes.sorted { $0.key.hex < $1.key.hex }.map { digest, members in
      "\(members.map(\.title).joined(separator: ", ")): \(digest.hex.prefix(12))"
    }
    return disagree(round, survivors, "digests of step \(round.step) disagree (\(parties.joined(separator: "; ")))")
  }

  /// Once more from nothing; then the gang stops and keeps its state.
  private mutating func disagree(_ round: StepRound, _ survivors: [GangMember], _ sentence: String) -> Bool {
    if round.hasDiscarded {
      holdReason = sentence + ", also when computed anew"
      stage = .boundary
      return true
    }
    note(sentence + "; the step is computed anew")
    var round = round
    round.hasDiscarded = true
    replan(round, among: survivors, discard: true)
    return false
  }

  // MARK: Commit

  private mutating func commit(_ round: StepRound, _ survivors: [GangMember], _ digest: Digest) {
    let answer = round.prepared[survivors[0].assignment]
    let workUnits = answer?.workUnits ?? 0
    if round.step == ledger.last + 1, let previous = ledger.chain(after: position) {
      let chain = settings.chainDigest(previous, digest)
      ledger.append(digest: digest, chain: chain)
      telemetry.workUnits &+= workUnits
      actions.append(
        .record(
          .stepCommitted(
            StepCommitRecord(
              job: job, phase: phase, step: round.step, attempt: round.plan.attempt, generation: generation,
              participants: survivors.map(\.worker), digest: digest, chain: chain, workUnits: workUnits,
              metrics: answer?.metrics ?? [], telemetry: telemetry, unixMilliseconds: now.unixMilliseconds))))
      progressMarks += 1
      for index in members.indices where round.isParticipant(members[index].assignment) {
        members[index].hasContributed = true
      }
    }
    position = round.step
    pace.stepCommitted(after: now.monotonic.elapsed(since: round.startedAt), workUnits: workUnits)
    stage = .boundary
    for member in survivors { sendCommit(of: round.step, to: member.assignment) }
    // A member that was ready but did not take part holds the step before.
    for index in members.indices where members[index].standing == .ready {
      if !round.isParticipant(members[index].assignment) { members[index].standing = .reported }
    }
  }

  mutating func sendCommit(of step: UInt64, to assignment: AssignmentID) {
    guard let digest = ledger.digest(of: step) else { return }
    send(.commit(Commit(step: step, digest: digest)), to: assignment)
  }

  mutating func handle(_ applied: Applied, at index: Int) {
    guard ledger.fits(step: applied.step, chain: applied.chain), applied.step <= position else { return }
    members[index].appliedStep = max(members[index].appliedStep, applied.step)
    guard applied.step > members[index].telemetryStep else { return }
    members[index].telemetryStep = applied.step
    members[index].speed.add(
      slices: applied.slicesComputed, stepSeconds: applied.stepSeconds, waitSeconds: applied.waitSeconds)
    pace.applied(waitSeconds: applied.waitSeconds, stepSeconds: applied.stepSeconds)
    telemetry.add(applied)
  }
}

extension JobTelemetry {
  mutating func add(_ applied: Applied) {
    rawBytes &+= applied.rawBytes
    sentBytes &+= applied.sentBytes
    if applied.waitSeconds.isFinite { waitSeconds += applied.waitSeconds }
    if applied.stepSeconds.isFinite { stepSeconds += applied.stepSeconds }
    slicesComputed &+= UInt64(applied.slicesComputed)
    peakResidentBytes = max(peakResidentBytes, applied.peakResidentBytes)
  }
}
