import JobFiles
import PipelineJob
import Results
import WireProtocol

/// What a job would do, from its plan alone.
func dryRunLines(_ planned: PlannedJob) -> [String] {
  let size = planned.files.reduce(0) { $0 + $1.byteCount }
  var lines = ["\(planned.plan.name): nothing is started; `admix plan` says what it costs"]
  lines.append("  inputs  \(planned.files.count) files, \(bytes(size)); those that the store has are not sent")
  for phase in planned.plan.phases { lines += phaseLines(phase, indentation: "  ") }
  lines += planned.plan.notes.map { "  note    \($0)" }
  lines.append("  recipe  \(planned.recipeDigest.hex)")
  return lines.map(printable)
}

private func phaseLines(_ phase: PhasePlan, indentation: String) -> [String] {
  switch phase.work {
  case .sharded(let shards):
    return ["\(indentation)\(phase.name)  \(shards.count) shard\(shards.count == 1 ? "" : "s")"]
  case .stepped(let plan):
    return [
      "\(indentation)\(phase.name)  \(plan.stepCount) steps of \(plan.sliceCount) slices, "
        + "\(plan.evaluationRowCount) rows an evaluation"
    ]
  case .graph(let stages):
    return stages.flatMap { stage in
      let needs = stage.needs.isEmpty ? "" : "  ← \(stage.needs.joined(separator: ", "))"
      return ["\(indentation)\(stage.name)  \(stage.plan.jobType)\(needs)"]
        + stage.plan.phases.flatMap { phaseLines($0, indentation: indentation + "  ") }
    }
  }
}

extension PlannedJob {
  /// The same job with `stage`, and what needs it, computed again.
  func redoing(from stage: String) throws -> PlannedJob {
    do {
      var planned = self
      let token = Token128.drawn()
      planned.plan = try plan.redoing(from: stage, mark: String(token.low, radix: 36))
      return planned
    } catch let error as UnknownStage {
      throw CommandFailure(.usage, "\(error)")
    }
  }
}
