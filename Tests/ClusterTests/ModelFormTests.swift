import Foundation
import TestSupport
import Testing

extension ClusterTests {
  @Suite("Forms of a model", .serialized)
  struct ModelForms {
    private let job: TinyJob

    init() throws {
      job = try TinyJob()
      let fixtures = TestData.package.appendingPathComponent("Tests/CheckpointTests/Fixtures/gguf")
      for name in ["bytes.gguf", "sentencepiece.gguf"] {
        try FileManager.default.copyItem(at: fixtures.appendingPathComponent(name), to: job.file(name))
      }
    }

    /// Runs the job on `model` and returns the hash of its weights.
    private func train(_ model: String, workers: Int) throws -> String {
      try job.write([("model: model", "model: \(model)"), ("output: out", "output: out-\(workers)-\(model)")])
      let ended = try job.admix([
        "run", "job.yaml", "--json", "--timing-scale", "0.1", "--threads", "1", "--workers", "\(workers)",
      ])
      let object = try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any]
      return try #require(object?["weights_sha256"] as? String, "\(ended.error)")
    }

    private func inspect(_ model: String) throws -> [String: Any] {
      let ended = try job.admix(["inspect", model, "--json"])
      return try #require(
        try JSONSerialization.jsonObject(with: Data(ended.output.utf8)) as? [String: Any], "\(ended.error)")
    }

    /// As transformers reads the fixture: scripts/fixtures/gguf_reference.py weights.
    private static let weightsSHA256 = "1291e61162692b074276c825655a22614510004af1fdfbdf07fc4a1bb01eb8f7"

    @Test("A GGUF file trains to the same bits as the directory exported from it, and the tokenizer travels on")
    func oneModelTwoForms() throws {
      #expect(try job.admix(["export", "bytes.gguf", "exported"]).status == 0)
      let (gguf, exported) = (try inspect("bytes.gguf"), try inspect("exported"))
      #expect(gguf["weights_sha256"] as? String == Self.weightsSHA256)
      #expect(exported["weights_sha256"] as? String == Self.weightsSHA256)
      for model in [gguf, exported] {
        #expect((model["tokenizer"] as? [String: Any])?["vocabulary_size"] as? Int == 260)
        #expect(model["chat_template"] as? Bool == true && model["tied_head"] as? Bool == true)
      }
      let hash = try train("bytes.gguf", workers: 2)
      #expect(try train("exported", workers: 1) == hash && hash != Self.weightsSHA256)
      let trained = try inspect("out-2-bytes.gguf/model")
      #expect(trained["weights_sha256"] as? String == hash && trained["chat_template"] as? Bool == true)
      let tokenizer = try Data(contentsOf: job.file("out-2-bytes.gguf/model/tokenizer.json"))
      #expect(try tokenizer == Data(contentsOf: job.file("exported/tokenizer.json")))
    }

    @Test("A SentencePiece vocabulary in a GGUF file makes the tokens of the model it was taken from")
    func sentencePiece() throws {
      #expect(try job.admix(["export", "sentencepiece.gguf", "exported"]).status == 0)
      let original = TestData.package.appendingPathComponent("Tests/TokenizerTests/Fixtures/small-prefix.model")
      try FileManager.default.removeItem(at: job.file("exported/tokenizer.model"))
      try FileManager.default.copyItem(at: original, to: job.file("exported/tokenizer.model"))
      #expect(try train("sentencepiece.gguf", workers: 1) == train("exported", workers: 1))
    }

    @Test("What is no model is answered with what it is and the way out, exit code 2")
    func noModel() throws {
      try Data([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 60)).write(to: job.file("model.whl"))
      let whole = try Data(contentsOf: job.file("bytes.gguf"))
      try whole.prefix(whole.count / 2).write(to: job.file("half.gguf"))
      let wrong = [
        ("model.whl", ["zip archive", "unzip"]), ("half.gguf", ["half.gguf", "the file is cut"]),
        ("zh.jsonl", ["expected a model", "config.json"]), ("nothing", ["nothing", "o such file"]),
      ]
      for (model, says) in wrong {
        try job.write([("model: model", "model: \(model)")])
        for arguments in [["inspect", model], ["export", model, "exported"], ["validate", "job.yaml"]] {
          let ended = try job.admix(arguments)
          #expect(ended.status == 2, "\(arguments): \(ended.error)")
          for word in says { #expect(ended.error.contains(word), "\(arguments): \(ended.error)") }
        }
      }
      #expect(!FileManager.default.fileExists(atPath: job.file("exported").path))
    }
  }
}
