import Foundation
import TestSupport
import Testing

/// Named so that it runs with the tests on real processes.
@Suite("Clients of a cluster", .serialized)
struct ClientClusterTests {
  @Test("An empty cluster is described, unknown jobs are not found, a second coordinator finds the port busy")
  func emptyCluster() throws {
    let cluster = try Cluster(workers: 1)
    try cluster.waitForWorkers(1)
    let status = try cluster.run(["status", "--workers"])
    #expect(status.status == 0)
    #expect(status.output.hasPrefix("OK 1/1 workers · 0 tok/s · exchange wait 0 %\nno jobs;"), "\(status.output)")
    #expect(status.output.contains("\nw0 "), "\(status.output)")
    for arguments in [["show", "7"], ["wait", "nobody"], ["cancel", "7"], ["fetch", "x"], ["logs", "7"]] {
      let ended = try cluster.run(arguments)
      #expect(ended.status == 6, "\(arguments): \(ended.error)")
    }
    let second = try cluster.run(["coordinator", "--listen", cluster.address, "--state", "second"])
    #expect(second.status == 2)
    #expect(second.error.contains("\(cluster.address) is already in use"), "\(second.error)")
    let other = try cluster.run([
      "coordinator", "--listen", "127.0.0.1:0", "--state", cluster.directory.path + "/state",
    ])
    #expect(other.status == 2, "\(other.error)")
    let twin = try cluster.run(["worker", "--cache", cluster.directory.path + "/cache-w0"])
    #expect(twin.status == 2)
    #expect(twin.error.contains("another worker"), "\(twin.error)")
  }

  @Test(
    "A job is submitted, followed, waited for and fetched, with the golden weights",
    .enabled(if: TestData.isPresent, "\(TestData.absence)"))
  func wholeLife() throws {
    let recipe = GoldenRecipe.named(.stories, "bf16")
    let cluster = try Cluster(workers: 2)
    try cluster.waitForWorkers(2)
    let job = try cluster.submit(recipe)
    let early = try cluster.run(["wait", "\(job)", "--timeout", "0"])
    #expect(early.status == 5, "\(early.error)")
    let log = try cluster.run(["logs", "-f", "\(job)"], seconds: 90)
    #expect(log.status == 0)
    #expect(log.output.contains("is COMPLETED"), "\(log.output)")
    #expect(try cluster.run(["wait", "golden", "--timeout", "5"]).status == 0)
    let fetched = try cluster.json(["fetch", "\(job)", "--output", "fetched", "--json"])
    #expect(fetched["weights_sha256"] as? String == recipe.weightsSHA256)
    let output = cluster.directory.path + "/fetched"
    for name in [
      "job.yaml", "result.json", "metrics.jsonl", "events.jsonl", "ledger.json", "report.html",
      "model/model.safetensors",
    ] {
      #expect(FileManager.default.fileExists(atPath: "\(output)/\(name)"), "\(name)")
    }
    // The same again is no error and changes nothing.
    #expect(try cluster.run(["fetch", "\(job)", "--output", "fetched"]).status == 0)
    let shown = try cluster.show(job)
    let wire = shown["wire"] as? [String: Any]
    #expect((wire?["raw_bytes"] as? Int ?? 0) > 0 && (wire?["sent_bytes"] as? Int ?? 0) > 0)
    #expect((shown["recovery"] as? [String: Any])?["slices_computed"] as? Int == 64)
    let cancelled = try cluster.submit(recipe, steps: 2000)
    try cluster.waitForStep(2, of: cancelled)
    #expect(try cluster.run(["cancel", "\(cancelled)"]).status == 0)
    #expect(try cluster.run(["wait", "\(cancelled)", "--timeout", "30"]).status == 7)
  }
}
