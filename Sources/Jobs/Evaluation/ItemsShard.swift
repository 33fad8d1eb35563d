import Checkpoints
import Foundation
import JobKit
import KernelTable
import Templates
import Tokenizers
import TrainingJobs

/// What a shard says of an item beside its samples.
struct ItemRecord: Codable {
  struct Value: Codable {
    let filter: String
    let metric: String
    let sum: Double
    /// Words or bytes that the sum is over; nil for a plain number.
    let weight: Double?
  }
  let number: Int
  let choices: Int
  let values: [Value]
  /// Filters that found no answer.
  let unextracted: [String]
  /// Whether the prompt was longer than the model's context.
  let isTruncated: Bool
  /// The choice with the highest likelihood.
  let chosen: Int?
  /// SHA-256 of row, prompt and answer, one after the other.
  let hashes: String
}

/// A shard of the phase `items`: makes a range of a task's items, asks the model, scores the answers, and writes each
/// item's samples as lm-evaluation-harness has them.
struct ItemsShard {
  private let context: ShardContext
  private let payload: ItemsPayload
  private let task: TaskDefinition

  init(_ context: ShardContext) throws {
    self.context = context
    payload = try decodeJSON(ItemsPayload.self, from: context.payload)
    let folder = try context.directory(EvalTree.tasks) + "/" + EvalTree.folder(payload.task)
    task = try readJSON(TaskDefinition.self, at: "\(folder)/\(EvalTree.definition)")
  }

  func run() throws -> ShardResult {
    let code = try task.runsCode ? CodeSandbox.prepared(context.scratchDirectory) : nil
    let model = try EvaluatedModel(
      directory: try context.directory(EvalTree.model), threads: context.threads, batchTokens: payload.batchTokens,
      chat: payload.chat)
    let items = try makeItems(model.chat)
    let asked = try ItemAsking(task: task, model: model).answers(items) { done, all in
      context.progress("asking \(task.name)", Double(done) / Double(max(1, all)))
    }
    let directory = context.scratchDirectory + "/items"
    try write(items, asked, code: code, to: directory)
    return ShardResult(outputs: [OutputTree(name: payload.outputTree, directory: directory)])
  }

  private func makeItems(_ chat: ChatPrompting?) throws -> [Item] {
    let folder = try context.directory(EvalTree.tasks) + "/" + EvalTree.folder(payload.task)
    let rows = try DataFile.rows(at: "\(folder)/\(EvalTree.rows)", format: .json, name: task.name)
    let examples =
      payload.numFewshot > 0
      ? try DataFile.rows(at: "\(folder)/\(EvalTree.examples)", format: .json, name: task.name) : []
    var maker = try ItemMaker(
      task, rows: rows, exampleRows: examples, numFewshot: payload.numFewshot, chat: chat)
    if maker.needsAllItems { for number in 0..<payload.first { _ = try maker.item(number) } }
    return try (payload.first..<payload.end).map { try maker.item($0) }
  }

  private func write(
    _ items: [Item], _ asked: [ItemAsking.Outcome], code: CodeSandbox?, to directory: String
  ) throws {
    let scorer = try ItemScorer(task, code: code)
    var records: [UInt8] = []
    var samples: [String: [UInt8]] = [:]
    for (number, (item, outcome)) in zip(items, asked).enumerated() {
      if code != nil { context.progress("running code of \(task.name)", Double(number) / Double(items.count)) }
      let scores = try scorer.scores(item, outcome.answers)
      let hashes = try SampleLine.hashes(item)
      for score in scores {
        let line = try SampleLine(task: task, item: item, answers: outcome.answers, hashes: hashes).text(score)
        samples[score.filter, default: []] += Array("\(line)\n".utf8)
      }
      let record = ItemRecord(
        number: item.number, choices: item.choices.count,
        values: scores.flatMap { score in score.metrics.map { ItemRecord.Value(score.filter, $0.name, $0.value) } },
        unextracted: scores.filter(\.isUnextracted).map(\.filter), isTruncated: outcome.isTruncated,
        chosen: chosen(outcome.answers), hashes: hashes.doc + hashes.prompt + hashes.target)
      records += try encodeJSON(record) + [0x0A]
    }
    try writeFile(records, to: "\(directory)/\(EvalTree.items)")
    for (place, filter) in task.filters.enumerated() {
      try writeFile(samples[filter.name] ?? [], to: "\(directory)/samples-\(place).jsonl")
    }
    if let code { try writeFile(Array(code.report.utf8), to: "\(directory)/sandbox.txt") }
  }

  private func chosen(_ answers: [Answer]) -> Int? {
    guard task.outputType == .multipleChoice else { return nil }
    let sums = answers.map { if case .loglikelihood(let value) = $0 { value.sum } else { -Double.infinity } }
    return sums.max().flatMap { sums.firstIndex(of: $0) }
  }
}

extension ItemRecord.Value {
  fileprivate init(_ filter: String, _ metric: String, _ value: Aggregation.Value) {
    switch value {
    case .number(let number): self.init(filter: filter, metric: metric, sum: number, weight: nil)
    case .weighted(let sum, let weight): self.init(filter: filter, metric: metric, sum: sum, weight: weight)
    }
  }

  var value: Aggregation.Value { weight.map { .weighted(sum: sum, weight: $0) } ?? .number(sum) }
}

extension ItemMaker {
  /// Whether an item's examples depend on the items before it.
  var needsAllItems: Bool { task.fewshot.sampler == .drawn && task.fewshot.split == task.testSplit }
}
