import Corpora
import Foundation
import JobKit

/// The tables that a sweep leaves behind: RFC 4180, one header line, a row a cell and evaluation.
///
/// `curves.csv` has every evaluation, `cells.csv` the last one of each cell. Columns: the axes `almr` and
/// `learning_rate`, the other axes by name, `seed`, `step`, `tokens`, `parameters`, `status`, `config_hash`, a loss in
/// nats a token for each validation set under `loss_NAME` and the one before training under `initial_NAME`, bits per
/// byte under `bpb_NAME`, the training loss, and the weights' digest. They are what `admix study` reads. `ledger.csv`
/// has what each cell drew from each source.
struct SweepTable {
  static let tree = "sweep"

  let base: SweepBase
  let cells: [CellResult]

  var cellsCSV: String {
    csv(cells.compactMap { cell in cell.curve.last.map { row(cell, $0) } })
  }

  var curvesCSV: String {
    csv(cells.flatMap { cell in cell.curve.map { row(cell, $0) } })
  }

  /// What each cell drew from each source, asked for and achieved.
  var ledgerCSV: String {
    let header = ["almr", "learning_rate"] + otherAxes.map { base.axes[$0] }
    let columns = ["seed", "source", "role", "requested", "achieved", "rows", "tokens", "bytes", "passes"]
    let rows = cells.flatMap { cell in
      cell.ledger.entries.map { entry in
        [number(cell.almr), number(cell.learningRate)] + otherAxes.map { cell.values[$0] } + [
          "\(cell.seed)", entry.name, entry.role.rawValue, number(entry.requestedShare), number(entry.achievedShare),
          "\(entry.rows)", "\(entry.tokens)", "\(entry.bytes)", number(entry.passes),
        ]
      }
    }
    return text([header + columns] + rows)
  }

  /// All cells together, a source at a time.
  var sources: [SweepDescription.Source] {
    base.corpus.sources.enumerated().map { place, source in
      let entries = cells.compactMap { $0.ledger.entries.indices.contains(place) ? $0.ledger.entries[place] : nil }
      let rows = entries.reduce(0) { $0 + $1.rows }
      let all = cells.reduce(0) { $0 + $1.ledger.entries.reduce(0) { $0 + $1.rows } }
      return SweepDescription.Source(
        name: source.name, role: source.role.rawValue,
        requestedShare: entries.reduce(0) { $0 + $1.requestedRows } / Double(max(1, all)),
        achievedShare: Double(rows) / Double(max(1, all)), rows: rows, tokens: entries.reduce(0) { $0 + $1.tokens },
        bytes: entries.reduce(0) { $0 + $1.bytes }, mostPasses: entries.map(\.passes).max() ?? 0)
    }
  }

  private var otherAxes: [Int] { base.axes.indices.filter { !["almr", "learning_rate"].contains(base.axes[$0]) } }

  private func csv(_ rows: [[String]]) -> String {
    var header = ["almr", "learning_rate"]
    header += otherAxes.map { base.axes[$0] }
    header += ["seed", "step", "tokens", "parameters", "status", "config_hash"]
    for kind in ["loss_", "initial_", "bpb_"] { header += base.corpus.sets.map { kind + $0.name } }
    header += ["train_loss", "weights_sha256"]
    return text([header] + rows)
  }

  private func text(_ rows: [[String]]) -> String {
    rows.map { row in row.map(quoted).joined(separator: ",") + "\n" }.joined()
  }

  private func row(_ cell: CellResult, _ point: CellResult.Point) -> [String] {
    // A cell that diverged has its last evaluation before that; its row says so, and what it measured then.
    var fields = [number(cell.almr), number(cell.learningRate)]
    fields += otherAxes.map { cell.values[$0] }
    fields += ["\(cell.seed)", "\(point.step)", "\(point.tokens)", "\(cell.parameters)"]
    fields += [cell.status.rawValue, cell.recipeSHA256]
    fields += point.sets.map { number($0.loss) }
    fields += (cell.curve.first?.sets ?? point.sets).map { number($0.loss) }
    fields += point.sets.map { number($0.bitsPerByte) }
    fields += [number(point.trainingLoss), point.step == cell.steps ? cell.weightsSHA256 ?? "" : ""]
    return fields
  }

  private func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }

  private func quoted(_ field: String) -> String {
    field.contains(where: { ",\"\r\n".contains($0) })
      ? "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : field
  }
}

/// What a study needs to know of a sweep beside its tables.
struct SweepDescription: Codable {
  struct Set: Codable {
    let name: String
    let role: String
    /// The source it was held out from; nil for a text of its own.
    let heldOutFrom: String?
  }
  /// All cells together.
  struct Source: Codable {
    let name: String
    let role: String
    let requestedShare: Double
    let achievedShare: Double
    let rows: Int
    let tokens: Int
    /// UTF-8, of what was trained on.
    let bytes: Int
    /// Passes over the source's text in the cell that had the most.
    let mostPasses: Double
  }
  let schema: Int
  let axes: [String]
  let parameters: Int
  let sets: [Set]
  let sources: [Source]
  let tokens: Int
  let cells: Int
  let diverged: Int
  let earlyStopped: Int
  /// Planned tokens, and what was allowed.
  let budget: SweepBudget
  let schedule: SweepSchedule?
}

extension SweepJob {
  /// The phase `index`: the corpus' index, and beside it what all cells share.
  func indexShard(_ context: ShardContext) throws -> ShardResult {
    let base = try decodePayload(SweepBase.self, from: context.payload)
    let indexed = try CPTJob().indexShard(context.with(payload: try encodePayload(base.corpus)))
    let directory = context.scratchDirectory + "/base"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try Data(context.payload).write(to: URL(fileURLWithPath: directory + "/" + SweepBase.file))
    return ShardResult(
      outputs: indexed.outputs + [OutputTree(name: SweepBase.tree, directory: directory)], result: indexed.result)
  }

  /// The phase `table`: all cells' results side by side, in the order of the plan.
  func tableShard(_ context: ShardContext) throws -> ShardResult {
    let base = try SweepBase.read(inputs: context.inputs)
    let cells = try context.inputs.filter { $0.key.hasPrefix("cell-") }.map { _, directory in
      try CellResult.read(from: directory)
    }.sorted(by: SweepJob.precedes)
    let table = SweepTable(base: base, cells: cells)
    let directory = context.scratchDirectory + "/sweep"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    func write(_ text: String, _ name: String) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)"))
    }
    try write(table.cellsCSV, "cells.csv")
    try write(table.curvesCSV, "curves.csv")
    try write(table.ledgerCSV, "ledger.csv")
    let description = SweepDescription(
      schema: 1, axes: base.axes, parameters: cells.first?.parameters ?? 0,
      sets: base.corpus.sets.map { .init(name: $0.name, role: $0.role.rawValue, heldOutFrom: $0.heldOutFrom) },
      sources: table.sources,
      tokens: cells.reduce(0) { $0 + $1.tokens }, cells: cells.count,
      diverged: cells.count { $0.status == .diverged }, earlyStopped: cells.count { $0.status == .earlyStopped },
      budget: base.budget, schedule: base.schedule)
    try write(String(decoding: try encodePayload(description), as: UTF8.self), "sweep.json")
    return ShardResult(
      outputs: [OutputTree(name: SweepTable.tree, directory: directory)],
      result: String(decoding: try encodePayload(["sweep": description]), as: UTF8.self))
  }

  /// By ratio, rate, the other axes, seed.
  private static func precedes(_ a: CellResult, _ b: CellResult) -> Bool {
    if a.almr != b.almr { return a.almr < b.almr }
    if a.learningRate != b.learningRate { return a.learningRate < b.learningRate }
    if a.values != b.values { return a.values.lexicographicallyPrecedes(b.values) }
    return a.seed < b.seed
  }
}

extension ShardContext {
  fileprivate func with(payload: [UInt8]) -> ShardContext {
    ShardContext(
      phaseName: phaseName, shardIndex: shardIndex, shardCount: shardCount, payload: payload, inputs: inputs,
      scratchDirectory: scratchDirectory, threads: threads, checkpoint: checkpoint, saving: saving, progress: progress)
  }
}
