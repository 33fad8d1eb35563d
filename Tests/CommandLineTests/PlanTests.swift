import Foundation
import Results
import TestSupport
import Testing

/// `admix plan` as a user types it, at a given speed.
@Suite("Plan")
struct PlanTests {
  private let job: TinyJob
  init() throws {
    job = try TinyJob()
    try job.write()
  }

  private func plan(_ arguments: [String]) throws -> JSONNode {
    let ended = try job.admix(["plan"] + arguments + ["--throughput", "100", "--json"])
    #expect(ended.status == 0, "\(ended.error)")
    return try #require(JSONNode(parsing: ended.output))
  }

  private func parts(_ object: JSONNode) throws -> [JSONNode] {
    guard case .array(let parts)? = object["jobs"] else { throw NoParts() }
    return parts
  }
  private struct NoParts: Error {}

  private func write(_ text: String) throws { try Data(text.utf8).write(to: job.file("other.yaml")) }

  private static let stage = """
    sources:
      - {name: zh, role: added, paths: [zh.jsonl]}
      - {name: en, role: retained, paths: [en.jsonl]}
    mixture: {almr: 0.5}
    recipe: {steps: 30, sequence_length: 32, global_batch_size: 8, learning_rate: 1.0e-3, seed: 7}
    """

  @Test("A GGUF file is priced by its header")
  func gguf() throws {
    let file = TestData.package.path + "/Tests/CheckpointTests/Fixtures/gguf/vocabulary-qwen2.gguf"
    let parts = try parts(try plan([file, "--sequence-length", "32", "--batch", "8", "--tokens", "10k"]))
    // A tied embedding of 640 rows of 8 (5,120), seven products (448), three norms and three biases (48).
    #expect(parts.first?["parameters"] == .integer(5616))
    #expect(parts.first?["steps"] == .integer(40))
  }

  @Test("A sweep costs what its cells cost, so many at a time")
  func sweep() throws {
    try write(
      """
      job: sweep
      name: grid
      grid: {almr: [0.1, 0.3, 0.5], learning_rate: [1.0e-3, 3.0e-3]}
      threads_per_cell: 1
      model: model
      sources:
        - {name: zh, role: added, paths: [zh.jsonl]}
        - {name: en, role: retained, paths: [en.jsonl]}
      recipe: {steps: 30, sequence_length: 32, global_batch_size: 8, seed: 7}
      output: out
      """)
    let one = try parts(try plan(["other.yaml", "--threads", "1"]))[0]
    #expect(one["cells"] == .integer(6) && one["tokens"] == .integer(6 * 30 * 8 * 32))
    let four = try parts(try plan(["other.yaml", "--threads", "2", "--workers", "2"]))[0]
    #expect(four["cells_at_a_time"] == .integer(4))
    let seconds = { (part: JSONNode) in part["total_seconds"]?["value"]?.double ?? 0 }
    // A speed that is given is that of one thread here. Six cells, four at a time: twice one.
    #expect(abs(seconds(one) / seconds(four) - 3) < 1e-6)
    let small = try parts(try plan(["other.yaml", "--threads", "2", "--memory", "1M"]))[0]
    #expect(small["fits"] == .boolean(false))
  }

  @Test("A pipeline costs what its stages cost, in whatever order they stand, and says what it does not price")
  func pipeline() throws {
    try write(
      """
      job: pipeline
      name: two
      stages:
        - name: second
          job: cpt
          model: ${first.model}
          \(Self.stage.replacingOccurrences(of: "\n", with: "\n    "))
        - name: first
          job: cpt
          model: model
          \(Self.stage.replacingOccurrences(of: "\n", with: "\n    "))
        - name: tuned
          job: sft
          model: ${second.model}
          sources: [{name: chats, paths: [chats.jsonl]}]
          recipe: &tuning {steps: 5, sequence_length: 64, global_batch_size: 4, learning_rate: 1.0e-4}
        - {name: paired, job: dpo, model: "${tuned.model}", sources: [{name: p, paths: [p.jsonl]}], recipe: *tuning}
        - {name: other, job: weigh, needs: [second]}
      output: out
      """)
    let object = try plan(["other.yaml"])
    let parts = try parts(object)
    #expect(parts.map { $0["name"]?.string } == ["first", "second", "tuned", "paired", "other"])
    // Rows as full ones; a pair is two.
    #expect(parts[2]["tokens"] == .integer(5 * 64 * 4) && parts[3]["tokens"] == .integer(2 * 5 * 64 * 4))
    #expect(parts[3]["parameters"] == parts[0]["parameters"])
    #expect(parts[0]["parameters"] == parts[1]["parameters"] && parts[0]["steps"] == .integer(30))
    #expect(parts[4]["priced"] == .boolean(false))
    let text = try job.admix(["plan", "other.yaml", "--throughput", "100"]).output
    #expect(text.contains("! other: what `job: weigh` costs is not known"), "\(text)")
    #expect(text.contains("4 of 5 stages, those that are priced, one after the other"), "\(text)")
    // The pairs are not there, so nobody knows what the reference reads.
    #expect(parts[3]["reference_seconds"] == .null && !text.contains("reference"))
    try job.directory.write(TinyJob.lines(of: "pair", count: 100), to: "p.jsonl")
    let known = try job.admix(["plan", "other.yaml", "--throughput", "100"]).output
    #expect(known.contains("both answers of every pair, once"), "\(known)")
  }

  @Test("What is not priced alone, or is no model, is refused with the way out")
  func refused() throws {
    try write("job: weigh\nname: x\n")
    let unpriced = try job.admix(["plan", "other.yaml", "--throughput", "100"])
    #expect(unpriced.status == 2 && unpriced.error.contains("`weigh` is not priced yet"), "\(unpriced.error)")
    let unknown = try job.admix(["plan", "llama3-8"])
    #expect(unknown.status == 2 && unknown.error.contains("Did you mean `llama3-8b`?"), "\(unknown.error)")
    let large = try job.admix(["plan", "llama3-70b", "--throughput", "100", "--memory", "24G", "--check"])
    #expect(large.status == 1 && large.output.contains("! does not fit"), "\(large.output)")
  }
}
