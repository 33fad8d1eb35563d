import Results
import Testing

@testable import Reports

@Suite("Reasons not to trust a training's figures")
struct DistrustTests {
  /// Sentences that speak against the figures of `run`.
  private func reasons(_ change: (SampleRun) -> Void = { _ in }) throws -> [String] {
    let run = try SampleRun()
    change(run)
    let record = TrainingRecord(directory: try run.write(), result: run.result)
    return Distrust.findings(record).filter { $0.verdict == .distrust }.map(\.sentence)
  }

  /// The sentence about too few tokens is in every small run.
  private func others(_ change: (SampleRun) -> Void) throws -> [String] {
    try reasons(change).filter { !$0.contains("tokens of zh show") }
  }

  @Test("A small run in order has one reason: its few tokens")
  func inOrder() throws {
    #expect(try reasons().count == 1)
    #expect(try reasons()[0].hasPrefix("73,728 tokens of zh show that the model adapts"))
    let run = try SampleRun()
    let record = TrainingRecord(directory: try run.write(), result: run.result)
    #expect(Distrust.findings(record).count { $0.verdict == .inOrder } >= 8)
  }

  @Test("Forgetting measured only beside the replay text, or not at all")
  func independence() throws {
    func sets(_ sets: [JSONNode]) -> JSONNode { ["corpus": ["sets": .array(sets)]] }
    let zh: JSONNode = ["name": "zh_held", "role": "added", "from": "zh"]
    let dependent = try others {
      $0.result = $0.result.merged(
        with: sets([zh] + ["en_held", "en_far"].map { ["name": .string($0), "role": "retained", "from": "en"] }))
    }
    #expect(dependent.count == 1 && dependent[0].contains("No retained set is independent of the replay text"))
    let overlapping = try others {
      $0.result = $0.result.merged(
        with: sets([
          zh, ["name": "en_held", "role": "retained", "from": "en"],
          ["name": "en_far", "role": "retained", "overlapShare": .number(0.4)],
        ]))
    }
    #expect(overlapping.contains { $0.contains("No retained set is independent") })
    #expect(overlapping.contains { $0.contains("en_far 40.0 %") })
    let none = try others {
      $0.result = $0.result.merged(
        with: sets(["zh_held", "en_held", "en_far"].map { ["name": .string($0), "role": "added"] }))
    }
    #expect(none.contains { $0.contains("was not measured at all") })
  }

  @Test("Repeated text, clipping, divergence, an unfinished run, mostly-ASCII text, small sets, a mixture that is off")
  func each() throws {
    #expect(
      try others { $0.passes = 2.4 } == [
        "Training went over its text more than once (zh 2.4 times, en 2.4 times): the loss on what was repeated is "
          + "learnt by heart in part, and a larger model learns more by heart."
      ])
    #expect(try others { $0.clipNorm = "0.4" }[0].contains("clipped in 60 of 60 steps, at a norm of 0.4"))
    #expect(try others { $0.clipNorm = "0" } == [])
    #expect(try others { $0.loss = { 3 + Double($0) } }[0].contains("ended higher"))
    #expect(
      try others { $0.loss = { $0 == 30 ? .nan : 3 } }[0].contains("Step 31 has a metric that is no finite number"))
    let failed = try others {
      $0.result = $0.result.merged(with: ["state": "FAILED", "reason": "the loss of step 61 is nan"])
    }
    #expect(failed[0].hasPrefix("The job is FAILED after step 60 of 60: the loss of step 61 is nan."))
    let ascii = try others {
      $0.result = $0.result.merged(with: [
        "corpus": [
          "sources": [
            ["name": "zh-web", "training": ["bytes": .integer(1_400_000), "characters": .integer(1_000_000)]]
          ]
        ]
      ])
    }
    #expect(ascii.count == 1 && ascii[0].contains("zh-web is mostly ASCII (1.40 bytes a character, about 80 % ASCII)"))
    let small = try others {
      $0.result = $0.result.merged(with: [
        "validation": [
          "curve": [
            ["step": .integer(0), "sets": ["zh_held": ["loss": .number(5)]]],
            [
              "step": .integer(60),
              "sets": ["zh_held": ["loss": .number(3), "rows": .integer(4), "standard_error": .number(0.3)]],
            ],
          ]
        ]
      ])
    }
    #expect(small.contains { $0.contains("zh_held 3.00 ± 0.30 from 4 rows") })
    let off = try others { $0.result = $0.result.merged(with: ["mixture": ["achieved": .number(0.35)]]) }
    #expect(off[0].contains("0.3000 was asked for and 0.3500 achieved"))
  }
}
