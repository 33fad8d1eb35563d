import Checkpoints
import Foundation
import TestSupport
import Testing
import Tokenizers

@testable import TrainingJobs

@Suite("Tokenizers in GGUF files that are written")
struct GGUFVocabularyTests {
  static let texts = [
    "Hello, world! 123 4567", "春眠不觉晓，处处闻啼鸟。", "  two  spaces\n\nlines\t",
    "<|im_start|>user\nhi<|im_end|>", "naïve café 🙂",
  ]

  @Test("give the same tokens: SentencePiece")
  func sentencePiece() throws {
    let tiny = try TinyJob()
    try tiny.directory.write("{{ messages }}", to: "model/chat_template.jinja")
    let model = try openModel(tiny.file("model").path)
    let path = tiny.file("model.gguf").path
    _ = try exportGGUF(model, to: path, as: .f16, name: "tiny", origin: [])
    let (one, other) = (try loadTokenizer(of: model).tokenizer, try loadTokenizer(gguf: path).tokenizer)
    for text in Self.texts { #expect(one.encode(text) == other.encode(text), "\(text)") }
    #expect(one.endOfText == other.endOfText && one.addsBeginningOfText == other.addsBeginningOfText)
  }

  @Test("give the same tokens: byte-level BPE", .enabled(if: TestData.isPresent))
  func byteLevel() throws {
    let tiny = try TinyJob()
    try FileManager.default.removeItem(at: tiny.file("model/tokenizer.model"))
    let source = TestData.place.appendingPathComponent("tokenizers/smollm2/tokenizer.json")
    try FileManager.default.copyItem(at: source, to: tiny.file("model/tokenizer.json"))
    let draft = try GGUFVocabularyDraft(openModel(tiny.file("model").path))
    let tokenizer = try loadTokenizer(modelDirectory: tiny.file("model").path).tokenizer
    #expect(draft.pre == "smollm" && draft.tokens.count == 49152 && draft.merges?.count ?? 0 > 48000)
    #expect(draft.types.contains(.control) && draft.endOfTextID == tokenizer.endOfText.map(Int.init))
  }

  @Test("tell the job, the recipe and the base that the directory above the model names")
  func origin() throws {
    let tiny = try TinyJob()
    try openModel(tiny.file("model").path).export(to: tiny.file("out/model").path)
    let manifest = try JSONSerialization.jsonObject(
      with: Data(contentsOf: tiny.file("out/model/manifest.json"))) as? [String: Any]
    let hash = try #require(manifest?["weights_sha256"] as? String)
    try tiny.directory.write(
      #"{"name": "n", "kind": "sft", "recipe_sha256": "r", "weights_sha256": "\#(hash)"}"#, to: "out/result.json")
    try tiny.directory.write("job: sft\nmodel: \"models/base\"\n", to: "out/job.yaml")
    let origin = modelOrigin(tiny.file("out/model").path)
    #expect(origin.map(\.value) == ["n", "sft", "r", "models/base"])
    try tiny.directory.write(#"{"name": "n", "weights_sha256": "other"}"#, to: "out/result.json")
    #expect(modelOrigin(tiny.file("out/model").path).isEmpty)
  }
}
