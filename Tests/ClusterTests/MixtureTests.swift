import Foundation
import TestSupport
import Testing

extension ClusterTests {
  @Suite("The mixture, on a cluster", .serialized)
  struct Mixture {
    private struct Ledger: Decodable {
      struct Entry: Decodable {
        let name: String
        let requestedRows: Double
        let rows: Int
        let tokens: Int
        let validTargets: Int
      }
      let rows: Int
      let tokens: Int
      let entries: [Entry]
    }

    private static let steps = 24

    @Test("the ledger adds up to the tokens trained, and a pause doubles no row of the metrics")
    func ledger() throws {
      let cluster = try Cluster(workers: 2)
      try cluster.waitForWorkers(2)
      let job = try cluster.submit(.named(.random, "bf16"), steps: Self.steps)
      try cluster.waitForStep(3, of: job)
      #expect(try cluster.run(["pause", "\(job)"]).status == 0)
      try cluster.waitUntil("the job is paused", seconds: 20) { try cluster.show(job)["state"] as? String == "PAUSED" }
      // Fetched in between and again at the end: rows are added to the file, not written over.
      let output = cluster.directory.url.appendingPathComponent("fetched")
      #expect(try cluster.run(["fetch", "\(job)", "--output", output.path]).status == 0)
      let paused = try rows(output).count
      #expect((3..<Self.steps).contains(paused))
      #expect(try cluster.run(["resume", "\(job)"]).status == 0)
      let shown = try cluster.waitForJob(job)
      #expect(try cluster.run(["fetch", "\(job)", "--output", output.path]).status == 0)

      let rows = try rows(output)
      #expect(rows.map { $0["step"] as? Int } == Array(1...Self.steps).map { $0 })
      let ledger = try JSONDecoder().decode(
        Ledger.self, from: Data(contentsOf: output.appendingPathComponent("ledger.json")))
      let trained = Self.steps * 16 * 64
      #expect(ledger.tokens == trained && ledger.rows == Self.steps * 16)
      #expect(ledger.entries.reduce(0) { $0 + $1.tokens } == trained)
      #expect(ledger.entries.map(\.name) == ["zh", "en", "docs"])
      for entry in ledger.entries {
        #expect(abs(Double(entry.rows) - entry.requestedRows) <= 1, "\(entry.name)")
        // What the sampler says was drawn against what the gangs' sums say was trained.
        let counted = rows.reduce(0.0) { $0 + ($1["valid_tokens/\(entry.name)"] as? Double ?? 0) }
        #expect(counted == Double(entry.validTargets), "\(entry.name)")
      }
      let achieved = (shown["mixture"] as? [String: Any])?["achieved"] as? Double ?? 0
      let zh = ledger.entries.first { $0.name == "zh" }?.tokens ?? 0
      #expect(abs(achieved - Double(zh) / Double(trained)) < 1e-12)
    }

    @Test("one job file gives one hash with admix run and on a cluster")
    func runAndCluster() throws {
      let recipe = GoldenRecipe.named(.random, "bf16")
      let cluster = try Cluster(workers: 3)
      let configuration = try cluster.directory.write(GoldenRecipe.randomConfiguration, to: "config.json")
      let jobFile = recipe.jobFile(configuration: configuration.path, output: "alone")
      let file = try cluster.directory.write(jobFile, to: "job.yaml")
      try cluster.waitForWorkers(3)
      let shown = try cluster.waitForJob(try cluster.submit(jobFile))
      let alone = try cluster.json(
        ["run", file.path, "--base", TestData.folder?.path ?? ".", "--workers", "2", "--threads", "1", "--json"],
        seconds: 90)
      #expect(alone["weights_sha256"] as? String == recipe.weightsSHA256)
      #expect(shown["weights_sha256"] as? String == recipe.weightsSHA256)
      #expect(alone["validation"] as? NSDictionary == shown["validation"] as? NSDictionary)
      #expect(alone["recipe_sha256"] as? String == shown["recipe_sha256"] as? String)
    }

    private func rows(_ output: URL) throws -> [[String: Any]] {
      try String(contentsOf: output.appendingPathComponent("metrics.jsonl"), encoding: .utf8)
        .split(separator: "\n").map { line in
          guard let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
            throw TestFailure("metrics.jsonl has the line \(line)")
          }
          return row
        }
    }
  }
}
