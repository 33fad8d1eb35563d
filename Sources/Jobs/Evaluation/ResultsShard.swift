import Crypto
import Foundation
import JobKit
import KernelTable
import Templates
import WireProtocol

/// The phase `results`: the shards' items become the files that an evaluation leaves behind.
struct ResultsShard {
  private let context: ShardContext
  private let payload: ResultsPayload

  init(_ context: ShardContext) throws {
    self.context = context
    payload = try decodeJSON(ResultsPayload.self, from: context.payload)
  }

  func run() throws -> ShardResult {
    let folder = try context.directory(EvalTree.tasks)
    let identity = try readJSON(ModelIdentity.self, at: "\(folder)/\(EvalTree.identity)")
    var tasks: [TaskScores] = []
    var submissions: [(String, TemplateValue)] = []
    for task in payload.tasks {
      context.progress("scoring \(task.name)", Double(tasks.count) / Double(payload.tasks.count))
      let definition = try readJSON(
        TaskDefinition.self, at: "\(folder)/\(EvalTree.folder(task.name))/\(EvalTree.definition)")
      let records = try records(of: task)
      tasks.append(TaskScores(definition, task, records))
      if let submission = try submission(definition, records, folder: folder) { submissions.append(submission) }
    }
    let groups = payload.groups.map { group in
      GroupScores(group, tasks: leaves(group).compactMap { name in tasks.first { $0.task.name == name } })
    }
    let overlap = try context.inputs[EvalTree.overlap].map {
      try readJSON(OverlapReport.self, at: "\($0)/\(OverlapReport.file)")
    }
    let results = ResultsFile(payload: payload, identity: identity, tasks: tasks, groups: groups)
    let manifest = Manifest(payload: payload, identity: identity, tasks: tasks, groups: groups)
    let directory = context.scratchDirectory + "/eval"
    func write(_ text: String, _ name: String) throws { try writeFile(Array(text.utf8), to: "\(directory)/\(name)") }
    let manifestText = try manifest.value().json(indent: 2) + "\n"
    // In place of the harness's date: two runs of one evaluation write the same files.
    let name = sha256(manifestText).prefix(16)
    try write(try results.value().json(indent: 2), "results_\(name).json")
    for task in payload.tasks { try writeSamples(task, tasks, to: "\(directory)/samples_\(task.name)_\(name).jsonl") }
    try write(MarkdownTable(tasks: tasks, groups: groups).text(overlap: overlap), "table.md")
    try write(manifestText, "manifest.json")
    if !submissions.isEmpty { try write(try dictionary(submissions).json(indent: 2) + "\n", "submission.json") }
    if let overlap { try writeFile(try encodeJSON(overlap), to: "\(directory)/overlap.json") }
    if let report = try sandboxReport() { try write(report, "sandbox.txt") }
    return ShardResult(
      outputs: [OutputTree(name: EvalTree.results, directory: directory)], result: try summary(tasks, groups, overlap))
  }

  private func records(of task: ResultsPayload.Task) throws -> [ItemRecord] {
    var records: [ItemRecord] = []
    for tree in task.trees {
      let bytes = try Data(
        contentsOf: URL(fileURLWithPath: "\(try context.directory(tree))/\(EvalTree.items)"))
      for line in bytes.split(separator: 0x0A) { records.append(try decodeJSON(ItemRecord.self, from: [UInt8](line))) }
    }
    guard records.map(\.number) == Array(0..<task.itemCount) else {
      throw EvaluationError(
        "task \(task.name)", problem: "its shards have \(records.count) items, expected \(task.itemCount)", remedy: "")
    }
    return records
  }

  private func writeSamples(_ task: ResultsPayload.Task, _ scores: [TaskScores], to path: String) throws {
    let filters = scores.first { $0.task.name == task.name }?.task.filters.count ?? 0
    var bytes: [UInt8] = []
    for place in 0..<filters {
      for tree in task.trees {
        bytes += try Data(
          contentsOf: URL(fileURLWithPath: "\(try context.directory(tree))/samples-\(place).jsonl"))
      }
    }
    try writeFile(bytes, to: path)
  }

  /// The tasks below a group.
  private func leaves(_ group: GroupDefinition) -> [String] {
    group.children.flatMap { child in
      payload.groups.first { $0.name == child }.map { leaves($0) } ?? [child]
    }
  }

  /// Answers of a task whose key is not public, as C-Eval takes them: `{"subject": {"0": "A", …}, …}`.
  private func submission(
    _ task: TaskDefinition, _ records: [ItemRecord], folder: String
  ) throws -> (String, TemplateValue)? {
    guard task.outputType == .multipleChoice, task.metrics.allSatisfy({ $0.name == "bypass" }),
      let subject = task.datasetName, case .list(let letters)? = task.docToChoice
    else { return nil }
    let rows = try DataFile.rows(
      at: "\(folder)/\(EvalTree.folder(task.name))/\(EvalTree.rows)", format: .json, name: task.name)
    let answers = zip(rows, records).map { row, record in
      (
        row["id"]?.pythonText ?? "\(record.number)",
        TemplateValue.string(record.chosen.map { letters[min($0, letters.count - 1)] } ?? "")
      )
    }
    return (subject, dictionary(answers))
  }

  private func sandboxReport() throws -> String? {
    for task in payload.tasks {
      for tree in task.trees {
        if let text = try? String(contentsOfFile: "\(context.directory(tree))/sandbox.txt", encoding: .utf8) {
          return text
        }
      }
    }
    return nil
  }

  private func summary(_ tasks: [TaskScores], _ groups: [GroupScores], _ overlap: OverlapReport?) throws -> String {
    func scores(_ all: [TaskScores.Score]) -> TemplateValue {
      dictionary(all.map { ("\($0.metric),\($0.filter)", .float($0.value)) })
    }
    // A result goes into the journal: whole groups, and tasks that are in none.
    let inside = Set(groups.flatMap(\.group.children))
    let members =
      groups.map { ($0.group.name, scores($0.scores.map(\.score))) }
      + tasks.filter { !inside.contains($0.task.name) }.map { ($0.task.name, scores($0.scores)) }
    var all = [("eval", dictionary(members))]
    func atChance(_ name: String, _ scores: [TaskScores.Score], _ chance: Double?) -> [TemplateValue] {
      scores.filter { $0.isChance(chance) }.map { .string("\(name) \($0.metric),\($0.filter)") }
    }
    let guessed =
      groups.flatMap { atChance($0.group.name, $0.scores.map(\.score), GroupScores.chance($0.tasks)) }
      + tasks.filter { !inside.contains($0.task.name) }.flatMap { atChance($0.task.name, $0.scores, $0.chance) }
    if !guessed.isEmpty { all.append(("eval_at_chance", .list(guessed))) }
    if let overlap {
      let shown = overlap.tasks.prefix(256).map { task in
        (
          task.task, dictionary([("items", .int(task.items)), ("overlapping", .int(task.overlapping))])
        )
      }
      all.append(("eval_overlap", dictionary(shown)))
    }
    return try dictionary(all).json()
  }
}
