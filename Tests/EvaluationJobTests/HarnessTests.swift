import Chat
import Checkpoints
import Foundation
import Templates
import TestSupport
import Testing
import Tokenizers
import TrainingJobs

@testable import EvaluationJob

/// What lm-evaluation-harness 0.4.13 asked and answered with stories260K; `scripts/fixtures/lm_eval_reference.py` made
/// it, with `--digest`.
struct HarnessReference: Decodable {
  struct Item: Decodable {
    let prompt: String
    let target: String
    let answers: [Double]?
    let greedy: [Bool]?
    let texts: [String]?
    let filtered: [String: String]?
  }
  struct Task: Decodable {
    let scores: [String: Score]
    let items: [Item]
  }
  /// A number, or `N/A`.
  struct Score: Decodable {
    let value: Double?
    init(from decoder: any Decoder) throws { value = try? decoder.singleValueContainer().decode(Double.self) }
  }

  static func read(_ name: String) throws -> [String: Task] {
    let file = TestData.package.appendingPathComponent("Tests/EvaluationJobTests/Fixtures/\(name).json")
    return try JSONDecoder().decode([String: Task].self, from: Data(contentsOf: file))
  }
}

@Suite("Against lm-evaluation-harness", .enabled(if: TestData.isPresent, Comment(rawValue: TestData.absence)))
struct HarnessTests {
  private var data: String { TestData.place.path }

  /// A task of the program with its rows.
  private func task(_ name: String) throws -> (task: TaskDefinition, rows: [String: [TemplateRow]]) {
    let catalogue = try Catalogue.builtIn()
    guard case .task(let mapping)? = catalogue[name] else { throw TestFailure("no task \(name)") }
    let task = try TaskReader(mapping, includes: catalogue.include).definition().task
    var rows: [String: [TemplateRow]] = [:]
    for file in task.files {
      rows[file.split, default: []] += try DataFile.rows(
        at: "\(data)/benchmarks/\(file.name)", format: task.format, name: file.name)
    }
    return (task, rows)
  }

  private func model() throws -> EvaluatedModel {
    try EvaluatedModel(directory: data + "/models/stories260K/hf", threads: 2, batchTokens: 512)
  }

  private func items(_ name: String, count: Int, shots: Int?) throws -> (TaskDefinition, [Item]) {
    let (task, rows) = try task(name)
    var maker = try ItemMaker(
      task, rows: task.asked(rows), exampleRows: try task.examples(rows),
      numFewshot: task.numFewshot == 0 ? 0 : shots ?? task.numFewshot ?? 0)
    return (task, try (0..<count).map { try maker.item($0) })
  }

  @Test("One-shot prompts, answers and log-likelihoods of every subject of CMMLU, C-Eval and MMLU are its own")
  func choices() throws {
    let reference = try HarnessReference.read("choices")
    #expect(reference.count == 67 + 52 + 57)
    let model = try model()
    var worst = 0.0
    var compared = 0
    for (name, expected) in reference.sorted(by: { $0.key < $1.key }) {
      let (task, items) = try items(name, count: expected.items.count, shots: 1)
      let outcomes = try ItemAsking(task: task, model: model).answers(items) { _, _ in }
      let scorer = try ItemScorer(task, code: nil)
      var values: [String: [Aggregation.Value]] = [:]
      for (place, item) in items.enumerated() {
        let hashes = try SampleLine.hashes(item)
        #expect(hashes.prompt.hasPrefix(expected.items[place].prompt), "\(name) \(place)")
        #expect(hashes.target.hasPrefix(expected.items[place].target), "\(name) \(place)")
        for (answer, sum) in zip(outcomes[place].answers, expected.items[place].answers ?? []) {
          guard case .loglikelihood(let found) = answer, !item.requests[0].firstArgument.hasDoubledBlanks else {
            continue
          }
          worst = max(worst, abs(found.sum - sum))
          compared += 1
        }
        for metric in try scorer.scores(item, outcomes[place].answers)[0].metrics {
          values["\(metric.name),none", default: []].append(metric.value)
        }
      }
      let isWhole = !items.contains { $0.requests[0].firstArgument.hasDoubledBlanks }
      for (key, found) in values where isWhole {
        let wanted = try #require(expected.scores[key]?.value)
        #expect(abs(Aggregation.mean.score(found) - wanted) < 1e-12, "\(name) \(key)")
        if let error = expected.scores[key.replacingOccurrences(of: ",", with: "_stderr,")]?.value {
          #expect(abs((Aggregation.mean.standardError(found) ?? 0) - error) < 1e-12, "\(name) \(key)")
        }
      }
    }
    #expect(compared > 1000)
    #expect(worst < 1e-3, "the log-likelihoods differ by up to \(worst)")
  }

  @Test("GSM8K and EQ-Bench: the same prompts, the same texts, the same filtered answers and scores")
  func generated() throws {
    let reference = try HarnessReference.read("texts")
    let model = try model()
    var compared = 0
    for name in ["gsm8k", "eq_bench"] {
      let expected = try #require(reference[name])
      let (task, items) = try items(name, count: expected.items.count, shots: nil)
      let outcomes = try ItemAsking(task: task, model: model).answers(items) { _, _ in }
      let scorer = try ItemScorer(task, code: nil)
      var values: [String: [Aggregation.Value]] = [:]
      for (place, item) in items.enumerated() {
        #expect(try SampleLine.hashes(item).prompt.hasPrefix(expected.items[place].prompt), "\(name) \(place)")
        // The end of the prompt, all that is left of it in a context of 512.
        let read = String(item.requests[0].firstArgument.suffix(800))
        let theirs = Answer.texts(expected.items[place].texts ?? [])
        if !read.hasDoubledBlanks {
          compared += 1
          #expect(outcomes[place].answers == [theirs], "\(name) \(place)")
        }
        // Its own texts, filtered and scored here.
        for score in try scorer.scores(item, [theirs]) {
          #expect(score.filtered.map(\.pythonText) == [expected.items[place].filtered?[score.filter] ?? ""], "\(name)")
          for metric in score.metrics { values["\(metric.name),\(score.filter)", default: []].append(metric.value) }
        }
      }
      for (key, score) in expected.scores where !key.contains("stderr") {
        #expect(abs(Aggregation.mean.score(values[key] ?? []) - (score.value ?? -1)) < 1e-9, "\(name) \(key)")
      }
    }
    #expect(compared >= 6)
  }

  @Test("HumanEval and MBPP: the same prompts, and of the same texts the same programs and scores")
  func code() throws {
    struct Reference: Decodable {
      struct Item: Decodable {
        let prompt: String
        let answer: String
        let filter: String
        let programs: [String]
        let test: String
        let scores: [String: Double]
      }
      struct Block: Decodable {
        let text: String
        let code: String
      }
      let humaneval: [Item]
      let mbpp: [Item]
      let blocks: [Block]
    }
    let file = TestData.package.appendingPathComponent("Tests/EvaluationJobTests/Fixtures/code.json")
    let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
    for block in reference.blocks { #expect(CodeScores.codeBlock(block.text) == block.code) }
    let folder = try TemporaryDirectory()
    // Without one nothing is run, and programs alone are compared.
    let sandbox = try CodeSandbox.preparedForTest(folder)
    let runner: any CodeRunning = sandbox ?? NothingPasses()
    for (name, expected) in [("humaneval", reference.humaneval), ("mbpp", reference.mbpp)] {
      let (task, items) = try items(name, count: expected.count, shots: nil)
      let scorer = try ItemScorer(task, code: runner)
      for (item, expected) in zip(items, expected) {
        let about = "\(name) \(item.number)"
        #expect(sha256(item.requests[0].firstArgument).hasPrefix(expected.prompt), "\(about)")
        #expect(sha256(item.target.written).hasPrefix(expected.test), "\(about)")
        let scores = try scorer.scores(item, [.texts([expected.answer])])
        #expect(scores.map(\.filter) == [expected.filter], "\(about)")
        #expect(scores[0].programs.map { String(sha256($0).prefix(12)) } == expected.programs, "\(about)")
        guard sandbox != nil else { continue }
        let found = scores[0].metrics.map { ($0.name, Aggregation.mean.score([$0.value])) }
        #expect(Dictionary(uniqueKeysWithValues: found) == expected.scores, "\(about)")
      }
    }
    #expect(reference.humaneval.count { $0.scores == ["pass@1": 1] } == 3)
    #expect(reference.mbpp.count { $0.scores == ["pass_at_1": 1] } == 6)
  }

  @Test("Prompts in a chat template are its own: examples as turns or not, answers begun, no system role")
  func chats() throws {
    struct Case: Decodable {
      let template: String
      let multiturn: Bool
      let prefix: String?
      let task: String
      let shots: Int
      let first: String
      let requests: [[String]]
    }
    let file = TestData.package.appendingPathComponent("Tests/EvaluationJobTests/Fixtures/chat-prompts.json")
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    #expect(cases.count == 2 * 2 * 3 * 3)
    let source = try openModel(data + "/models/stories260K/hf")
    let tokenizer = try loadTokenizer(of: source).tokenizer
    for one in cases {
      let template = try ChatTemplate(one.template, specialTokens: ["bos_token": .string("<s>")])
      let format = try ChatFormat(
        configuration: source.configuration, companions: [], tokenizer: tokenizer, template: template)
      let chat = ChatPrompting(format: format, way: ChatPrompting.Way(isMultiturn: one.multiturn))
      var (task, rows) = try task(one.task)
      task.genPrefix = one.prefix
      task.fewshot.genPrefix = one.prefix
      var maker = try ItemMaker(
        task, rows: task.asked(rows), exampleRows: try task.examples(rows), numFewshot: one.shots, chat: chat)
      let requests = try (0..<3).flatMap { try maker.item($0).requests }
      let about = "\(one.task) \(one.multiturn) \(one.prefix ?? "-") \(one.template.prefix(12))"
      #expect(requests.first?.firstArgument == one.first, "\(about)")
      let digests = requests.map { request -> [String] in
        if case .loglikelihood(let context, let answer) = request { return [context, answer] }
        return [request.firstArgument, ""]
      }.map { $0.map { String(sha256($0).prefix(12)) } }
      #expect(digests == one.requests, "\(about)")
    }
  }

  @Test("Bits per byte of texts are its own to 1e-5")
  func bitsPerByte() throws {
    let expected = try #require(try HarnessReference.read("texts")["texts"])
    let folder = TestData.package.path + "/Tests/EvaluationJobTests/Fixtures"
    let rows = try DataFile.rows(at: folder + "/texts.jsonl", format: .json, name: "texts.jsonl")
    let catalogue = try Catalogue.builtIn()
    let mapping = try Catalogue.mapping(
      "task: texts\ndataset_path: json\ndataset_kwargs: {data_files: {test: texts.jsonl}}\ntest_split: test\n"
        + "output_type: loglikelihood_rolling\ndoc_to_target: text\n")
    let task = try TaskReader(mapping, includes: catalogue.include).definition().task
    var maker = try ItemMaker(task, rows: rows, exampleRows: [], numFewshot: 0)
    let items = try rows.indices.map { try maker.item($0) }
    let outcomes = try ItemAsking(task: task, model: try model()).answers(items) { _, _ in }
    let scorer = try ItemScorer(task, code: nil)
    for rule in task.metrics {
      let values = try zip(items, outcomes).flatMap { item, outcome in
        try scorer.scores(item, outcome.answers)[0].metrics.filter { $0.name == rule.name }.map(\.value)
      }
      let wanted = try #require(expected.scores["\(rule.name),none"]?.value)
      let found = try #require(Aggregation(rawValue: rule.aggregation)).score(values)
      #expect(abs(found - wanted) < 1e-5 * max(1, wanted), "\(rule.name): \(found), not \(wanted)")
    }
  }
}

private struct NothingPasses: CodeRunning {
  func passes(_ program: String) -> Bool { false }
}

extension ItemScore {
  /// The filtered texts, of which a filter may make a list.
  fileprivate var programs: [String] {
    filtered.flatMap { value -> [TemplateValue] in
      if case .list(let texts) = value { texts } else { [value] }
    }.map(\.pythonText)
  }
}

extension String {
  /// SentencePiece makes one blank of several, as the model's own file says; transformers 5 does not.
  fileprivate var hasDoubledBlanks: Bool { contains("  ") || contains(" \n") || contains("\u{3000}") }
}
