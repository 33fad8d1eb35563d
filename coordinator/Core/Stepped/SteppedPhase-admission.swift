import WireProtocol

/// Members that are behind copy the state from those who hold it; one holder hashes its own, and the digests must
/// agree. The others wait.
struct Admission: Sendable {
  var donor: AssignmentID
  var donorDigest: Digest?
  var digests: [AssignmentID: Digest] = [:]
}

extension SteppedPhase {
  mutating func beginAdmission(donor: GangMember) {
    stage = .admitting(Admission(donor: donor.assignment))
    for index in members.indices where members[index].standing == .reported {
      members[index].standing = .copying
      members[index].state = nil
      send(copyState, to: members[index].assignment)
    }
    send(.hashState(HashState(step: position)), to: donor.assignment)
  }

  var copyState: CoordinatorMessage {
    let holders = readyMembers.map { Participant(assignment: $0.assignment, dataAddress: $0.dataAddress, slices: []) }
    return .copyState(CopyState(step: position, chain: ledger.chain(after: position) ?? .zero, holders: holders))
  }

  mutating func handle(_ hashed: StateHashed, at index: Int) {
    let assignment = members[index].assignment
    guard ledger.fits(step: hashed.step, chain: hashed.chain) else { return }
    if case .admitting(var admission) = stage, hashed.step == position {
      if assignment == admission.donor { admission.donorDigest = hashed.stateDigest }
      if members[index].standing == .copying { admission.digests[assignment] = hashed.stateDigest }
      stage = .admitting(admission)
    }
    savingHashed(hashed, by: assignment)
  }

  mutating func conclude(_ admission: Admission) -> Bool {
    var admission = admission
    guard members.contains(where: { $0.standing == .copying }) else {
      stage = .boundary
      return true
    }
    if member(admission.donor)?.standing != .ready {
      guard let donor = readyMembers.first else {
        beginGathering()
        return true
      }
      admission.donor = donor.assignment
      admission.donorDigest = nil
      stage = .admitting(admission)
      send(.hashState(HashState(step: position)), to: donor.assignment)
      for member in members where member.standing == .copying && admission.digests[member.assignment] == nil {
        send(copyState, to: member.assignment)
      }
    }
    guard let expected = admission.donorDigest else { return false }
    for member in members where member.standing == .copying {
      guard let digest = admission.digests[member.assignment] else { continue }
      if digest == expected {
        admit(member.assignment)
      } else {
        evict(
          member.assignment, reason: "its copy of the state after step \(position) has other bits than the original",
          barWorker: true)
      }
    }
    return !members.contains { $0.standing == .copying }
  }

  private mutating func admit(_ assignment: AssignmentID) {
    guard let index = index(of: assignment) else { return }
    members[index].standing = .ready
    members[index].appliedStep = position
    if position > 0 { note("\(members[index].title) joins after step \(position)") }
  }
}
