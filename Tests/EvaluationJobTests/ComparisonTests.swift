import EvaluationJob
import Foundation
import TestSupport
import Testing

@Suite("Two evaluations compared")
struct ComparisonTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// A samples file of a task with an item for each value.
  private func write(_ values: [Double], task: String = "quiz", to folder: String, prompt: String = "p") throws {
    let lines = values.enumerated().map { item, value in
      #"{"doc_id": \#(item), "filter": "none", "metrics": ["acc"], "acc": \#(value), "#
        + #""prompt_hash": "\#(prompt)\#(item)"}"#
    }
    try directory.write(
      lines.joined(separator: "\n") + "\n", to: "\(folder)/eval/samples_\(task)_0123456789abcdef.jsonl")
  }

  private func compared(_ before: String, _ after: String) throws -> [String] {
    try ResultComparison(before: directory.path + "/" + before, after: directory.path + "/" + after).lines
  }

  @Test("Differences are paired, with an interval over the items that both have")
  func paired() throws {
    try write([0, 0, 1, 1, 0, 1, 0, 0], to: "a")
    try write([1, 0, 1, 1, 1, 1, 1], to: "b")
    let lines = try compared("a", "b")
    // Seven shared items; differences 1 0 0 0 1 0 1: mean 3/7, deviation 0.5345, half of the interval 0.3960.
    let words = lines[1].split(separator: " ").map(String.init)
    #expect(
      words == ["quiz", "acc,none", "7", "0.4286", "0.8571", "+0.4286", "+0.0326", "…", "+0.8245", "*"],
      "\(lines)")
    #expect(lines.contains("* the interval leaves out 0"))
    let same = try compared("a", "a")
    #expect(same[1].split(separator: " ").map(String.init)[5] == "+0.0000" && same.count == 2, "\(same)")
  }

  @Test("Tasks of one side alone and prompts that changed are said; nothing in common is refused")
  func unlike() throws {
    try write([0, 1], to: "a")
    try write([0, 1], task: "sums", to: "a")
    try write([1, 1], to: "b", prompt: "q")
    try write([1, 1], task: "poems", to: "b")
    let lines = try compared("a", "b")
    for note in ["sums is in", "poems is in", "quiz: 2 of 2 prompts are not the same in both"] {
      #expect(lines.contains { $0.contains(note) }, "\(note): \(lines)")
    }
    try write([1], task: "other", to: "c")
    for (before, after, says) in [("b", "c", "shares no item"), ("a", "nothing", "there is no samples_*.jsonl")] {
      let error = #expect(throws: (any Error).self) { try compared(before, after) }
      #expect("\(error.map { "\($0)" } ?? "")".contains(says))
    }
  }
}
