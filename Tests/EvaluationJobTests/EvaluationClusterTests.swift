import Foundation
import TestSupport
import Testing

/// Real processes on loopback.
@Suite("An evaluation on a cluster", .serialized)
struct EvaluationClusterTests {
  private func submit(
    _ cluster: Cluster, _ quiz: Quiz, batchTokens: Int, tasks: [String] = ["quiz", "sums", "poems"], more: String = ""
  ) throws -> Int {
    let files = tasks.map { "bench/\($0).yaml" }.joined(separator: ", ")
    let file = try cluster.directory.write(
      quiz.jobFile(tasks: "[\(files)]", more: "batch_tokens: \(batchTokens)\n\(more)"), to: "job-\(batchTokens).yaml")
    let answer = try cluster.json(["submit", file.path, "--base", quiz.directory.path, "--json"], seconds: 60)
    return try #require(answer["id"] as? Int, "\(answer)")
  }

  private func results(_ cluster: Cluster, _ job: Int) throws -> [String: Data] {
    let output = cluster.directory.path + "/fetched-\(job)"
    let fetched = try cluster.run(["fetch", "\(job)", "--output", output], seconds: 60)
    #expect(fetched.status == 0, "\(fetched.error)")
    return try Quiz.files(in: output + "/eval")
  }

  @Test("leaves the same bytes on 1, 3 and 5 workers, in small and large batches, and when a worker is killed")
  func sameBytes() throws {
    let quiz = try Quiz(count: 2000)
    let alone = try Cluster(workers: 1, threads: 2)
    try alone.waitForWorkers(1)
    let first = try submit(alone, quiz, batchTokens: 64)
    #expect(try alone.waitForJob(first)["state"] as? String == "COMPLETED")
    let expected = try results(alone, first)
    #expect(expected.count == 7, "\(expected.keys.sorted())")
    #expect(expected.keys.contains("manifest.json") && expected.keys.contains("table.md"))

    // Fewer tasks of what the first job has computed: eight shards of quiz_even, one of quiz_odd, two of poems.
    let fewer = try submit(alone, quiz, batchTokens: 4096, tasks: ["quiz", "poems"])
    #expect(try alone.waitForJob(fewer)["state"] as? String == "COMPLETED")
    let events = try alone.run(["logs", "\(fewer)"]).output
    #expect(events.contains("11 of 11 shards of items were computed before and are taken over"), "\(events)")
    for (limit, sentence) in [(100, ""), (120, "2 of 3 shards of items were computed before")] {
      let limited = try submit(alone, quiz, batchTokens: 4096, tasks: ["quiz"], more: "limit: \(limit)")
      #expect(try alone.waitForJob(limited)["state"] as? String == "COMPLETED")
      let events = try alone.run(["logs", "\(limited)"]).output
      #expect(sentence.isEmpty || events.contains(sentence), "\(events)")
    }

    let three = try Cluster(workers: 3)
    try three.waitForWorkers(3)
    let job = try submit(three, quiz, batchTokens: 4096)
    var busy: [String] = []
    try three.waitUntil("a worker asks items", seconds: 60) {
      let shown = try three.show(job)
      let shards = shown["shards"] as? [[String: Any]] ?? []
      busy = shards.compactMap { $0["worker"] as? String }
      return shown["phase"] as? String == "items" && !busy.isEmpty || shown["state"] as? String == "COMPLETED"
    }
    let victim = try #require(["w0", "w1", "w2"].first { name in busy.contains { $0.contains(name) } }, "\(busy)")
    three.workers[victim]?.killGroup()
    #expect(try three.waitForJob(job)["state"] as? String == "COMPLETED")
    #expect(try results(three, job) == expected)

    let five = try Cluster(workers: 5)
    try five.waitForWorkers(5)
    let last = try submit(five, quiz, batchTokens: 512)
    #expect(try five.waitForJob(last)["state"] as? String == "COMPLETED")
    #expect(try results(five, last) == expected)
  }

  @Test("asks a model of an earlier stage only what it was not asked before")
  func earlierStagesModel() throws {
    let quiz = try Quiz()
    let cluster = try Cluster(workers: 1)
    try cluster.waitForWorkers(1)
    func events(tasks: String, steps: Int = 2) throws -> String {
      let file = try cluster.directory.write(
        """
        job: pipeline
        name: both
        stages:
          - \(Quiz.trainingStage(steps: steps))
          - {name: after, job: eval, model: "${train.model}", tasks: [\(tasks)], limit: 30}
        """, to: "pipeline.yaml")
      let answer = try cluster.json(["submit", file.path, "--base", quiz.directory.path, "--json"], seconds: 60)
      let job = try #require(answer["id"] as? Int, "\(answer)")
      #expect(try cluster.waitForJob(job, seconds: 60)["state"] as? String == "COMPLETED")
      let jobs = try cluster.status()["jobs"] as? [[String: Any]] ?? []
      let stage = try #require(
        jobs.first { $0["parent"] as? Int == job && $0["name"] as? String == "after" }?["id"] as? Int, "\(jobs)")
      return try cluster.run(["logs", "\(stage)"]).output
    }
    let first = try events(tasks: "bench/quiz.yaml")
    #expect(!first.contains("computed before"), "\(first)")
    let more = try events(tasks: "bench/quiz.yaml, bench/poems.yaml")
    #expect(more.contains("2 of 3 shards of items were computed before and are taken over"), "\(more)")
    // Of a model that was trained otherwise nothing is known.
    let other = try events(tasks: "bench/quiz.yaml", steps: 3)
    #expect(!other.contains("computed before"), "\(other)")
  }
}
