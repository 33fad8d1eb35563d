import Checkpoints
import Crypto
import JobKit
import KernelTable
import WireProtocol

/// Makes the plan of a `sweep`: tokenize (`prepare`), index (`index`), train the cells (`cells`), one table (`table`).
struct SweepPlanner {
  let sweep: SweepSpecification
  let context: any PlanningContext

  func plan() throws -> JobPlan {
    let first = sweep.cells[0].training
    let planner = CPTPlanner(specification: first, context: context)
    let texts = try planner.planTexts()
    let base = SweepBase(
      start: texts.base.start, corpus: texts.corpus, evaluationInterval: first.evaluationInterval,
      checkpointInterval: first.checkpointInterval, axes: sweep.axes, configuration: texts.base.configuration,
      budget: SweepBudget(
        plannedTokens: sweep.plannedTokens, tokens: sweep.budget?.tokens, hours: sweep.budget?.hours),
      schedule: sharedSchedule)
    var phases = [
      PhasePlan(name: "prepare", work: .sharded(texts.prepare)),
      PhasePlan(name: "index", work: .sharded([texts.index(payload: try encodePayload(base))])),
    ]
    let rungs = (sweep.earlyStop?.rungs ?? []).map(Optional.some) + [nil]
    var shards: [ShardPlan] = []
    var results: [InputReference] = []
    for (index, until) in rungs.enumerated() {
      let part = Part(index: index, until: until, phase: UInt32(phases.count))
      let planned = try sweep.cells.map { try shard($0, base, texts, part) }
      shards = planned.map(\.shard)
      results = planned.map { .output(phase: part.phase, name: $0.result) }
      phases.append(PhasePlan(name: index == 0 ? "cells" : "cells-\(index + 1)", work: .sharded(shards)))
      guard until != nil, let rule = sweep.earlyStop else { continue }
      let payload = RungPayload(
        rung: index + 1, rule: rule,
        cells: zip(sweep.cells, planned).map { cell, shard in
          RungPayload.Cell(
            name: shard.shard.name, group: sweep.group(of: cell), learningRate: sweep.rate(of: cell),
            resultTree: shard.result)
        })
      let choose = ShardPlan(name: "choose", payload: try encodePayload(payload), inputs: [.phase(1)] + results)
      phases.append(PhasePlan(name: "choose-\(index + 1)", work: .sharded([choose])))
    }
    let names = shards.map(\.name)
    precondition(Set(names).count == names.count, "cells have names of their own")
    // Of a cell's last part the result alone; without rungs all that the phase has.
    let table = ShardPlan(name: "table", payload: [], inputs: [.phase(1), .phase(UInt32(phases.count - 1))])
    phases.append(PhasePlan(name: "table", work: .sharded([table])))
    return JobPlan(
      jobType: "sweep", pluginVersion: SweepJob.version, name: sweep.header.name, phases: phases,
      outputs: [SweepTable.tree], notes: texts.base.notes + [summary])
  }

  private var sharedSchedule: SweepSchedule? {
    let schedules = Set(sweep.cells.map { SweepSchedule($0.training.recipe) })
    return schedules.count == 1 ? schedules.first : nil
  }

  /// One phase of cells: the steps up to a decision, or to the end.
  private struct Part {
    let index: Int
    let until: Int?
    let phase: UInt32
  }

  private var summary: String {
    let stops = sweep.earlyStop.map { stop in
      " After \(stop.rungs.map(String.init).joined(separator: ", ")) steps the better \(stop.keep) of each ratio's "
        + "learning rates go on."
    }
    return "\(sweep.cells.count) cells on \(sweep.plannedTokens) tokens in all, \(sweep.threadsPerCell) "
      + "thread\(sweep.threadsPerCell == 1 ? "" : "s") each.\(stops ?? "")"
  }

  private func shard(
    _ cell: SweepSpecification.Cell, _ base: SweepBase, _ texts: CPTPlanner.Texts, _ part: Part
  ) throws -> (shard: ShardPlan, result: String) {
    let recipe = cell.training.recipe
    var name = zip(sweep.axes, cell.values).map { "\($0) \($1)" }.joined(separator: " ")
    name += "\(name.isEmpty ? "" : " ")seed \(recipe.seed)"
    let mixture = cell.training.mixturePayload
    let deferred = try cell.training.references.planned(context)
    let key = deferred.values == nil ? try cacheKey(recipe, mixture, base, texts) : nil
    let tree = "cell-" + (key?.hex ?? hexadecimal(SHA256.hash(data: Array(name.utf8)))).prefix(16)
    var payload = CellPayload(
      name: name, values: cell.values, recipe: recipe, mixture: mixture, deferred: deferred.values,
      outputTree: tree)
    var inputs = texts.base.inputs + deferred.inputs + [.phase(0), .phase(1)]
    guard let rungs = sweep.earlyStop?.rungs else {
      let shard = ShardPlan(
        name: name, payload: try encodePayload(payload), inputs: inputs, cacheKey: key,
        threads: UInt32(sweep.threadsPerCell), memoryBytes: texts.base.stateBytes)
      return (shard, tree)
    }
    func result(_ part: Int) -> String { part == rungs.count ? tree : "\(tree)-\(part + 1)" }
    func state(_ part: Int) -> String { "state-\(part + 1)-\(tree)" }
    let isFirst = part.index == 0
    payload = CellPayload(
      name: name, values: cell.values, recipe: recipe, mixture: mixture, deferred: deferred.values,
      outputTree: result(part.index),
      rung: CellPayload.Rung(
        until: part.until, previousResult: isFirst ? nil : result(part.index - 1),
        previousState: isFirst ? nil : state(part.index - 1), decision: isFirst ? nil : "decision-\(part.index)",
        state: part.until == nil ? nil : state(part.index)))
    if !isFirst {
      // A cell that diverged has left no state; then there is nothing under that name, and nothing is asked of it.
      inputs += [
        .output(phase: part.phase - 2, name: result(part.index - 1)),
        .output(phase: part.phase - 2, name: state(part.index - 1)),
        .output(phase: part.phase - 1, name: "decision-\(part.index)"),
      ]
    }
    let shard = ShardPlan(
      name: name, payload: try encodePayload(payload), inputs: inputs, threads: UInt32(sweep.threadsPerCell),
      memoryBytes: texts.base.stateBytes)
    return (shard, payload.outputTree)
  }

  /// Everything that a cell's result depends on, when all of it is known now: a cell that was computed before, in
  /// another sweep or for a table that grew, is not computed again.
  private func cacheKey(
    _ recipe: Recipe, _ mixture: MixturePayload, _ base: SweepBase, _ texts: CPTPlanner.Texts
  ) throws -> WireProtocol.Digest? {
    var hash = SHA256()
    hash.update(data: Array("cell 1 numerics \(numericsVersion) evaluation \(base.evaluationInterval)\n".utf8))
    hash.update(data: Array("\(base.axes)\n".utf8))
    hash.update(
      data: try encodePayload(
        MemberPayload(
          start: base.start, recipe: recipe, corpus: base.corpus, mixture: mixture, configuration: base.configuration)))
    for input in texts.base.inputs + [texts.base.tokenizer] {
      guard case .files(let tree) = input else { return nil }
      for file in tree.files { hash.update(data: Array("\(tree.name) \(file.path) \(file.digest.hex)\n".utf8)) }
    }
    // The token shards' trees are named by their contents only when these were known.
    guard texts.prepare.allSatisfy({ $0.cacheKey != nil }) else { return nil }
    return WireProtocol.Digest(sha256: hash.finalize())
  }
}
