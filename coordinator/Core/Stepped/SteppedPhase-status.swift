import WireProtocol

// What a person is told of the phase.
extension SteppedPhase {
  /// What the gang does now, as a noun.
  var activity: String {
    switch stage {
    case .gathering: "the gang"
    case .boundary, .held, .ended: "step \(position)"
    case .admitting: "the copy of the state after step \(position)"
    case .evaluating: "the evaluation after step \(position)"
    case .stepping(let round): "step \(round.step)"
    case .savingForPause: "the checkpoint of step \(position)"
    case .finishing: "the final outputs"
    }
  }

  /// On whom the phase waits, with the reason; empty while it runs well.
  var waitReason: String {
    let absent = members.filter { !$0.isConnected }
    if let first = absent.first {
      let others = absent.count > 1 ? " and \(absent.count - 1) more" : ""
      return "\(activity) waits for \(first.title)\(others), which cannot be reached now"
    }
    switch stage {
    case .gathering:
      guard !members.isEmpty else { return "waits for a worker" }
      let loading = members.filter { $0.standing == .loading }
      guard let first = loading.first else { return "waits for a worker that holds the state" }
      let what = first.progress?.activity ?? "its inputs"
      return "\(loading.count) of \(members.count) members load; \(first.title): \(what)"
    case .admitting:
      let copying = members.filter { $0.standing == .copying }.map(\.title)
      return "\(copying.joined(separator: ", ")) copies the state after step \(position)"
    case .savingForPause: return "pauses when the checkpoint of step \(position) is saved"
    case .finishing(let finisher): return "\(member(finisher)?.title ?? "\(finisher)") writes the final outputs"
    case .boundary, .evaluating, .stepping, .held, .ended: break
    }
    return isPauseRequested ? "pauses at the end of this step" : ""
  }

  /// The latest evaluation, by measure name.
  var latestLosses: [Metric] {
    evaluations.max { $0.step < $1.step }.map { $0.shownLosses(named: plan.measures) } ?? []
  }

  /// Negative when not known.
  var etaSeconds: Double {
    guard let median = pace.medianStepSeconds else { return -1 }
    return Double(plan.stepCount - min(position, plan.stepCount)) * median
  }

  /// The member's part of the gang's work.
  func workUnitsPerSecond(of assignment: AssignmentID) -> Double {
    guard let own = member(assignment)?.speed.slicesPerKilosecond else { return 0 }
    let all = members.reduce(0) { $0 &+ $1.speed.slicesPerKilosecond }
    return all == 0 ? 0 : pace.workUnitsPerSecond * Double(own) / Double(all)
  }

  func reason(of assignment: AssignmentID) -> String {
    guard let member = member(assignment) else { return "its runner leaves job \(job)" }
    switch member.standing {
    case .loading:
      return "loads for job \(job)" + (member.progress.map { ": \($0.activity)" } ?? "")
    case .reported: return "waits for job \(job)'s next step boundary to join"
    case .copying: return "copies the state of job \(job) after step \(position)"
    case .ready: return "job \(job), \(activity)"
    }
  }
}
