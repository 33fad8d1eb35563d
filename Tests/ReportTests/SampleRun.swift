import Foundation
import Results

@testable import Reports

/// An output directory as a run of `steps` steps leaves it, one second a step from second 1010 on.
final class SampleRun {
  let directory: ScratchDirectory
  var steps = 60
  var events: [(Double, String)] = [
    (1000, "job 1 (first-run) was submitted"), (1100, "job 1 (first-run) is COMPLETED"),
  ]
  var ledgerNames = ["zh", "en"]
  var metricNames = ["loss/zh", "loss/en"]
  var passes = 0.08
  var clipNorm = "1.0"
  var loss: (Int) -> Double = { 5 - 0.02 * Double($0) }
  var result: JSONNode

  init() throws {
    directory = try ScratchDirectory()
    func set(_ loss: Double, _ error: Double) -> JSONNode {
      [
        "loss": .number(loss), "bits_per_byte": .number(loss / 2), "tokens": .integer(4096), "bytes": .integer(9000),
        "rows": .integer(32), "standard_error": .number(error),
      ]
    }
    let before: JSONNode = ["zh_held": set(5, 0.02), "en_held": set(2, 0.02), "en_far": set(2, 0.02)]
    let after: JSONNode = ["zh_held": set(3, 0.02), "en_held": set(2, 0.02), "en_far": set(2.1, 0.02)]
    result = [
      "schema": .integer(1), "name": "first-run", "kind": "cpt", "state": "COMPLETED", "reason": .null,
      "steps": .integer(60), "steps_planned": .integer(60), "tokens": .integer(245_760),
      "weights_sha256": .string(String(repeating: "ab", count: 32)), "tokens_per_second": .number(4096),
      "peak_memory_bytes": .integer(80_000_000),
      "validation": [
        "before": before, "after": after,
        "curve": [["step": .integer(0), "sets": before], ["step": .integer(60), "sets": after]],
      ],
      "mixture": ["requested": .number(0.3), "achieved": .number(0.3001)],
      "corpus": [
        "sets": [
          ["name": "zh_held", "role": "added", "from": "zh", "overlapShare": .number(0.001)],
          ["name": "en_held", "role": "retained", "from": "en", "overlapShare": .number(0)],
          ["name": "en_far", "role": "retained", "overlapShare": .number(0)],
        ],
        "sources": [
          ["name": "zh", "training": ["bytes": .integer(2_800_000), "characters": .integer(1_000_000)]],
          ["name": "en", "training": ["bytes": .integer(1_010_000), "characters": .integer(1_000_000)]],
        ],
      ],
      "wire": [
        "raw_bytes": .integer(60_000), "sent_bytes": .integer(24_000), "ratio": .number(2.5),
        "wait_seconds": .number(12), "step_seconds": .number(48),
      ],
      "recipe_sha256": .string(String(repeating: "c", count: 64)),
    ]
  }

  /// Writes the files and returns their directory.
  func write() throws -> String {
    result = result.merged(with: ["steps": .integer(Int64(steps))])
    let rows = (0..<steps).map { index -> String in
      var members: [JSONNode.Member] = [
        .init("step", .integer(Int64(index + 1))), .init("time", .number(1010 + Double(index))),
        .init("loss", .number(loss(index))), .init("gradient_norm", .number(index % 10 == 0 ? 1.5 : 0.5)),
        .init("learning_rate", .number(1e-3)), .init("almr", .number(0.3)), .init("workers", .integer(2)),
        .init("total/raw_bytes", .integer(Int64(1000 * index))),
        .init("total/sent_bytes", .integer(Int64(400 * index))),
        .init("total/step_seconds", .number(0.8 * Double(index))),
        .init("total/wait_seconds", .number(0.2 * Double(index))),
      ]
      members += metricNames.map { .init($0, .number(loss(index))) }
      return JSONNode.object(members).text() + "\n"
    }
    directory.write(rows.joined(), to: "metrics.jsonl")
    let lines = events.map { JSONNode.object([.init("time", .number($0)), .init("text", .string($1))]).text() + "\n" }
    directory.write(lines.joined(), to: "events.jsonl")
    let entries = ledgerNames.enumerated().map { index, name -> JSONNode in
      [
        "name": .string(name), "role": index == 0 ? "added" : "retained",
        "requestedShare": .number(index == 0 ? 0.3 : 0.7), "achievedShare": .number(index == 0 ? 0.3001 : 0.6999),
        "rows": .integer(960), "tokens": .integer(index == 0 ? 73_728 : 172_032), "bytes": .integer(73_670),
        "passes": .number(passes), "tokensPerByte": .number(1.001), "tokensPerCharacter": .number(2.8026),
      ]
    }
    directory.write(JSONNode.object([.init("entries", .array(entries))]).text(), to: "ledger.json")
    directory.write(
      """
      job: cpt
      name: first-run
      mixture: {almr: 0.3}
      recipe:
        sequence_length: 128
        global_batch_size: 32
        learning_rate: 0.001
        schedule: cosine
        clip_norm: \(clipNorm)
        seed: 7

      """, to: "job.yaml")
    return directory.path
  }

  func html() throws -> String {
    guard let report = TrainingReport(directory: try write(), result: result) else { throw Missing() }
    return report.html
  }

  struct Missing: Error {}
}
