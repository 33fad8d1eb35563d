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
      checkpointInterval: first.checkpointInterval, axes: sweep.axes)
    let shards = try sweep.cells.map { try shard($0, base, texts) }
    let names = shards.map(\.name)
    precondition(Set(names).count == names.count, "cells have names of their own")
    let table = ShardPlan(name: "table", payload: [], inputs: [.phase(1), .phase(2)])
    return JobPlan(
      jobType: "sweep", pluginVersion: SweepJob.version, name: sweep.header.name,
      phases: [
        PhasePlan(name: "prepare", work: .sharded(texts.prepare)),
        PhasePlan(name: "index", work: .sharded([texts.index(payload: try encodePayload(base))])),
        PhasePlan(name: "cells", work: .sharded(shards)),
        PhasePlan(name: "table", work: .sharded([table])),
      ],
      outputs: [SweepTable.tree], notes: texts.base.notes + [summary])
  }

  private var summary: String {
    let tokens = sweep.cells.reduce(0) { $0 + $1.training.recipe.steps * $1.training.recipe.tokensPerStep }
    return "\(sweep.cells.count) cells on \(tokens) tokens in all, \(sweep.threadsPerCell) "
      + "thread\(sweep.threadsPerCell == 1 ? "" : "s") each."
  }

  private func shard(
    _ cell: SweepSpecification.Cell, _ base: SweepBase, _ texts: CPTPlanner.Texts
  ) throws -> ShardPlan {
    let recipe = cell.training.recipe
    var name = zip(sweep.axes, cell.values).map { "\($0) \($1)" }.joined(separator: " ")
    name += "\(name.isEmpty ? "" : " ")seed \(recipe.seed)"
    let mixture = cell.training.mixturePayload
    let deferred = try cell.training.references.planned(context)
    let key = deferred.values == nil ? try cacheKey(recipe, mixture, base, texts) : nil
    let tree = "cell-" + (key?.hex ?? hexadecimal(SHA256.hash(data: Array(name.utf8)))).prefix(16)
    let payload = CellPayload(
      name: name, values: cell.values, recipe: recipe, mixture: mixture, deferred: deferred.values,
      outputTree: tree)
    return ShardPlan(
      name: name, payload: try encodePayload(payload),
      inputs: texts.base.inputs + deferred.inputs + [.phase(0), .phase(1)],
      cacheKey: key, threads: UInt32(sweep.threadsPerCell), memoryBytes: texts.base.stateBytes)
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
        MemberPayload(start: base.start, recipe: recipe, corpus: base.corpus, mixture: mixture)))
    for input in texts.base.inputs + [texts.base.tokenizer] {
      guard case .files(let tree) = input else { return nil }
      for file in tree.files { hash.update(data: Array("\(tree.name) \(file.path) \(file.digest.hex)\n".utf8)) }
    }
    // The token shards' trees are named by their contents only when these were known.
    guard texts.prepare.allSatisfy({ $0.cacheKey != nil }) else { return nil }
    return WireProtocol.Digest(Array(hash.finalize()))
  }
}
