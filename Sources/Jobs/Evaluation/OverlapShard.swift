import Corpora
import Foundation
import JobKit
import Templates

/// The phase `overlap`: which items share 13 words in a row with texts that the model was trained on.
struct OverlapPayload: Codable {
  let files: Int
  let field: String
  let tasks: [String]
}

struct OverlapReport: Codable {
  struct Task: Codable {
    let task: String
    let items: Int
    /// Items with a 13-gram that the texts have.
    let overlapping: Int
    /// Items of fewer than 13 words.
    let short: Int
  }
  let tasks: [Task]
  let documents: Int
  static let file = "overlap.json"
}

struct OverlapShard {
  private let context: ShardContext
  private let payload: OverlapPayload

  init(_ context: ShardContext) throws {
    self.context = context
    payload = try decodeJSON(OverlapPayload.self, from: context.payload)
  }

  func run() throws -> ShardResult {
    var asked: [(task: String, items: [[UInt64]])] = []
    for task in payload.tasks {
      let folder = try context.directory(EvalTree.tasks) + "/" + EvalTree.folder(task)
      let rows = try DataFile.rows(at: "\(folder)/\(EvalTree.rows)", format: .json, name: task)
      // The row itself, not the prompt: what stands in every prompt says nothing of one item.
      asked.append(
        (task, rows.map { row in thirteenGrams(of: row.entries.map(\.value.pythonText).joined(separator: " ")) }))
    }
    var finder = OverlapFinder(wanted: asked.flatMap(\.items).joined())
    for number in 0..<payload.files {
      let folder = try context.directory("trained-\(number)")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      guard names.count == 1 else { throw MissingInput(tree: "trained-\(number)") }
      try finder.read("\(folder)/\(names[0])", textField: payload.field) {
        context.progress("looking for what was trained on", ($0 + Double(number)) / Double(payload.files))
      }
    }
    let tasks = asked.map { task, items in
      OverlapReport.Task(
        task: task, items: items.count, overlapping: items.count { finder.contains(anyOf: $0) },
        short: items.count { $0.isEmpty })
    }
    let directory = context.scratchDirectory + "/overlap"
    try writeFile(
      try encodeJSON(OverlapReport(tasks: tasks, documents: finder.documentCount)),
      to: "\(directory)/\(OverlapReport.file)")
    return ShardResult(outputs: [OutputTree(name: EvalTree.overlap, directory: directory)])
  }
}
