import Foundation
import Glibc
import TestSupport
import Testing

/// `admix run`, with a coordinator and workers of its own. Named so that it runs with the tests on real processes.
@Suite("Run", .serialized, .enabled(if: TestData.isPresent, "\(TestData.absence)"))
struct RunClusterTests {
  let directory: TemporaryDirectory
  let recipe = GoldenRecipe.named(.stories, "bf16")

  init() throws { directory = try TemporaryDirectory("admix-run") }

  @Test("gives the golden weights, and everything in the output directory", arguments: [1, 2])
  func golden(workers: Int) throws {
    let result = try finish(try start(steps: 8, output: "out", workers: workers))
    #expect(result["weights_sha256"] as? String == recipe.weightsSHA256)
    #expect(result["state"] as? String == "COMPLETED")
    #expect(result["model"] as? String == directory.path + "/out/model")
    let checkpoint = try #require(result["checkpoint"] as? String)
    #expect(checkpoint == directory.path + "/out/checkpoints/step-000008")
    #expect(FileManager.default.fileExists(atPath: checkpoint + "/training_state.safetensors"))
    #expect(try metricSteps("out") == Array(1...8))
    for key in ["validation", "mixture", "wire", "peak_memory_bytes", "tokens_per_second"] {
      #expect(result[key] != nil && !(result[key] is NSNull), "\(key)")
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: directory.path + "/out/.admix")
    #expect(left == ["output.json"])
  }

  @Test("finds its finished output again, refuses another recipe's, and sets it aside with --force")
  func existingOutput() throws {
    let first = try finish(try start(steps: 4, output: "out"))
    let again = try finish(try start(steps: 4, output: "out"))
    #expect(NSDictionary(dictionary: first) == NSDictionary(dictionary: again))
    let other = try start(steps: 6, output: "out")
    #expect(try other.waitForExit(seconds: 30) == 2)
    #expect(other.errorText.contains("holds the results of another recipe"), "\(other.errorText)")
    #expect(try finish(try start(steps: 6, output: "out", extra: ["--force"]))["steps"] as? Int == 6)
    #expect(FileManager.default.fileExists(atPath: directory.path + "/out.1/result.json"))
  }

  @Test("pauses at the first Ctrl-C with a checkpoint; the same command goes on to the same weights")
  func interrupted() throws {
    let undisturbed = try finish(try start(steps: 80, output: "whole"))
    let run = try start(steps: 80, output: "out")
    try waitForStep(5, in: "out")
    // Its inputs lie on the disk once: in the coordinator's store, to which the runner's directory links.
    #expect(try files(below: "out/.admix/coordinator/blobs").count > 2)
    #expect(try files(below: "out/.admix/worker-1/blobs").isEmpty)
    #expect(try !files(below: "out/.admix/worker-1/runs").isEmpty)
    run.send(SIGINT)
    #expect(try run.waitForExit(seconds: 30) == 7, "\(run.errorText)")
    let paused = try object(at: "out/result.json")
    #expect(paused["state"] as? String == "PAUSED")
    let step = try #require(paused["steps"] as? Int)
    #expect((5..<80).contains(step))
    let name = "step-" + String(repeating: "0", count: 6 - "\(step)".count) + "\(step)"
    #expect(FileManager.default.fileExists(atPath: "\(directory.path)/out/checkpoints/\(name)"))
    let result = try finish(try start(steps: 80, output: "out"))
    #expect(result["weights_sha256"] as? String == undisturbed["weights_sha256"] as? String)
    #expect(try metricSteps("out") == Array(1...80))
  }

  @Test("stops at once at the second Ctrl-C")
  func interruptedTwice() throws {
    let run = try start(steps: 4000, output: "out")
    try waitForStep(2, in: "out")
    run.send(SIGINT)
    usleep(50_000)
    run.send(SIGINT)
    #expect(try run.waitForExit(seconds: 10) == 7, "\(run.errorText)")
    #expect(try processes(mentioning: directory.path).isEmpty)
  }

  @Test("killed outright, it leaves no process behind, and goes on to the same weights")
  func killed() throws {
    let undisturbed = try finish(try start(steps: 40, output: "whole"))
    let run = try start(steps: 40, output: "out", workers: 2)
    try waitForStep(5, in: "out")
    run.killAndWait()
    let end = ContinuousClock.now + .seconds(10)
    while try !processes(mentioning: directory.path).isEmpty, ContinuousClock.now < end { usleep(50_000) }
    #expect(try processes(mentioning: directory.path).isEmpty)
    let result = try finish(try start(steps: 40, output: "out"))
    #expect(result["weights_sha256"] as? String == undisturbed["weights_sha256"] as? String)
    #expect(try metricSteps("out") == Array(1...40))
  }

  @Test("a pipeline's second stage starts from the first one's model")
  func pipeline() throws {
    let job = try directory.write(
      """
      job: pipeline
      stages:
        - name: first
          job: cpt
          model: models/stories260K/hf
          sources: &sources
            - {name: zh, role: added, paths: [corpora/zh_linux_command.jsonl.gz]}
            - {name: en, role: retained, paths: [corpora/en_shakespeare.jsonl.gz]}
          mixture: {almr: 0.3}
          recipe: &recipe {steps: 3, sequence_length: 64, global_batch_size: 16, learning_rate: 1.0e-3, warmup_steps: 1}
        - {name: second, job: cpt, model: "${first.model}", sources: *sources, mixture: {almr: 0.5}, recipe: *recipe}
      """, to: "pipeline.yaml")
    let run = try Subprocess(
      Subprocess.admix, ["run", job.path, "--output", "out", "--json"] + base, name: "pipeline", in: directory.url)
    let result = try finish(run)
    let stages = try #require(result["stages"] as? [String: [String: Any]])
    #expect(stages["first"]?["state"] as? String == "COMPLETED")
    #expect(stages["second"]?["steps"] as? Int == 3)
    #expect(stages["first"]?["weights_sha256"] as? String != stages["second"]?["weights_sha256"] as? String)
    #expect(FileManager.default.fileExists(atPath: directory.path + "/out/stages/second/model/model.safetensors"))
    let again = try Subprocess(
      Subprocess.admix, ["run", job.path, "--output", "out", "--from", "second"] + base, name: "again",
      in: directory.url)
    #expect(try again.waitForExit(seconds: 30) == 2)
    #expect(
      again.errorText.contains("out is finished") && again.errorText.contains("--force without --from"),
      "\(again.errorText)")
  }

  // MARK: what the tests share

  private var base: [String] { ["--base", TestData.folder?.path ?? ".", "--timing-scale", "0.1", "--threads", "1"] }

  private func start(steps: Int, output: String, workers: Int = 1, extra: [String] = []) throws -> Subprocess {
    let job = try directory.write(
      recipe.jobFile(configuration: "", output: "unused", steps: steps), to: "job-\(steps).yaml")
    return try Subprocess(
      Subprocess.admix, ["run", job.path, "--output", output, "--workers", "\(workers)", "--json"] + base + extra,
      name: "run", in: directory.url)
  }

  private func finish(_ run: Subprocess) throws -> [String: Any] {
    let status = try run.waitForExit(seconds: 120)
    guard status == 0, let object = try? JSONSerialization.jsonObject(with: Data(run.outputText.utf8)) as? [String: Any]
    else { throw TestFailure("run ended with \(status):\n\(run.outputText)\n\(run.errorText)") }
    return object
  }

  private func object(at path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: directory.url.appendingPathComponent(path))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func metricSteps(_ output: String) throws -> [Int] {
    let text = try String(contentsOf: directory.url.appendingPathComponent("\(output)/metrics.jsonl"), encoding: .utf8)
    return text.split(separator: "\n").map { line in
      (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["step"] as? Int ?? -1
    }
  }

  private func files(below folder: String) throws -> [String] {
    let base = "\(directory.path)/\(folder)"
    return try FileManager.default.subpathsOfDirectory(atPath: base).filter {
      try FileManager.default.attributesOfItem(atPath: "\(base)/\($0)")[.type] as? FileAttributeType == .typeRegular
    }
  }

  private func waitForStep(_ step: Int, in output: String) throws {
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
      if let steps = try? metricSteps(output), steps.count >= step { return }
      usleep(20_000)
    }
    throw TestFailure("no step \(step) within 60 s in \(output)")
  }

  /// Command lines of living processes that name this test's directory: workers by their cache, runners by their cwd.
  private func processes(mentioning path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }.compactMap { process in
      guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/cmdline"), !bytes.isEmpty else {
        return nil
      }
      let line = String(decoding: bytes.map { $0 == 0 ? 32 : $0 }, as: UTF8.self)
      let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")
      let isOurs = line.contains(path) || (folder ?? "").hasPrefix(path)
      return isOurs && line.contains("admix") ? line : nil
    }
  }
}
