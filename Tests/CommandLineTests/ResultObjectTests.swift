import Foundation
import Results
import Testing
import WireProtocol

@Suite("Results")
struct ResultObjectTests {
  static let rows = (1...60).map {
    MetricRows.Row(step: $0, unixMilliseconds: 1_000_000 + 500 * $0, metrics: [Metric("loss", 5 / Double($0))])
  }

  @Test("The result has the promised keys, whoever contributed them")
  func keys() throws {
    let detail = SampleCluster.detail(
      SampleCluster.job(1, "first-run", .completed, step: 60),
      results: ["{\"corpus\": {\"overlap\": {\"zh_held\": 0}}}", SampleCluster.trainingResult])
    let result = resultObject(
      detail, rows: Self.rows,
      places: ResultPlaces(model: "out/model", checkpoint: "out/checkpoints/step-000060"))
    #expect(result["schema"] == .integer(1))
    #expect(result["state"] == "COMPLETED")
    #expect(result["steps"] == .unsigned(60))
    #expect(result["weights_sha256"] == "ab")
    // 4,096 tokens every half second.
    #expect(result["tokens_per_second"] == .number(8192))
    #expect(result["peak_memory_bytes"] == .unsigned(77))
    #expect(result["validation"]?["before"]?["zh_held"]?["loss"] == .number(5))
    #expect(result["validation"]?["after"]?["zh_held"]?["loss"] == .number(3))
    guard case .number(let bits)? = result["validation"]?["after"]?["zh_held"]?["bits_per_byte"] else {
      Issue.record("no bits")
      return
    }
    #expect(abs(bits - 1 / log(2.0)) < 1e-12)
    #expect(result["mixture"]?["requested"] == .number(0.3))
    #expect(result["mixture"]?["achieved"] == .number(0.3001))
    #expect(result["mixture"]?["sources"] == [["name": "zh", "tokens": .integer(7)]])
    #expect(result["wire"]?["raw_bytes"] == .unsigned(1000))
    #expect(result["wire"]?["sent_bytes"] == .unsigned(400))
    #expect(result["wire"]?["wait_seconds"] == .number(1.5))
    #expect(result["model"] == "out/model")
    #expect(result["checkpoint"] == "out/checkpoints/step-000060")
    #expect(result["corpus"]?["overlap"]?["zh_held"] == .integer(0))
    // What a phase says never covers what the coordinator knows.
    let lying = resultObject(SampleCluster.detail(detail.status, results: ["{\"state\": \"FAILED\", \"steps\": 1}"]))
    #expect(lying["state"] == "COMPLETED")
    #expect(lying["steps"] == .unsigned(60))
  }

  @Test("Before a job has results the keys are there and empty")
  func unfinished() {
    var detail = SampleCluster.detail(SampleCluster.job(1, "first-run", .pending), results: ["not JSON", "[1]"])
    detail.evaluations = []
    let result = resultObject(detail)
    for key in ["weights_sha256", "tokens_per_second", "model", "checkpoint", "reason"] {
      #expect(result[key] == .null, "\(key)")
    }
    #expect(result["validation"] == ["before": [:], "after": [:], "curve": []])
    #expect(result["mixture"] == ["requested": .null, "achieved": .null])
  }

  @Test("For people: losses with their change, the mixture, the wire")
  func text() {
    let detail = SampleCluster.detail(
      SampleCluster.job(1, "first-run", .completed, step: 60), results: [SampleCluster.trainingResult])
    let lines = resultLines(detail, result: resultObject(detail, rows: Self.rows))
    #expect(lines[0] == "1 first-run  COMPLETED  cpt  step 60/60")
    #expect(lines.contains("  losses      set       loss     after   change  bits/byte     after"), "\(lines)")
    #expect(lines.contains("              zh_held  5.000  →  3.000  −40.0 %      2.404  →  1.443"), "\(lines)")
    #expect(lines.contains { $0.hasPrefix("              en_held  2.000  →  2.100   +5.0 %") }, "\(lines)")
    #expect(lines.contains("  mixture     0.3001 achieved, 0.3000 asked for (ALMR)"))
    #expect(lines.contains("  tokens      7: zh 7"))
    #expect(lines.contains("  wire        1.0 kB of gradients sent as 400 B (2.50 : 1), compute waited 2s"))
    // Without the coordinator, all that does not depend on its journal.
    let alone = resultLines(resultObject(detail, rows: Self.rows))
    #expect(alone.filter { !lines.contains($0) }.isEmpty && alone.count >= lines.count - 1)
    #expect(resultLines([:]) == ["0 ?  ?  ?"])
  }

  @Test("JSON reads back as it was written")
  func json() throws {
    let node: JSONNode = [
      "text": "a\"\\\n\u{1}漢", "numbers": [.integer(-1), .unsigned(.max), .number(0.1), .number(1e300)],
      "none": .null, "yes": .boolean(true), "nothing": [:], "empty": [], "nested": [["a": []]],
    ]
    for text in [node.text(), node.text(indented: true)] {
      let read = try #require(JSONNode(parsing: text))
      #expect(read["text"] == node["text"])
      #expect(read["numbers"] == node["numbers"])
      #expect(read["nested"] == node["nested"])
      #expect(read["yes"] == .boolean(true))
      #expect(read["none"] == .null)
    }
    #expect(JSONNode.number(.nan).text() == "null")
    #expect(JSONNode(parsing: "{\"a\": ") == nil)
    #expect(JSONNode(parsing: "") == nil)
  }
}
