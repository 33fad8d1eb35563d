import Foundation
import Results
import Testing
import WireProtocol

@Suite("Output tree")
struct OutputTreeTests {
  let store = FakeStore()
  let job = JobID(1)

  func finished() -> JobDetail {
    SampleCluster.detail(
      SampleCluster.job(1, "first-run", .completed, step: 60),
      checkpoints: [(20, store.tree("checkpoint", ["state": "20"])), (40, store.tree("checkpoint", ["state": "40"]))],
      outputs: [
        store.tree("model", ["config.json": "{}", "model.safetensors": "weights"]),
        store.tree("checkpoint", ["state": "60", "model/config.json": "{}"]),
        store.tree("ledger", ["ledger.json": "{\"rows\": 1920}"]),
      ], results: [SampleCluster.trainingResult])
  }

  @Test("A finished job's directory has everything in its place")
  func finishedTree() throws {
    let directory = try OutputDirectory()
    store.details[job] = finished()
    store.rows = ResultObjectTests.rows
    let result = try OutputTree(directory: directory.path).update(job, from: store)
    #expect(
      directory.files == [
        "checkpoints/step-000040/state", "checkpoints/step-000060/model/config.json", "checkpoints/step-000060/state",
        "job.yaml", "ledger.json", "metrics.jsonl", "model/config.json",
        "model/model.safetensors", "result.json",
      ])
    #expect(directory.text("job.yaml") == "job: cpt\nname: first-run\n")
    #expect(directory.text("ledger.json") == "{\"rows\": 1920}")
    #expect(result["model"] == .string("\(directory.path)/model"))
    #expect(result["checkpoint"] == .string("\(directory.path)/checkpoints/step-000060"))
    #expect(JSONNode(parsing: try #require(directory.text("result.json")))?["weights_sha256"] == "ab")
    let lines = try #require(directory.text("metrics.jsonl")).split(separator: "\n")
    #expect(lines.count == 60)
    #expect(lines[1] == "{\"step\": 2, \"time\": 1001.0, \"loss\": 2.5}")
  }

  @Test("While the job runs checkpoints come and go, and steps are added, none twice")
  func growing() throws {
    let directory = try OutputDirectory()
    var running = finished()
    running.status = SampleCluster.job(1, "first-run", .running, step: 25)
    running.outputs = []
    running.checkpoints = Array(running.checkpoints.prefix(1))
    store.details[job] = running
    store.rows = Array(ResultObjectTests.rows.prefix(25))
    let tree = try OutputTree(directory: directory.path)
    try tree.update(job, from: store)
    #expect(directory.files == ["checkpoints/step-000020/state", "job.yaml", "metrics.jsonl"])

    // Another process goes on, as after a crash in the middle of a line.
    let metrics = "\(directory.path)/metrics.jsonl"
    let text = try #require(directory.text("metrics.jsonl"))
    for cut in [text.count - 1, text.count - 10, 5, 0] {
      try String(text.prefix(cut)).write(toFile: metrics, atomically: false, encoding: .utf8)
      try OutputTree(directory: directory.path).update(job, from: store)
      #expect(directory.text("metrics.jsonl") == text, "cut at \(cut)")
    }

    running.status.step = 45
    running.checkpoints = [JobDetail.SavedCheckpoint(step: 40, tree: store.tree("checkpoint", ["state": "40"]))]
    store.details[job] = running
    store.rows = Array(ResultObjectTests.rows.prefix(45))
    try tree.update(job, from: store)
    #expect(directory.files == ["checkpoints/step-000040/state", "job.yaml", "metrics.jsonl"])
    #expect(directory.text("metrics.jsonl")?.split(separator: "\n").count == 45)
  }

  @Test("A download that breaks off leaves nothing under the final name, and the next one goes on")
  func brokenDownload() throws {
    let directory = try OutputDirectory()
    store.details[job] = finished()
    store.rows = ResultObjectTests.rows
    for count in 0..<5 {
      store.filesUntilCut = count
      #expect(throws: FakeStore.Cut.self) { try OutputTree(directory: directory.path).update(job, from: store) }
      #expect(directory.text("result.json") == nil)
      let model = directory.files.filter { $0.hasPrefix("model/") }
      #expect(model.isEmpty || model.count == 2)
      let last = directory.files.filter { $0.hasPrefix("checkpoints/step-000060/") }
      #expect(last.isEmpty || last.count == 2)
    }
    store.filesUntilCut = .max
    try OutputTree(directory: directory.path).update(job, from: store)
    #expect(directory.files.count == 9)
    #expect(!directory.files.contains { $0.contains("partial") })
    // No file was sent twice over all attempts.
    #expect(store.filesWritten == 6)
  }

  @Test("A file that was damaged since is mended, the others are left alone")
  func mending() throws {
    let directory = try OutputDirectory()
    store.details[job] = finished()
    try OutputTree(directory: directory.path).update(job, from: store)
    let before = store.filesWritten
    try "bad".write(toFile: "\(directory.path)/model/config.json", atomically: false, encoding: .utf8)
    try OutputTree(directory: directory.path).update(job, from: store)
    #expect(directory.text("model/config.json") == "{}")
    // The ledger is a file by itself and is always written anew.
    #expect(store.filesWritten == before + 2)
  }

  @Test("A pipeline's stages lie below stages/")
  func stages() throws {
    let directory = try OutputDirectory()
    store.details[JobID(1)] = SampleCluster.detail(
      SampleCluster.job(1, "house", .completed, steps: 0), children: [2])
    var child = finished()
    child.status = SampleCluster.job(2, "first", .completed, parent: 1, step: 60)
    store.details[JobID(2)] = child
    let result = try OutputTree(directory: directory.path).update(job, from: store)
    #expect(directory.files.contains("stages/first/model/model.safetensors"))
    #expect(result["stages"]?["first"]?["weights_sha256"] == "ab")
    child.status.name = "../first"
    store.details[JobID(2)] = child
    #expect(throws: OutputError.self) { try OutputTree(directory: directory.path).update(job, from: store) }
  }

  @Test("A directory is claimed by its recipe: resumed, refused, or set aside")
  func claims() throws {
    let directory = try OutputDirectory()
    let output = "\(directory.path)/deep/out"
    let first = Digest.zero
    let second = try #require(Digest([UInt8](repeating: 7, count: 32)))
    #expect(try OutputClaim.claim(output, recipe: first, force: false) == .new)
    #expect(try OutputClaim.claim(output, recipe: first, force: false) == .same)
    do {
      _ = try OutputClaim.claim(output, recipe: second, force: false)
      Issue.record("another recipe's results were taken over")
    } catch {
      #expect(
        String(describing: error)
          == "\(output): holds the results of another recipe (000000000000, this one is 070707070707). "
          + "Give another --output, or --force to rename what is there")
    }
    var renamed = ""
    #expect(try OutputClaim.claim(output, recipe: second, force: true) { renamed = $0 } == .new)
    #expect(renamed == output + ".1")
    #expect(try OutputClaim.claim(output, recipe: first, force: true) == .new)
    #expect(try OutputClaim.claim(output + ".2", recipe: second, force: false) == .same)
    // Two recipes of one family have a directory in turn, and a result of the one is none of the other.
    let family = OutputClaim.Family(digest: second, results: ["eval"])
    let shared = "\(directory.path)/shared"
    #expect(try OutputClaim.claim(shared, recipe: first, family: family, force: false) == .new)
    for name in ["result.json", "eval/table.md", "notes.txt", ".admix/journal"] {
      try FileManager.default.createDirectory(atPath: "\(shared)/eval", withIntermediateDirectories: true)
      try "x".write(toFile: "\(shared)/\(name)", atomically: false, encoding: .utf8)
    }
    #expect(try OutputClaim.claim(shared, recipe: first, family: family, force: false) == .same)
    #expect(FileManager.default.fileExists(atPath: "\(shared)/eval/table.md"))
    #expect(try OutputClaim.claim(shared, recipe: second, family: family, force: false) == .related)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: shared).sorted() == [".admix", "notes.txt"]
        && FileManager.default.fileExists(atPath: "\(shared)/.admix/journal"))
    #expect(try OutputClaim.claim(shared, recipe: second, family: family, force: false) == .same)
    let other = OutputClaim.Family(digest: first, results: ["eval"])
    for stranger in [other, nil] {
      #expect(throws: OutputError.self) {
        try OutputClaim.claim(shared, recipe: first, family: stranger, force: false)
      }
    }
    try FileManager.default.createDirectory(atPath: "\(directory.path)/mine", withIntermediateDirectories: true)
    try "x".write(toFile: "\(directory.path)/mine/thesis.txt", atomically: false, encoding: .utf8)
    #expect(throws: OutputError.self) {
      try OutputClaim.claim("\(directory.path)/mine", recipe: first, force: false)
    }
    #expect(throws: OutputError.self) {
      try OutputClaim.claim("\(directory.path)/mine/thesis.txt", recipe: first, force: true)
    }
  }
}
