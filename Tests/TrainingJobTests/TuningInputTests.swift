import Foundation
import JobFiles
import JobKit
import TestSupport
import Testing
import TrainingJobs

/// What users get wrong in fine-tuning, on a model of the tests' own.
@Suite("Rows and templates that cannot be trained on")
struct TuningInputTests {
  private let tiny: TinyJob

  init() throws { tiny = try TinyJob() }

  private static let row = #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}"#
  private static let pair = #"{"prompt": "a", "chosen": "good", "rejected": "bad"}"#

  private func jobFile(_ job: String, rows: String, chat: String = "chat: {template: zephyr}", extra: String = "")
    throws -> URL
  {
    try tiny.directory.write(rows, to: "rows.jsonl")
    return try tiny.directory.write(
      """
      job: \(job)
      model: model
      \(chat)
      sources: [{name: a, paths: [rows.jsonl]}]
      recipe: {steps: 1, sequence_length: 64, global_batch_size: 2, learning_rate: 1.0e-3}
      \(extra)
      """, to: "job.yaml")
  }

  /// Plans the job and does its sharded phases; returns what `result.json` gets, or what went wrong.
  private func run(_ job: any JobType, _ file: URL) -> String {
    do {
      let scratch = tiny.directory.url.appendingPathComponent("scratch-\(UUID().uuidString)")
      let run = try InProcessRun(
        jobFile: file, base: tiny.directory.url, scratch: scratch, job: job, threads: 1)
      try run.runShards()
      return run.results.joined(separator: "\n")
    } catch { return "\(error)" }
  }

  private func sft(_ rows: String, chat: String = "chat: {template: zephyr}", extra: String = "") throws -> String {
    run(SFTJob(), try jobFile("sft", rows: rows, chat: chat, extra: extra))
  }

  private func dpo(_ rows: String, extra: String = "") throws -> String {
    run(DPOJob(), try jobFile("dpo", rows: rows, extra: extra))
  }

  @Test("are counted, left out and reported by reason")
  func dropped() throws {
    let long = String(repeating: "long words ", count: 80)
    let rows = [
      Self.row, #"{"messages": [{"role": "user", "content": "a"}]}"#,
      #"{"messages": [{"role": "assistant", "content": "a"}]}"#, #"{"instruction": "a", "output": ""}"#,
      #"{"instruction": "\#(long)", "output": "b"}"#, #"{"instruction": "a", "output": "\#(long)"}"#,
    ].joined(separator: "\n")
    let report = try sft(rows)
    #expect(report.contains(#""rows":6"#) && report.contains(#""used":2"#), "\(report)")
    #expect(report.contains(#""truncated":1"#), "\(report)")
    for reason in ["withoutAssistantTurn", "rolesOutOfOrder", "emptyAnswer", "cutToNothing"] {
      #expect(report.contains(reason), "\(reason): \(report)")
    }
    #expect(report.contains(#""withoutAssistantTurn":{"firstRow":2"#), "\(report)")
    let pairs = [
      Self.pair, #"{"prompt": "a", "chosen": "same", "rejected": "same"}"#,
      #"{"prompt": "a", "chosen": "", "rejected": "b"}"#,
    ].joined(separator: "\n")
    let compared = try dpo(pairs)
    #expect(compared.contains(#""equalAnswers":{"firstRow":2"#) && compared.contains("emptyAnswer"), "\(compared)")
  }

  @Test("are an error when none is left, with the reasons")
  func nothingLeft() throws {
    let told = try dpo(#"{"prompt": "a", "chosen": "same", "rejected": "same"}"#)
    #expect(
      told.contains(
        "rows.jsonl: none of its 1 rows can be learned from: 1 with chosen equal to rejected (first: row 1)"),
      "\(told)")
  }

  @Test("are named by file and line before anything runs", arguments: [
    ("{\"text\": 1}", "rows.jsonl: line 1: found the fields text, expected `messages`"),
    (row + "\n{broken", "rows.jsonl: line 2: JSON: expected a key"),
  ])
  func places(rows: String, expected: String) throws {
    let told = try sft(rows)
    #expect(told.contains(expected) && told.contains("sources"), "\(told)")
  }

  @Test("A base model without a template needs one by name, and a name that is none is refused")
  func templates() throws {
    let missing = try sft(Self.row, chat: "")
    #expect(missing.contains("the model has no chat template"), "\(missing)")
    #expect(missing.contains("chatml, zephyr, llama3"), "\(missing)")
    let unknown = try sft(Self.row, chat: "chat: {template: vicuna}")
    #expect(unknown.contains("no template is named vicuna"), "\(unknown)")
    let tokens = try sft(Self.row, chat: "chat: {template: chatml}")
    #expect(
      tokens.contains("needs the tokens <|im_start|>, <|im_end|>, which the tokenizer does not have"), "\(tokens)")
    let date = try sft(Self.row, chat: "chat: {template: zephyr, date: 2026-02-30}")
    #expect(date.contains("chat.date"), "\(date)")
  }

  @Test("A template that raises, one without generation prompt, and one that is none are named with the row")
  func brokenTemplates() throws {
    func told(_ template: String) throws -> String {
      try tiny.directory.write(template, to: "own.jinja")
      return try sft(Self.row, chat: "chat: {template: own.jinja}")
    }
    #expect(try told("{{ raise_exception('never') }}").contains("rows.jsonl: line 1: the chat template refuses the "
      + "conversation: line 1: never"))
    let without = try told("{% for m in messages %}<{{ m.role }}>{{ m.content }}{{ eos_token }}{% endfor %}")
    #expect(without.contains("rows.jsonl: line 1: the chat template has no generation prompt"), "\(without)")
    let broken = try told("\n{% for %}")
    #expect(broken.contains("the chat template cannot be used: line 2"), "\(broken)")
  }

  @Test("A reference with another tokenizer is refused, with both")
  func foreignReference() throws {
    try FileManager.default.copyItem(
      at: tiny.directory.url.appendingPathComponent("model"), to: tiny.directory.url.appendingPathComponent("other"))
    let fixtures = TestData.package.appendingPathComponent("Tests/TokenizerTests/Fixtures")
    let mine = try Data(contentsOf: tiny.directory.url.appendingPathComponent("model/tokenizer.model"))
    let others = try FileManager.default.contentsOfDirectory(atPath: fixtures.path).filter { $0.hasSuffix(".model") }
    let place = tiny.directory.url.appendingPathComponent("other/tokenizer.model")
    var refused = 0
    for name in others.sorted() {
      let bytes = try Data(contentsOf: fixtures.appendingPathComponent(name))
      guard bytes != mine else { continue }
      try bytes.write(to: place)
      let told = try dpo(Self.pair, extra: "reference: other")
      if told.contains("the reference has another tokenizer") { refused += 1 }
    }
    #expect(refused > 0)
  }

  @Test("A job file with a mistake is answered with its place", arguments: [
    ("mixture: {shares: {b: 1}}", "mixture.shares.b: no source has this name"),
    ("mixture: {shares: {a: 0.5}}", "the shares add up to 0.5"),
    ("packing: maybe", "packing"),
    ("preference: {beta: 0.1}", "preference: unknown key"),
    ("validation: {sets: [{name: h, from: a, fraction: 0.1}, {name: i, from: a, fraction: 0.1}]}",
     "two sets are held out from a"),
    ("validation: {sets: [{name: h, from: b, fraction: 0.1}]}", "no source is named b"),
    ("validation: {sets: [{name: h, from: a}]}", "`fraction` is missing"),
  ])
  func mistakes(extra: String, expected: String) throws {
    let told = try sft(Self.row, extra: extra)
    #expect(told.contains(expected), "\(told)")
  }

  @Test("What is trained travels with the checkpoint: the template and the ends of answers")
  func companions() throws {
    let file = try jobFile("sft", rows: Self.row)
    let scratch = tiny.directory.url.appendingPathComponent("scratch")
    var training = try NaiveTraining(
      jobFile: file, base: tiny.directory.url, scratch: scratch, threads: 1, job: SFTJob())
    try training.run()
    _ = try training.weightsSHA256()
    let model = scratch.appendingPathComponent("final/model")
    let template = try String(contentsOf: model.appendingPathComponent("chat_template.jinja"), encoding: .utf8)
    #expect(template.contains("<|assistant|>"))
    let generation = try String(contentsOf: model.appendingPathComponent("generation_config.json"), encoding: .utf8)
    #expect(generation.contains("eos_token_id"))
  }
}
