import WireProtocol

// The end of the phase: one member writes the outputs, the others keep the state until it has.
extension SteppedPhase {
  mutating func beginFinish(_ finisher: GangMember) {
    stage = .finishing(finisher.assignment)
    send(finish, to: finisher.assignment)
  }

  var finish: CoordinatorMessage {
    .finish(Finish(step: position, evaluations: EvaluationSeries.thinned(evaluations)))
  }

  func isFinishing(_ assignment: AssignmentID) -> Bool {
    if case .finishing(assignment) = stage { return true }
    return false
  }

  mutating func concludeFinish(_ finisher: AssignmentID) -> Bool {
    if member(finisher)?.standing == .ready, holdReason == nil { return false }
    stage = .boundary
    return true
  }

  mutating func handle(_ completed: Completed, at index: Int) {
    // Also from a member that was asked before a restart of the coordinator.
    guard ledger.last == plan.stepCount else { return }
    for member in members { actions.append(.release(member.assignment)) }
    members = []
    stage = .ended
    actions.append(.complete(outputs: completed.outputs, results: [completed.result]))
  }
}
