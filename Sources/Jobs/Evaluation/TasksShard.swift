import Chat
import Checkpoints
import Crypto
import Foundation
import JobKit
import Templates
import Tokenizers
import TrainingJobs

/// What the scores are of: goes into the manifest.
struct ModelIdentity: Codable {
  let weightsSHA256: String
  let tokenizerSHA256: String
  let parameters: Int
  let contextLength: Int
  let format: String
  let dtype: String
  let beginningOfText: Int?
  let endOfText: Int?
  /// Its text, where the model was talked to in it.
  let chatTemplate: String?
}

/// The phase `tasks`: benchmarks' files become rows, a folder a task.
struct TasksShard {
  let context: ShardContext

  init(_ context: ShardContext) { self.context = context }

  func run() throws -> ShardResult {
    let payload = try decodeJSON(TasksPayload.self, from: context.payload)
    let directory = context.scratchDirectory + "/tasks"
    for (number, task) in payload.tasks.enumerated() {
      context.progress("reading \(task.name)", Double(number) / Double(payload.tasks.count))
      try write(payload.definition(task), task, below: directory)
    }
    context.progress("hashing the model", 1)
    try writeFile(try encodeJSON(try identity(payload.chat)), to: "\(directory)/\(EvalTree.identity)")
    return ShardResult(outputs: [OutputTree(name: EvalTree.tasks, directory: directory)])
  }

  private func write(_ definition: TaskDefinition, _ task: TasksPayload.Task, below directory: String) throws {
    var rows: [String: [TemplateDictionary]] = [:]
    for file in definition.files {
      let folder = try context.directory(file.tree)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      guard names.count == 1 else { throw MissingInput(tree: file.tree) }
      rows[file.split, default: []] += try DataFile.rows(
        at: "\(folder)/\(names[0])", format: definition.format, name: file.name)
    }
    let folder = "\(directory)/\(EvalTree.folder(task.name))"
    try writeFile(try encodeJSON(definition), to: "\(folder)/\(EvalTree.definition)")
    try writeFile(try lines(definition.asked(rows).prefix(task.itemCount)), to: "\(folder)/\(EvalTree.rows)")
    if task.numFewshot > 0 {
      try writeFile(try lines(definition.examples(rows)[...]), to: "\(folder)/\(EvalTree.examples)")
    }
  }

  private func lines(_ rows: ArraySlice<TemplateDictionary>) throws -> [UInt8] {
    try rows.flatMap { Array("\(try TemplateValue.dictionary($0).json())\n".utf8) }
  }

  private func identity(_ chat: ChatPrompting.Way?) throws -> ModelIdentity {
    let source = try openModel(try context.directory(EvalTree.model))
    if source is ModelDirectory { try ModelDirectory.checkParts(source.path) }
    let loaded = try loadTokenizer(of: source)
    let types = Set(source.tensors.filter { $0.shape.count > 1 }.map(\.storedType)).sorted()
    return ModelIdentity(
      weightsSHA256: hex(try source.weightsHash()), tokenizerSHA256: hex(SHA256.hash(data: loaded.fileBytes)),
      parameters: source.tensors.reduce(0) { $0 + $1.count }, contextLength: source.configuration.contextLength,
      format: source.format, dtype: types.joined(separator: " + "),
      beginningOfText: loaded.tokenizer.beginningOfText.map { Int($0) },
      endOfText: loaded.tokenizer.endOfText.map { Int($0) },
      chatTemplate: try chat.map { try ChatPrompting(source, loaded.tokenizer, $0).format.template.source })
  }
}

/// An input that the plan promised and the runner did not get.
struct MissingInput: Error, CustomStringConvertible {
  let tree: String
  var description: String { "the input \(tree) did not arrive with the assignment" }
}

extension ShardContext {
  func directory(_ tree: String) throws -> String {
    guard let directory = inputs[tree] else { throw MissingInput(tree: tree) }
    return directory
  }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

func sha256(_ text: String) -> String { hex(SHA256.hash(data: Array(text.utf8))) }
