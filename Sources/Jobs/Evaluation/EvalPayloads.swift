import Foundation

/// The phase `tasks`: rows and definitions go into one tree that every later shard reads.
struct TasksPayload: Codable {
  /// Tasks of a family differ in these alone; definitions said whole would not fit into a plan.
  struct Task: Codable {
    let family: Int
    let name: String
    let alias: String
    let tags: [String]
    let description: String
    let datasetName: String?
    let files: [TaskDefinition.File]
    let itemCount: Int
    let numFewshot: Int
  }
  let families: [TaskDefinition]
  let tasks: [Task]
  /// Nil asks in plain text.
  let chat: ChatPrompting.Way?

  init(_ tasks: [PlannedTask], chat: ChatPrompting.Way?) {
    self.chat = chat
    var families: [TaskDefinition] = []
    self.tasks = tasks.map { task in
      let shared = task.definition.family
      let place = families.firstIndex(of: shared) ?? families.count
      if place == families.count { families.append(shared) }
      let own = task.definition
      return Task(
        family: place, name: own.name, alias: own.alias, tags: own.tags, description: own.description,
        datasetName: own.datasetName, files: own.files, itemCount: task.itemCount, numFewshot: task.numFewshot)
    }
    self.families = families
  }

  func definition(_ task: Task) -> TaskDefinition {
    var whole = families[task.family]
    whole.name = task.name
    whole.alias = task.alias
    whole.tags = task.tags
    whole.description = task.description
    whole.datasetName = task.datasetName
    whole.files = task.files
    return whole
  }
}

extension TaskDefinition {
  /// Without what makes it one of its family.
  fileprivate var family: TaskDefinition {
    var shared = self
    shared.name = ""
    shared.alias = ""
    shared.tags = []
    shared.description = ""
    shared.datasetName = nil
    shared.files = []
    return shared
  }
}

/// A task as the plan has it.
struct PlannedTask {
  let definition: TaskDefinition
  /// Split and SHA-256 of every data file.
  let contents: [String]
  /// Rows that are asked.
  let itemCount: Int
  /// Rows that there are.
  let allCount: Int
  let numFewshot: Int
}

/// A shard of the phase `items`: a range of a task's items.
struct ItemsPayload: Codable {
  let task: String
  let first: Int
  let end: Int
  let numFewshot: Int
  let batchTokens: Int
  let allowsCode: Bool
  let outputTree: String
  let chat: ChatPrompting.Way?
}

/// The phase `results`: what all shards found becomes tables.
struct ResultsPayload: Codable {
  struct Task: Codable {
    let name: String
    let numFewshot: Int
    let itemCount: Int
    let allCount: Int
    /// The trees of its shards, in the order of their items.
    let trees: [String]
  }
  let modelName: String
  let limit: String?
  let tasks: [Task]
  let groups: [GroupDefinition]
  let allowsCode: Bool
  let trainedFiles: [String]
  let chat: ChatPrompting.Way?
}

/// Names of trees and of files in them.
enum EvalTree {
  static let model = "model"
  static let tasks = "tasks"
  static let results = "eval"
  static let overlap = "overlap"
  static let definition = "definition.json"
  static let rows = "rows.jsonl"
  static let examples = "examples.jsonl"
  static let identity = "model.json"
  static let items = "items.jsonl"

  /// A directory for a task, whatever its name.
  static func folder(_ task: String) -> String {
    task.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) } && !task.hasPrefix(".")
      ? task : "task-" + task.utf8.map { String($0, radix: 16) }.joined()
  }
}

func encodeJSON(_ value: some Encodable) throws -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return [UInt8](try encoder.encode(value))
}

func decodeJSON<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
  try JSONDecoder().decode(type, from: Data(bytes))
}

func readJSON<Value: Decodable>(_ type: Value.Type, at path: String) throws -> Value {
  try decodeJSON(type, from: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
}

func writeFile(_ bytes: [UInt8], to path: String) throws {
  try FileManager.default.createDirectory(
    at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}
