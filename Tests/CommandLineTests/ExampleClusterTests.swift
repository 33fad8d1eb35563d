import Foundation
import KernelTable
import TestSupport
import Testing

/// The files in `examples/`, as a reader of them would run them.
@Suite("Examples", .serialized)
struct ExampleClusterTests {
  let directory: TemporaryDirectory
  init() throws { directory = try TemporaryDirectory("admix-example") }

  private func admix(_ arguments: [String], seconds: Double) throws -> Subprocess {
    let process = try Subprocess(Subprocess.admix, arguments, name: "admix", in: directory.url)
    #expect(try process.waitForExit(seconds: seconds) == 0, "\(process.errorText)")
    return process
  }

  private func example(_ name: String) -> String { TestData.package.appendingPathComponent("examples/\(name)").path }

  @Test(
    "first-run.yaml trains with two workers and is shown again without them",
    .enabled(if: TestData.isPresent, "\(TestData.absence)"))
  func firstRun() throws {
    let data = try #require(TestData.folder).path
    let output = directory.path + "/out"
    let unrelated = String(repeating: "0", count: 64)
    let known = try directory.write("\(numericsVersion) \(unrelated) \(unrelated)\n", to: "known.txt")
    let arguments = [
      "run", example("first-run.yaml"), "--base", data, "--workers", "2", "--output", output, "--known", known.path,
    ]
    let first = try admix(arguments, seconds: 120).outputText
    #expect(first.contains("first-run  COMPLETED  cpt  step 60/60"), "\(first)")
    for words in ["zh_held", "en_held", "en_far", "0.3000 asked for (ALMR)", " : 1), compute waited", "not known: "] {
      #expect(first.contains(words), "\(words) in \(first)")
    }
    #expect(first.contains("tokens of zh adapt a model to those texts; they do not make it fluent"), "\(first)")
    let shown = try admix(["show", output + "/"], seconds: 10).outputText
    // All but the checkpoints' line and the verdict on the weights.
    for line in shown.split(separator: "\n") { #expect(first.contains(line), "\(line)") }
    let json = try admix(["show", output + "/", "--json"], seconds: 10).outputText
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let recipe = try #require(object["recipe_sha256"] as? String)
    let weights = try #require(object["weights_sha256"] as? String)

    // The same command finds what it has, and compares it.
    try "\(numericsVersion) \(recipe) \(weights)\n".write(to: known, atomically: true, encoding: .utf8)
    #expect(try admix(arguments, seconds: 60).outputText.contains("  known       yes: "))
    try "\(numericsVersion) \(recipe) \(recipe)\n".write(to: known, atomically: true, encoding: .utf8)
    let other = try Subprocess(Subprocess.admix, arguments, name: "admix", in: directory.url)
    #expect(try other.waitForExit(seconds: 60) == 1)
    #expect(other.outputText.contains("  known       NO: for these inputs"), "\(other.outputText)")
  }

  @Test("pipeline.yaml is valid", .enabled(if: TestData.isPresent, "\(TestData.absence)"))
  func pipeline() throws {
    let data = try #require(TestData.folder).path
    let answer = try admix(["validate", example("pipeline.yaml"), "--base", data], seconds: 60).outputText
    #expect(answer.contains("is valid: pipeline pipeline"))
  }

  @Test(
    "A sweep that takes more hours than its budget is refused with both",
    .enabled(if: TestData.isPresent, "\(TestData.absence)"))
  func hours() throws {
    let data = try #require(TestData.folder).path
    let text = try String(contentsOfFile: example("sweep.yaml"), encoding: .utf8)
    for (hours, status) in [("0.000001", Int32(4)), ("1000", 0)] {
      let changed = text.replacingOccurrences(of: "budget: {tokens: 1M}", with: "budget: {hours: \(hours)}")
      #expect(changed != text)
      let job = try directory.write(changed, to: "sweep.yaml")
      let process = try Subprocess(
        Subprocess.admix, ["run", job.path, "--base", data, "--dry-run"], name: "admix", in: directory.url)
      #expect(try process.waitForExit(seconds: 60) == status, "\(process.errorText)")
      #expect(process.errorText.contains("4 cells take about"), "\(process.errorText)")
    }
  }

  @Test("llama3-8b-to-70b.yaml is priced from its two config.json alone")
  func llama() throws {
    func configuration(_ hidden: Int, _ inner: Int, layers: Int, heads: Int) -> String {
      """
      {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "vocab_size": 128256,
       "hidden_size": \(hidden), "intermediate_size": \(inner), "num_hidden_layers": \(layers),
       "num_attention_heads": \(heads), "num_key_value_heads": 8, "max_position_embeddings": 8192,
       "rms_norm_eps": 1e-05, "rope_theta": 500000.0, "tie_word_embeddings": false}
      """
    }
    try directory.write(configuration(4096, 14336, layers: 32, heads: 32), to: "llama-3-8b/config.json")
    try directory.write(configuration(8192, 28672, layers: 80, heads: 64), to: "llama-3-70b/config.json")
    let priced = try admix(
      [
        "plan", example("llama3-8b-to-70b.yaml"), "--base", directory.path, "--workers", "64", "--threads", "64",
        "--memory", "1T", "--link", "10Gbit", "--throughput", "4000",
      ], seconds: 30
    ).outputText
    for words in ["25 cells of 120, 240, 477 steps", "8,030,261,248", "70,553,706,496", "does not fit"] {
      #expect(priced.contains(words), "\(words) in \(priced)")
    }
  }

  @Test("llama3-8b-to-70b.yaml is valid, with small models and texts under its names")
  func llamaStandIns() throws {
    let tiny = try TinyJob()
    for name in ["llama-3-8b", "llama-3-70b"] {
      try FileManager.default.copyItem(at: tiny.file("model"), to: directory.url.appendingPathComponent(name))
    }
    for name in ["zh", "en", "en-independent"] {
      try directory.write(TinyJob.lines(of: name, count: 400), to: "\(name).jsonl")
    }
    let text = try String(contentsOfFile: example("llama3-8b-to-70b.yaml"), encoding: .utf8)
      .replacingOccurrences(of: ".jsonl.zst", with: ".jsonl")
      .replacingOccurrences(of: "sequence_length: 8192", with: "sequence_length: 64")
      .replacingOccurrences(of: "fraction: 0.001", with: "fraction: 0.1")
    let job = try directory.write(text, to: "job.yaml")
    let valid = try admix(["validate", job.path, "--base", directory.path], seconds: 60).outputText
    #expect(valid.contains("is valid: pipeline llama3-8b-to-70b"), "\(valid)")
  }

  @Test("paper-in-miniature.yaml is valid and says what it would do")
  func miniature() throws {
    let chats = TestData.package.appendingPathComponent("examples/chats")
    for name in try FileManager.default.contentsOfDirectory(atPath: chats.path) {
      try FileManager.default.copyItem(
        at: chats.appendingPathComponent(name), to: directory.url.appendingPathComponent(name))
    }
    for (name, kind) in [
      ("zh", "poem"), ("zh-held", "verse"), ("en", "story"), ("en-held", "tale"), ("sayings", "saying"),
    ] {
      try directory.write(TinyJob.lines(of: kind, count: 50), to: "\(name).jsonl")
    }
    let arguments = [example("paper-in-miniature.yaml"), "--base", directory.path]
    #expect(try admix(["validate"] + arguments, seconds: 60).outputText.contains("is valid"))
    let dry = try admix(["run", "--dry-run"] + arguments, seconds: 60).outputText
    for words in ["confirm  sweep  ← choose, large", "cells  32 shards", "cells  3 shards", "train  400 steps"] {
      #expect(dry.contains(words), "\(words) in \(dry)")
    }
    #expect(!FileManager.default.fileExists(atPath: directory.path + "/out"))
  }

  @Test(
    "sft.yaml and dpo.yaml are valid", .enabled(if: TestData.isPresent, "\(TestData.absence)"),
    arguments: ["sft", "dpo"])
  func tuning(name: String) throws {
    let data = try #require(TestData.folder).path
    let answer = try admix(["validate", example("\(name).yaml"), "--base", data], seconds: 60).outputText
    #expect(answer.contains("is valid: \(name) \(name)"), "\(answer)")
  }

  @Test("A directory without results, or with spoiled ones, is named")
  func noResults() throws {
    let process = try Subprocess(Subprocess.admix, ["show", "./"], name: "admix", in: directory.url)
    #expect(try process.waitForExit(seconds: 10) == 6)
    #expect(process.errorText.contains("/result.json: there are no results"), "\(process.errorText)")
    try directory.write("{\"state\": ", to: "result.json")
    let spoiled = try Subprocess(Subprocess.admix, ["show", "./"], name: "admix", in: directory.url)
    #expect(try spoiled.waitForExit(seconds: 10) == 2)
    #expect(spoiled.errorText.contains("is not JSON"), "\(spoiled.errorText)")
  }
}
