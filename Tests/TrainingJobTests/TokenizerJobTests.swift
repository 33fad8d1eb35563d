import Foundation
import JobFiles
import JobKit
import KernelTable
import TestSupport
import Testing
import Tokenizers
import TrainingJobs
import WireProtocol

@Suite("A tokenizer job")
struct TokenizerJobTests {
  private func plan(_ text: String, jobTypes: [any JobType] = [TokenizerJob()]) throws -> PlannedJob {
    let directory = try TemporaryDirectory()
    try directory.write(TinyJob.lines(of: "story", count: 300), to: "en.jsonl")
    let file = try directory.write(text, to: "job.yaml")
    return try PlannedJob(try JobFile(readingFrom: file.path), jobTypes: jobTypes)
  }

  @Test("learns what the command learns, the same bytes with any number of threads")
  func learns() throws {
    var files: [[String]] = []
    for threads in [1, 3] {
      let directory = try TemporaryDirectory()
      try directory.write(TinyJob.lines(of: "story", count: 300), to: "en.jsonl")
      let file = try directory.write(
        "job: tokenizer\npaths: [en.jsonl]\nvocab_size: 300\n", to: "job.yaml")
      let run = try InProcessRun(
        jobFile: file, base: directory.url, scratch: directory.url.appendingPathComponent("scratch"),
        job: TokenizerJob(), threads: threads)
      try run.runShards()
      let tree = try #require(run.phaseOutputs.first?.first)
      #expect(tree.name == "tokenizer")
      files.append(
        try ["tokenizer.json", "tokenizer_config.json"].map {
          try String(contentsOfFile: "\(tree.directory)/\($0)", encoding: .utf8)
        })
      #expect(run.results == [try #require(run.results.first)])
      #expect(run.results[0].contains("\"vocab_size\":300"))
    }
    #expect(files[0] == files[1])
    let learning = VocabularyLearning(vocabularySize: 300)
    let directory = try TemporaryDirectory()
    let text = try directory.write(TinyJob.lines(of: "story", count: 300), to: "en.jsonl")
    let result = try learning.learn(try learning.count([text.path], threads: 1))
    #expect(String(decoding: result.json, as: UTF8.self) == files[0][0])
  }

  @Test("is computed once for the same texts and settings")
  func cached() throws {
    func key(_ extra: String) throws -> Digest? {
      let plan = try plan("job: tokenizer\npaths: [en.jsonl]\nvocab_size: 300\n\(extra)").plan
      guard case .sharded(let shards) = plan.phases[0].work else { return nil }
      return shards[0].cacheKey
    }
    #expect(try key("") != nil)
    #expect(try key("") == key("name: other\n"))
    #expect(try key("") != key("min_frequency: 2\n"))
  }

  static let mistakes: [(text: String, says: [String])] = [
    ("job: tokenizer\nvocab_size: 300\n", ["paths", "missing"]),
    ("job: tokenizer\npaths: [en.jsonl]\n", ["vocab_size", "missing"]),
    ("job: tokenizer\npaths: [en.jsonl]\nvocab_size: 12\n", ["vocab_size", "257"]),
    ("job: tokenizer\npaths: [en.jsonl]\nvocab_size: 257\nspecial_tokens: [a, b]\n", ["vocab_size", "2 special"]),
    ("job: tokenizer\npaths: [en.jsonl]\nvocab_size: 300\nspecial_tokens: [a, a]\n", ["special_tokens", "twice"]),
    ("job: tokenizer\npaths: [no.jsonl]\nvocab_size: 300\n", ["paths", "no.jsonl"]),
    ("job: tokenizer\npaths: [en.jsonl]\nvocab_size: 300\nrule: gpt9\n", ["rule", "gpt2"]),
  ]

  @Test("answers a mistake with its place and the way out", arguments: mistakes.indices)
  func answered(index: Int) throws {
    let mistake = Self.mistakes[index]
    do {
      _ = try plan(mistake.text)
      Issue.record("the mistake went unseen")
    } catch let error as SpecError {
      for word in mistake.says { #expect("\(error)".contains(word), "\(error)") }
    }
  }

  @Test("A shape written out in the job file trains to the weights of the same config.json")
  func inlineConfiguration() throws {
    func weights(_ configuration: String) throws -> [Float] {
      let directory = try TemporaryDirectory()
      try directory.write(TinyJob.lines(of: "poem", count: 300), to: "zh.jsonl")
      try directory.write(TinyJob.lines(of: "story", count: 300), to: "en.jsonl")
      let learning = VocabularyLearning(vocabularySize: 300)
      try learning.write(
        try learning.learn(try learning.count([directory.path + "/en.jsonl"], threads: 1)),
        to: directory.path + "/tok")
      try directory.write(
        """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "vocab_size": 304,
         "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
         "num_key_value_heads": 1, "max_position_embeddings": 64, "rope_theta": 10000.0, "rms_norm_eps": 1e-05,
         "tie_word_embeddings": true}
        """, to: "config.json")
      let file = try directory.write(
        """
        job: cpt
        init: random
        config: \(configuration)
        tokenizer: tok
        sources:
          - {name: zh, role: added, paths: [zh.jsonl]}
          - {name: en, role: retained, paths: [en.jsonl]}
        mixture: {almr: 0.3}
        recipe: {steps: 2, sequence_length: 32, global_batch_size: 8, learning_rate: 1.0e-3, seed: 7}
        """, to: "job.yaml")
      let run = try InProcessRun(
        jobFile: file, base: directory.url, scratch: directory.url.appendingPathComponent("scratch"), job: CPTJob(),
        threads: 1)
      return try FloatingPointMode.flushing {
        try run.runShards()
        let member = try #require(try run.makeMember()).member
        return withExtendedLifetime(member) { Array(member.stateChunk(0, part: .weights)) }
      }
    }
    let inline =
      "{vocab_size: 304, hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 2, "
      + "num_key_value_heads: 1, max_position_embeddings: 64, tie_word_embeddings: true}"
    #expect(try weights("config.json") == weights(inline))
  }

  static let shapes: [(shape: String, says: [String])] = [
    ("{hidden_size: 32}", ["config.vocab_size", "missing"]),
    ("{vocab_size: 304, hiden_size: 32}", ["hiden_size", "hidden_size"]),
    (
      "{vocab_size: 304, hidden_size: 33, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 2}",
      ["num_attention_heads", "divisor of hidden_size"]
    ),
  ]

  @Test("A shape that is none is answered with its place", arguments: shapes.indices)
  func wrongShape(index: Int) throws {
    let shape = Self.shapes[index]
    do {
      _ = try plan(
        """
        job: cpt
        init: random
        config: \(shape.shape)
        tokenizer: .
        sources: [{name: en, role: retained, paths: [en.jsonl]}]
        mixture: {almr: 0}
        recipe: {steps: 2, sequence_length: 32, global_batch_size: 8, learning_rate: 1.0e-3}
        """, jobTypes: [CPTJob()])
      Issue.record("the mistake went unseen")
    } catch let error as SpecError {
      for word in shape.says { #expect("\(error)".contains(word), "\(error)") }
    }
  }
}
