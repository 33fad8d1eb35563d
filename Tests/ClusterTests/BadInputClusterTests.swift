import Foundation
import Glibc
import TestSupport
import Testing

extension ClusterTests {
  @Suite("Bad input", .serialized)
  struct BadInput {
    let job: TinyJob

    init() throws { job = try TinyJob() }

    /// `admix run` on the folder's job, with a tenth of the usual leases.
    private func run(_ extra: [String] = []) throws -> (status: Int32, output: String, error: String) {
      try job.admix(["run", "job.yaml", "--timing-scale", "0.1", "--threads", "1"] + extra, seconds: 90)
    }

    private func result() throws -> [String: Any] {
      let data = try Data(contentsOf: job.file("out/result.json"))
      return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    /// A job long enough for something to happen to it, and the weights that it gives when nothing does.
    private static let long: [TinyJob.Change] = [
      ("steps: 20", "steps: 1500"), ("every_steps: 5, keep: 2", "every_steps: 200, keep: 2"),
    ]
    private static let undisturbed = Result {
      let job = try TinyJob()
      try job.write(long)
      let ended = try job.admix(["run", "job.yaml", "--json"])
      let object = try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
      return try #require(object?["weights_sha256"] as? String, "\(ended.error)")
    }

    @Test(
      "in the middle of a text fails the job with file and line, exit code 1, and leaves no model",
      arguments: ["no text", "not UTF-8", "half of a gzip file"])
    func spoiledText(defect: String) throws {
      try job.write()
      let says: [String]
      switch defect {
      case "no text":
        let lines = TinyJob.lines(of: "poem", count: 400)
          .replacingOccurrences(of: #"{"id": 57, "text""#, with: #"{"id": 57, "txet""#)
        try job.directory.write(lines, to: "zh.jsonl")
        says = ["zh.jsonl: line 57: no field \"text\"", "txet", "text_field"]
      case "not UTF-8":
        var bytes = [UInt8](TinyJob.lines(of: "poem", count: 400).utf8)
        let place = try #require(bytes.lastIndex(of: UInt8(ascii: ",")))
        bytes[place + 1] = 0xFF
        try Data(bytes).write(to: job.file("zh.jsonl"))
        says = ["zh.jsonl: line 400: not UTF-8 (byte 0xFF)", "convert the file"]
      default:
        #expect(try job.run("/usr/bin/gzip", ["zh.jsonl"]).status == 0)
        let whole = try Data(contentsOf: job.file("zh.jsonl.gz"))
        try whole.prefix(whole.count - 20).write(to: job.file("zh.jsonl.gz"))
        try job.write([("zh.jsonl", "zh.jsonl.gz")])
        says = ["zh.jsonl.gz: half-gzipped", "fetch or compress it again"]
      }
      let ended = try run()
      #expect(ended.status == 1, "\(ended.error)")
      for word in says { #expect(ended.error.contains(word), "\(ended.error)") }
      #expect(!ended.error.contains(".admix"), "a path that only the worker knows: \(ended.error)")
      #expect(try result()["state"] as? String == "FAILED")
      #expect(!FileManager.default.fileExists(atPath: job.file("out/model").path))
    }

    @Test("Weights that are no numbers fail the job before its first step; the tensor is named")
    func brokenWeights() throws {
      try job.write()
      var draft = SafetensorsDraft.tiny()
      draft.values[7] = .nan
      try draft.bytes.write(to: job.file("model/model.safetensors"))
      let ended = try run()
      #expect(ended.status == 1, "\(ended.error)")
      #expect(ended.error.contains("model.embed_tokens.weight: element 7 is nan"), "\(ended.error)")
    }

    @Test("A loss that turns NaN stops the job, names the step, and the last good checkpoint is there")
    func divergence() throws {
      // Each step multiplies the weights by 1 - 10 * 10.
      try job.write([
        ("1.0e-3", "10"), ("weight_decay: 0.1", "weight_decay: 10"), ("every_steps: 5,", "every_steps: 2,"),
      ])
      let ended = try run()
      #expect(ended.status == 1, "\(ended.error)")
      let failed = try result()
      #expect(failed["state"] as? String == "FAILED")
      let step = try #require(failed["steps"] as? Int)
      let reason = try #require(failed["reason"] as? String)
      #expect((3..<19).contains(step), "\(reason)")
      #expect(reason.contains("step \(step + 1) has no result"), "\(reason)")
      #expect(reason.contains("recipe.learning_rate"), "\(reason)")
      // The one that was still being written went with the runner.
      let words = try #require(reason.firstMatch(of: /the checkpoint of step (\d+) is kept/), "\(reason)")
      let kept = try #require(Int(words.1))
      #expect(kept > 0 && kept % 2 == 0 && kept <= step)
      let name = "out/checkpoints/step-0000" + (kept < 10 ? "0" : "") + "\(kept)"
      #expect(FileManager.default.fileExists(atPath: job.file(name + "/training_state.safetensors").path))
      #expect(!FileManager.default.fileExists(atPath: job.file("out/model").path))
    }

    @Test("A run whose checkpoints are replaced while it fetches them goes on")
    func shortLivedCheckpoints() throws {
      try job.write([("every_steps: 5, keep: 2", "every_steps: 1, keep: 1"), ("steps: 20", "steps: 120")])
      let ended = try run(["--json"])
      #expect(ended.status == 0, "\(ended.error)")
      #expect(try result()["state"] as? String == "COMPLETED")
      let left = try FileManager.default.contentsOfDirectory(atPath: job.file("out/checkpoints").path)
      #expect(left.count <= 2 && left.contains("step-000120"), "\(left)")
    }

    // MARK: Commands

    @Test("A worker's cache may be named relative to where it starts")
    func relativeCache() throws {
      try job.write()
      let cluster = try Cluster()
      let worker = try job.start([
        "worker", "--coordinator", cluster.address, "--cache", "cache", "--threads", "1", "--timing-scale", "0.1",
      ])
      defer { worker.killGroup() }
      let answer = try cluster.json(["submit", job.file("job.yaml").path, "--json"])
      let id = try #require(answer["id"] as? Int)
      #expect(try cluster.run(["wait", "\(id)", "--timeout", "30"]).status == 0)
      let unknown = try cluster.run(["show", "tinny"])
      #expect(unknown.status == 6)
      #expect(unknown.error.contains("no job is named `tinny`") && unknown.error.contains("`tiny`"), "\(unknown.error)")
    }

    @Test("Watching ends when nobody reads any more")
    func pipes() throws {
      let cluster = try Cluster(workers: 0)
      try job.write()
      _ = try cluster.json(["submit", job.file("job.yaml").path, "--json"])
      for command in ["status --watch", "status --watch --json"] {
        let ended = try job.run(
          "/bin/bash", ["-c", "set -o pipefail; timeout 10 '\(Subprocess.admix.path)' \(command) | head -n 1"],
          environment: ["ADMIX_COORDINATOR": cluster.address])
        #expect(ended.status == 0, "\(command): \(ended.error)")
        #expect(ended.output.split(separator: "\n").count == 1, "\(ended.output)")
      }
    }

    @Test("SIGTERM ends worker and coordinator in order; started again, they finish the job with the same weights")
    func terminated() throws {
      let file = try job.write(Self.long)
      let cluster = try Cluster(workers: 1)
      try cluster.waitForWorkers(1)
      let answer = try cluster.json(["submit", file, "--json"])
      let id = try #require(answer["id"] as? Int)
      try cluster.waitForStep(250, of: id)
      let worker = try #require(cluster.workers["w0"])
      let coordinator = try #require(cluster.coordinator)
      let runners = Cluster.children(of: worker.processID)
      worker.send(SIGTERM)
      #expect(try worker.waitForExit(seconds: 5) == 0, "\(worker.errorText)")
      #expect(runners.allSatisfy { kill($0, 0) != 0 }, "a runner outlived its worker")
      coordinator.send(SIGTERM)
      #expect(try coordinator.waitForExit(seconds: 5) == 0, "\(coordinator.errorText)")
      try cluster.startCoordinator()
      try cluster.startWorker("w0")
      #expect(try cluster.waitForJob(id)["weights_sha256"] as? String == (try Self.undisturbed.get()))
    }

    // MARK: A full disk

    private static let hasPrivateMounts =
      (try? TinyJob().run("/usr/bin/unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status) == 0

    @Test(
      "A disk that is full pauses the job with host and path; with room again it ends with the same weights",
      .enabled(if: hasPrivateMounts, "no user namespaces"), arguments: ["cache", "state"])
    func fullDisk(side: String) throws {
      try job.write(Self.long)
      let script = TestData.package.appendingPathComponent("Tests/ClusterTests/full-disk.sh").path
      let directory = job.directory.path
      let ended = try job.run(
        "/usr/bin/unshare",
        [
          "-rm", "bash", script, side, Subprocess.admix.path, job.file("job.yaml").path, directory, directory,
          "127.0.0.1:\(try Cluster.freePort())",
        ], seconds: 120)
      func object(_ name: String) throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: try Data(contentsOf: job.file(name))) as? [String: Any] ?? [:]
      }
      #expect(ended.status == 0, "\(ended.error)")
      let reason = try #require(try object("paused.json")["reason"] as? String)
      #expect(reason.contains("could not write the checkpoint of step"), "\(reason)")
      #expect(reason.contains("\(directory)/\(side)"), "\(reason)")
      #expect(reason.contains(ProcessInfo.processInfo.hostName.split(separator: ".")[0]), "\(reason)")
      let events = try String(contentsOf: job.file("events.txt"), encoding: .utf8)
      #expect(events.contains("is PAUSED") && events.contains("is COMPLETED"), "\(events)")
      #expect(try object("result.json")["weights_sha256"] as? String == (try Self.undisturbed.get()))
    }

    // MARK: A checkpoint that is damaged in the store

    @Test(
      "A newest checkpoint that is damaged gives way to the one before, which is said; the weights are the same",
      arguments: ["cut at 4 KiB", "cut at 32 KiB", "one bit", "gone"])
    func damagedCheckpoint(damage: String) throws {
      let file = try job.write(Self.long)
      let cluster = try Cluster(workers: 1)
      try cluster.waitForWorkers(1)
      let answer = try cluster.json(["submit", file, "--json"])
      let id = try #require(answer["id"] as? Int)
      try cluster.waitUntil("two checkpoints", seconds: 40) {
        try cluster.run(["logs", "\(id)"]).output.components(separatedBy: "is durable").count > 2
      }
      cluster.stop()
      try spoilNewestTrainingState(in: cluster.directory.path + "/state/blobs", damage)
      try FileManager.default.removeItem(atPath: cluster.directory.path + "/cache-w0")
      try cluster.startCoordinator()
      try cluster.startWorker("w0")
      #expect(try cluster.waitForJob(id)["weights_sha256"] as? String == (try Self.undisturbed.get()))
      let events = try cluster.run(["logs", "\(id)"]).output
      #expect(events.contains("is not whole in the store; an older one serves"), "\(events)")
      #expect(events.contains("are computed again"), "\(events)")
    }

    /// Training states are known by their size: weights twice, with their names.
    private func spoilNewestTrainingState(in store: String, _ damage: String) throws {
      let files = FileManager.default
      let blobs = try #require(files.enumerator(atPath: store)).compactMap { $0 as? String }.map { store + "/" + $0 }
      let states = try blobs.filter { path in
        let head = try? FileHandle(forReadingFrom: URL(fileURLWithPath: path)).read(upToCount: 65_536)
        let isTensors = head.map { String(decoding: $0, as: UTF8.self).contains("__metadata__") } ?? false
        let size = try files.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        return isTensors && size > 200_000
      }
      let newest = try states.max { one, other in try modified(one) < modified(other) }
      let path = try #require(newest, "no training state among \(blobs.count) blobs")
      try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      switch damage {
      case "cut at 4 KiB": bytes = bytes.prefix(4096)
      case "cut at 32 KiB": bytes = bytes.prefix(32_768)
      case "one bit": bytes[bytes.count / 2] ^= 4
      default: return try files.removeItem(atPath: path)
      }
      try bytes.write(to: URL(fileURLWithPath: path))
    }

    private func modified(_ path: String) throws -> Date {
      try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date ?? .distantPast
    }
  }
}
