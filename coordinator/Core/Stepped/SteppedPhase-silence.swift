import WireProtocol

// What is not answered is sent again; who owes an answer and is silent for too long is evicted. Every message may be
// sent again, because its answer is the same as to the first.
extension SteppedPhase {
  /// What the member has not answered, in the order in which it was said first. A runner that has a PLAN has also had
  /// the COMMIT, HASH_STATE and SAVE_CHECKPOINT before it, because they are never sent out of this order.
  func unanswered(by member: GangMember) -> [CoordinatorMessage] {
    var messages: [CoordinatorMessage] = []
    switch member.standing {
    case .loading: return member.isRecovered || member.hasSpoken ? [.reportState(ReportState())] : []
    case .reported: return []
    case .copying:
      if case .admitting(let admission) = stage, admission.digests[member.assignment] == nil { return [copyState] }
      return []
    case .ready: break
    }
    if member.appliedStep < position, let digest = ledger.digest(of: position) {
      messages.append(.commit(Commit(step: position, digest: digest)))
    }
    if let saving {
      if saving.awaited.contains(member.assignment) { messages.append(.hashState(HashState(step: saving.step))) }
      if saving.saver == member.assignment, saving.saved == nil {
        messages.append(.saveCheckpoint(SaveCheckpoint(step: saving.step)))
      }
    }
    switch stage {
    case .admitting(let admission) where admission.donor == member.assignment && admission.donorDigest == nil:
      messages.append(.hashState(HashState(step: position)))
    case .evaluating(let round) where round.owed[member.assignment] != nil:
      messages.append(evaluate(round, member.assignment))
    case .stepping(let round) where round.isParticipant(member.assignment) && round.prepared[member.assignment] == nil:
      messages.append(.plan(round.plan))
    case .finishing(member.assignment): messages.append(finish)
    default: break
    }
    return messages
  }

  /// The same question without building the messages.
  private func owes(_ member: GangMember) -> Bool {
    switch member.standing {
    case .loading: return member.isRecovered || member.hasSpoken
    case .reported: return false
    case .copying, .ready: break
    }
    if member.standing == .ready {
      if member.appliedStep < position { return true }
      if let saving {
        if saving.awaited.contains(member.assignment) { return true }
        if saving.saver == member.assignment, saving.saved == nil { return true }
      }
    }
    switch stage {
    case .admitting(let admission):
      return admission.donor == member.assignment
        ? admission.donorDigest == nil : member.standing == .copying && admission.digests[member.assignment] == nil
    case .evaluating(let round): return round.owed[member.assignment] != nil
    case .stepping(let round):
      return round.isParticipant(member.assignment) && round.prepared[member.assignment] == nil
    case .finishing(let finisher): return finisher == member.assignment
    default: return false
    }
  }

  mutating func noteDebts() {
    for index in members.indices {
      if owes(members[index]) {
        members[index].owesSince = members[index].owesSince ?? now.monotonic
        members[index].resendAt = members[index].resendAt ?? now.monotonic + settings.retransmissionInterval
      } else {
        members[index].owesSince = nil
        members[index].resendAt = nil
      }
    }
  }

  mutating func resend(to index: Int) {
    members[index].resendAt = now.monotonic + settings.retransmissionInterval
    for message in unanswered(by: members[index]) { send(message, to: members[index].assignment) }
  }

  /// Ten seconds plus five times the median step; more while no step's time is known.
  var silenceLimit: Duration {
    guard let median = pace.medianStepSeconds else { return settings.firstAnswerSilence }
    return settings.runnerSilence + .nanoseconds(Int64(min(median * 5e9, 9e18)))
  }

  private func silenceEnds(_ member: GangMember) -> MonotonicTime? {
    guard member.isConnected, let owesSince = member.owesSince else { return nil }
    let limit = member.standing == .loading ? settings.firstAnswerSilence : silenceLimit
    return max(member.lastHeard, owesSince) + limit
  }

  mutating func tick() {
    decideUnreachable()
    for assignment in members.map(\.assignment) {
      guard let index = index(of: assignment) else { continue }
      let member = members[index]
      if let end = silenceEnds(member), end <= now.monotonic {
        let silent = now.monotonic.elapsed(since: member.lastHeard).inSeconds
        evict(assignment, reason: "its runner has said nothing for \(Int(silent)) s while \(activity) waited for it")
      } else if member.isConnected, let resendAt = member.resendAt, resendAt <= now.monotonic {
        resend(to: index)
      }
    }
    settle()
  }

  /// When `tick` is due.
  var nextDeadline: MonotonicTime? {
    var times: [MonotonicTime] = []
    if case .gathering = stage, let gatherDeadline { times.append(gatherDeadline) }
    if let decideAt = unreachable.decideAt { times.append(decideAt) }
    for member in members where member.isConnected {
      if let resendAt = member.resendAt { times.append(resendAt) }
      if let end = silenceEnds(member) { times.append(end) }
    }
    return times.min()
  }
}
