import Foundation
import TestSupport
import Testing

extension ClusterTests {
  /// Tokenizer, model from scratch, grid, choice, confirmation at the chosen point's neighbours, verdict.
  @Suite("A pipeline", .serialized)
  struct Pipelines {
    private static let shape =
      "{vocab_size: 304, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 2, "
      + "max_position_embeddings: 64, tie_word_embeddings: true}"

    private func study(gridSteps: Int = 6, earlyStop: String = "") -> String {
      """
      job: pipeline
      name: study
      stages:
        - {name: tok, job: tokenizer, paths: [en.jsonl], vocab_size: 300}
        - name: small
          job: cpt
          init: random
          config: &small \(Self.shape)
          tokenizer: ${tok.tokenizer}
          sources: &sources
            - {name: zh, role: added, paths: [zh.jsonl]}
            - {name: en, role: retained, paths: [en.jsonl]}
          mixture: {almr: 0}
          recipe: {steps: 6, sequence_length: 32, global_batch_size: 8, learning_rate: 1.0e-3, seed: 7}
          validation: &validation
            sets:
              - {name: zh_held, role: added, from: zh, fraction: 0.1, tokens: 256}
              - {name: en_held, role: retained, from: en, fraction: 0.1, tokens: 256}
        - name: grid
          job: sweep
          grid: {almr: [0.1, 0.3, 0.5, 0.7], learning_rate: [3.0e-4, 1.0e-3, 3.0e-3, 1.0e-2]}
          \(earlyStop)
          model: ${small.model}
          sources: *sources
          recipe: &added {steps: \(gridSteps), sequence_length: 32, global_batch_size: 8, seed: 7}
          validation: *validation
          checkpoint: {every_steps: 2, keep: 1}
        - name: choose
          job: study
          cells: ${grid.sweep}
          max_retained_rise: none
          bootstrap: 20
          transfer: {from: *small, to: *small}
        - name: confirm
          job: sweep
          grid:
            almr: ["${choose.transfer.almr}"]
            learning_rate: ["${choose.transfer.learning_rate} * 0.5", "${choose.transfer.learning_rate}"]
          model: ${small.model}
          sources: *sources
          recipe: *added
          validation: *validation
        - {name: verdict, job: verify, study: "${choose.study}", cells: "${confirm.sweep}"}
      """
    }

    private func submit(_ cluster: Cluster, _ text: String, extra: [String] = []) throws -> Int {
      try cluster.directory.write(TinyJob.lines(of: "poem", count: 400), to: "zh.jsonl")
      try cluster.directory.write(TinyJob.lines(of: "story", count: 400), to: "en.jsonl")
      let file = try cluster.directory.write(text, to: "study.yaml")
      let answer = try cluster.json(["submit", file.path, "--json"] + extra, seconds: 60)
      guard let id = answer["id"] as? Int else { throw TestFailure("submit answered \(answer)") }
      return id
    }

    private func stages(_ cluster: Cluster, of job: Int) throws -> [String: (id: Int, state: String)] {
      let jobs = try cluster.status()["jobs"] as? [[String: Any]] ?? []
      var stages: [String: (id: Int, state: String)] = [:]
      for stage in jobs where stage["parent"] as? Int == job {
        stages[stage["name"] as? String ?? ""] = (stage["id"] as? Int ?? 0, stage["state"] as? String ?? "")
      }
      return stages
    }

    private func answer(_ cluster: Cluster, of job: Int) throws -> [String] {
      let output = cluster.directory.path + "/fetched-\(job)"
      let fetched = try cluster.run(["fetch", "\(job)", "--output", output], seconds: 60)
      #expect(fetched.status == 0, "\(fetched.error)")
      return try ["choose/study/answer.json", "confirm/sweep/cells.csv", "verdict/verification/verification.json"].map {
        try String(contentsOfFile: "\(output)/stages/\($0)", encoding: .utf8)
      }
    }

    @Test("carries a study from the tokenizer to the verdict, and goes on from what is done, or from a stage")
    func wholeStudy() throws {
      let cluster = try Cluster(workers: 2)
      try cluster.waitForWorkers(2)
      let first = try submit(cluster, study())
      #expect(try cluster.waitForJob(first, seconds: 180)["state"] as? String == "COMPLETED")
      let expected = try answer(cluster, of: first)
      #expect(expected[1].split(separator: "\n").count == 1 + 2)
      let shown = try cluster.run(["show", "\(first)"]).output
      for line in ["✓ tok", "✓ small", "✓ verdict", "← choose, small", "← grid"] {
        #expect(shown.contains(line), "\(line) in \(shown)")
      }
      // The same again computes nothing.
      let second = try submit(cluster, study())
      #expect(try cluster.waitForJob(second)["state"] as? String == "COMPLETED")
      for (name, stage) in try stages(cluster, of: second) {
        #expect(try cluster.run(["logs", "\(stage.id)"]).output.contains("taken over"), "\(name)")
      }
      // From a stage: that one and what needs it, to the same bytes.
      let third = try submit(cluster, study(), extra: ["--from", "choose"])
      #expect(try cluster.waitForJob(third)["state"] as? String == "COMPLETED")
      for (name, stage) in try stages(cluster, of: third) {
        let isTakenOver = try cluster.run(["logs", "\(stage.id)"]).output.contains("taken over")
        #expect(isTakenOver == ["tok", "small", "grid"].contains(name), "\(name)")
      }
      #expect(try answer(cluster, of: third) == expected)
      let wrong = try cluster.run(["submit", "study.yaml", "--from", "chose"])
      #expect(wrong.status == 2 && wrong.error.contains("Did you mean `choose`?"), "\(wrong.error)")
      let dry = try cluster.run(["submit", "study.yaml", "--dry-run"])
      #expect(dry.status == 0 && dry.output.contains("16 shards") && dry.output.contains("nothing is started"))
    }

    @Test("pauses, resumes and cancels as a whole, in the middle of a grid that stops cells early")
    func control() throws {
      let text = study(gridSteps: 40, earlyStop: "early_stop: {rungs: [10, 20], keep: 0.5}")
      let alone = try Cluster(workers: 1)
      try alone.waitForWorkers(1)
      let whole = try submit(alone, text)
      #expect(try alone.waitForJob(whole, seconds: 180)["state"] as? String == "COMPLETED")
      let expected = try answer(alone, of: whole)

      let cluster = try Cluster(workers: 3)
      try cluster.waitForWorkers(3)
      let job = try submit(cluster, text)
      func waitForCells() throws -> Int {
        var grid = 0
        try cluster.waitUntil("the grid is under way", seconds: 90) {
          guard let stage = try self.stages(cluster, of: job)["grid"] else { return false }
          grid = stage.id
          let shards = try cluster.show(grid)["shards"] as? [[String: Any]] ?? []
          return shards.count == 16 && shards.contains { $0["state"] as? String == "running" }
        }
        return grid
      }
      _ = try waitForCells()
      #expect(try cluster.run(["pause", "\(job)"]).status == 0)
      try cluster.waitUntil("the pipeline is paused", seconds: 60) {
        try cluster.show(job)["state"] as? String == "PAUSED"
      }
      #expect(try cluster.run(["status"]).output.contains("‖ grid"))
      #expect(try cluster.run(["resume", "\(job)"]).status == 0)
      // A worker dies in the middle as well.
      cluster.workers["w1"]?.killGroup()
      #expect(try cluster.waitForJob(job, seconds: 180)["state"] as? String == "COMPLETED")
      #expect(try answer(cluster, of: job) == expected)

      let third = try submit(cluster, text, extra: ["--from", "grid"])
      try cluster.waitUntil("the grid runs again", seconds: 60) {
        try self.stages(cluster, of: third)["grid"]?.state == "RUNNING"
      }
      #expect(try cluster.run(["cancel", "\(third)"]).status == 0)
      let after = try stages(cluster, of: third)
      #expect(after["tok"]?.state == "COMPLETED" && after["grid"]?.state == "CANCELLED")
      #expect(after["verdict"]?.state == "CANCELLED")
    }

    @Test("A stage that fails is named, and so is every stage that needed it")
    func failedStage() throws {
      let cluster = try Cluster(workers: 1)
      try cluster.waitForWorkers(1)
      // A vocabulary larger than what the model has rows for.
      let job = try submit(cluster, study().replacingOccurrences(of: "vocab_size: 300}", with: "vocab_size: 420}"))
      let shown = try cluster.waitForJob(job, seconds: 90)
      #expect(shown["state"] as? String == "FAILED")
      #expect((shown["reason"] as? String ?? "").contains("stage small"), "\(shown["reason"] ?? "")")
      let status = try cluster.run(["show", "\(job)"]).output
      #expect(status.contains("✓ tok") && status.contains("✗ small"), "\(status)")
      #expect(status.contains("– grid") && status.contains("needs stage small"), "\(status)")
    }
  }
}
