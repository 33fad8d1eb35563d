import Foundation
import Glibc
import TestSupport
import Testing

extension ClusterTests {
  @Suite("A sweep", .serialized)
  struct Sweeps {
    let recipe = GoldenRecipe.named(.stories, "bf16")

    private func table(_ cluster: Cluster, job: Int) throws -> String {
      let output = cluster.directory.path + "/fetched-\(job)"
      let fetched = try cluster.run(["fetch", "\(job)", "--output", output], seconds: 60)
      #expect(fetched.status == 0, "\(fetched.error)")
      return try String(contentsOfFile: output + "/sweep/curves.csv", encoding: .utf8)
    }

    @Test("gives the same table on one worker and on three, with one of them killed while its cell is under way")
    func sameTable() throws {
      let grid = "almr: [0.1, 0.3], learning_rate: [1.0e-3, 3.0e-3]"
      let file = recipe.sweepFile(configuration: "", output: "out", grid: grid, steps: 96)
        .replacingOccurrences(of: "checkpoint: {every_steps: 4", with: "checkpoint: {every_steps: 2")
      let alone = try Cluster(workers: 1, threads: 2)
      try alone.waitForWorkers(1)
      let first = try alone.submit(file)
      #expect(try alone.waitForJob(first)["state"] as? String == "COMPLETED")
      let expected = try table(alone, job: first)
      #expect(expected.split(separator: "\n").count == 1 + 4 * 25)

      let cluster = try Cluster(workers: 3)
      try cluster.waitForWorkers(3)
      let job = try cluster.submit(file)
      try cluster.waitUntil("a cell is under way", seconds: 60) {
        let shards = try cluster.show(job)["shards"] as? [[String: Any]] ?? []
        return shards.contains { $0["fraction"] as? Double ?? 0 > 0.15 && $0["worker"] is String }
      }
      let shards = try cluster.show(job)["shards"] as? [[String: Any]] ?? []
      let victim = shards.compactMap { $0["worker"] as? String }.first ?? ""
      let name = try #require(["w0", "w1", "w2"].first { victim.contains($0) }, "\(shards)")
      cluster.workers[name]?.killGroup()
      #expect(try cluster.waitForJob(job)["state"] as? String == "COMPLETED")
      #expect(try table(cluster, job: job) == expected)
      // Submitted again with one more cell, only that one is computed.
      let larger = file.replacingOccurrences(of: "almr: [0.1, 0.3]", with: "almr: [0.1, 0.3, 0.9]")
      let again = try cluster.submit(larger)
      let shown = try cluster.waitForJob(again)
      #expect((shown["sweep"] as? [String: Any])?["cells"] as? Int == 6)
    }
  }
}
