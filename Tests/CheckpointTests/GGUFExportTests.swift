import Foundation
import TestSupport
import Testing

@testable import Checkpoints

@Suite("GGUF files that are written")
struct GGUFExportTests {
  private struct Quantized: Decodable {
    let floats: [UInt32]
    let F16: String
    let BF16: String
    let Q8_0: String
    let Q4_0: String
  }

  @Test("have blocks that equal those of the Python package gguf, byte for byte")
  func quantization() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Fixtures/quantization.json")
    let fixture = try JSONDecoder().decode(Quantized.self, from: Data(contentsOf: file))
    let floats = fixture.floats.map { Float(bitPattern: $0) }
    let expected: [(GGUFTensorType, String)] = [
      (.f16, fixture.F16), (.bf16, fixture.BF16), (.q8_0, fixture.Q8_0), (.q4_0, fixture.Q4_0),
    ]
    for (type, hex) in expected {
      let bytes = floats.withUnsafeBufferPointer { type.quantize($0) }
      #expect(hexadecimal(bytes) == hex, "\(type.name)")
    }
  }

  @Test("Every half is what its float rounds to")
  func halves() {
    for bits in 0...UInt16.max where bits & 0x7C00 != 0x7C00 || bits & 0x3FF == 0 {
      #expect(halfBits(float(fromHalf: bits)) == bits)
    }
  }

  private func vocabulary(_ count: Int) -> GGUFVocabularyDraft {
    GGUFVocabularyDraft(
      model: "gpt2", pre: "smollm", tokens: (0..<count).map { Array("t\($0)".utf8) },
      types: Array(repeating: .normal, count: count), merges: ["t 0"], endOfTextID: 2, addsBeginningOfText: false,
      chatTemplate: "{{ messages }}")
  }

  @Test("give the weights, the shape, the template and the origin back", arguments: GGUFTensorType.writable)
  func roundTrip(type: GGUFTensorType) throws {
    let tiny = try TinyJob()
    let model = try openModel(tiny.file("model").path)
    let path = tiny.file("model-\(type.name).gguf").path
    let export = {
      try model.exportGGUF(
        to: path, as: type, vocabulary: vocabulary(520), name: "tiny", origin: [("admix.job", "first")])
    }
    if type == .q8_0 || type == .q4_0 {
      // Rows of 48 elements are no whole blocks.
      let error = #expect(throws: CheckpointError.self) { _ = try export() }
      #expect(error?.description.contains("whole blocks of 32") == true && error?.wayOut?.contains("F16") == true)
      let files = FileManager.default
      #expect(!files.fileExists(atPath: path) && !files.fileExists(atPath: path + ".partial"))
      return
    }
    let hash = try export()
    #expect(hash == hexadecimal(try model.weightsHash()))
    let read = try GGUFModel(path: path)
    if type == .f32 { #expect(hexadecimal(try read.weightsHash()) == hash) }
    #expect(read.configuration.hiddenSize == 32 && read.configuration.keyValueHeadCount == 2)
    #expect(read.vocabulary?.chatTemplate == "{{ messages }}" && read.vocabulary?.endOfTextID == 2)
    #expect(try read.metadata.string("admix.job") == "first")
    #expect(try read.metadata.string("admix.weights_sha256") == hash)
    // Each row where it was, rounded as the type does.
    for tensor in model.tensors {
      let found = try #require(read.tensor(named: tensor.name))
      #expect(found.shape == tensor.shape)
      var (one, other) = ([Float](repeating: 0, count: tensor.count), [Float](repeating: 0, count: tensor.count))
      try one.withUnsafeMutableBufferPointer { try model.readFloats(tensor, rows: 0..<tensor.rowCount, into: $0) }
      try other.withUnsafeMutableBufferPointer { try read.readFloats(found, rows: 0..<tensor.rowCount, into: $0) }
      #expect(zip(one, other).allSatisfy { abs($0 - $1) <= abs($0) / 128 }, "\(tensor.name)")
    }
    let again = #expect(throws: CheckpointError.self) { _ = try export() }
    #expect(again?.code == .alreadyExists)
  }

  @Test("Parts of another checkpoint are refused by name", arguments: [
    ("chat_template.jinja", "the chat template"), ("generation_config.json", "the stop rules"),
    ("tokenizer.model", "the tokenizer"), ("config.json", "the configuration"),
    ("model.safetensors", "the weights"),
  ])
  func parts(name: String, part: String) throws {
    let tiny = try TinyJob()
    try tiny.directory.write("{{ messages }}", to: "model/chat_template.jinja")
    try tiny.directory.write("{\"eos_token_id\": 2}", to: "model/generation_config.json")
    let path = tiny.file("exported").path
    try openModel(tiny.file("model").path).export(to: path)
    try ModelDirectory.checkParts(path)
    let file = URL(fileURLWithPath: path + "/" + name)
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 1] ^= 1
    try bytes.write(to: file)
    let error = #expect(throws: CheckpointError.self) { try ModelDirectory.checkParts(path, weights: true) }
    #expect(error?.field == part)
    #expect(error?.wayOut == "\(part) and weights do not belong together: take the whole directory from one training")
  }

  @Test("A template that came later is refused as well; a directory of others has no parts to compare")
  func laterParts() throws {
    let tiny = try TinyJob()
    try ModelDirectory.checkParts(tiny.file("model").path)
    let path = tiny.file("exported").path
    try openModel(tiny.file("model").path).export(to: path)
    try Data("{{ messages }}".utf8).write(to: URL(fileURLWithPath: path + "/chat_template.jinja"))
    let error = #expect(throws: CheckpointError.self) { try ModelDirectory.checkParts(path) }
    #expect(error?.field == "the chat template" && error?.found == "a file that came later")
  }
}
