import WireProtocol

/// The rows of one evaluation: who was given which, and what came back.
struct EvaluationRound: Sendable {
  let step: UInt64
  var attempt: UInt64
  /// By row; nil once its measures are here.
  var owners: [AssignmentID?]
  var measures: [[RowMeasure]]
  /// Rows still owed, by member.
  var owed: [AssignmentID: Int] = [:]

  func rowsOwed(by assignment: AssignmentID) -> [SliceRange] {
    SliceDivision.ranges(of: owners.indices.filter { owners[$0] == assignment }.map { UInt32($0) })
  }
}

extension SteppedPhase {
  var isEvaluationDue: Bool {
    guard plan.evaluationRowCount > 0, !plan.measures.isEmpty else { return false }
    let isScheduled =
      position == 0 || position == plan.stepCount
      || (plan.evaluationInterval > 0 && position % plan.evaluationInterval == 0)
    return isScheduled && !evaluations.contains { $0.step == position }
  }

  mutating func beginEvaluation(_ ready: [GangMember]) {
    let count = Int(plan.evaluationRowCount)
    var round = EvaluationRound(
      step: position, attempt: 0, owners: Array(repeating: nil, count: count),
      measures: Array(repeating: [], count: count))
    give([SliceRange(0, plan.evaluationRowCount)], to: ready, in: &round)
    stage = .evaluating(round)
  }

  /// Gives rows to members and tells everyone who has new ones all that it owes.
  private mutating func give(_ rows: [SliceRange], to ready: [GangMember], in round: inout EvaluationRound) {
    round.attempt = nextAttempt()
    let shares = ready.map { SliceDivision.Share(speed: $0.speed.slicesPerKilosecond) }
    for (member, ranges) in zip(ready, SliceDivision.divide(rows, among: shares)) where !ranges.isEmpty {
      for row in ranges.flatMap({ Int($0.lower)..<Int($0.upper) }) {
        round.owners[row] = member.assignment
        round.owed[member.assignment, default: 0] += 1
      }
      send(evaluate(round, member.assignment), to: member.assignment)
    }
  }

  func evaluate(_ round: EvaluationRound, _ assignment: AssignmentID) -> CoordinatorMessage {
    .evaluate(Evaluate(step: round.step, attempt: round.attempt, rows: round.rowsOwed(by: assignment)))
  }

  /// A row's measures are a function of the state alone, so they are good whoever sent them in whichever attempt. All
  /// measures of a row come in one message.
  mutating func handle(_ evaluated: Evaluated, at index: Int) {
    guard case .evaluating(var round) = stage, evaluated.step == round.step else { return }
    stage = .boundary  // Lets go of the round, so that its rows are changed in place.
    var byRow: [UInt32: [RowMeasure]] = [:]
    for measure in evaluated.rows where measure.row < plan.evaluationRowCount {
      guard Int(measure.measure) < plan.measures.count else { continue }
      byRow[measure.row, default: []].append(measure)
    }
    for (row, measures) in byRow {
      guard let owner = round.owners[Int(row)] else { continue }
      round.owners[Int(row)] = nil
      round.measures[Int(row)] = measures
      round.owed[owner, default: 1] -= 1
      if round.owed[owner] == 0 { round.owed[owner] = nil }
    }
    stage = .evaluating(round)
  }

  mutating func conclude(_ round: EvaluationRound) -> Bool {
    guard !round.owed.isEmpty else {
      evaluationEnded(round)
      return true
    }
    let ready = readyMembers
    let lost = round.owed.keys.filter { key in !ready.contains { $0.assignment == key } }.sorted()
    guard !lost.isEmpty else { return false }
    guard !ready.isEmpty else {
      stage = .boundary
      return true
    }
    var round = round
    var rows: [SliceRange] = []
    for assignment in lost {
      rows += round.rowsOwed(by: assignment)
      round.owed[assignment] = nil
    }
    give(rows, to: ready, in: &round)
    stage = .evaluating(round)
    return false
  }

  /// Sums in row order, in Double.
  private mutating func evaluationEnded(_ round: EvaluationRound) {
    var sums = [Double](repeating: 0, count: plan.measures.count)
    var weights = [UInt64](repeating: 0, count: plan.measures.count)
    var bytes = [UInt64](repeating: 0, count: plan.measures.count)
    for measure in round.measures.joined() {
      let index = Int(measure.measure)
      sums[index] += measure.sum
      weights[index] &+= measure.weight
      bytes[index] &+= measure.byteCount
    }
    let totals = plan.measures.indices.map {
      MeasureTotal(measure: UInt16($0), sum: sums[$0], weight: weights[$0], byteCount: bytes[$0])
    }
    let record = EvaluationRecord(job: job, phase: phase, step: round.step, totals: totals)
    evaluations.append(record)
    actions.append(.record(.evaluationTotals(record)))
    progressMarks += 1
    stage = .boundary
  }
}
