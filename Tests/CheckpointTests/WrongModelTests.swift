import Foundation
import Testing

@testable import Checkpoints

/// What people give that is no model, or not one that can be used: each with the error and its way out.
@Suite struct WrongModelTests {
  /// Opens and checks the model as training would.
  private func error(_ path: String) throws -> CheckpointError {
    try checkpointError {
      let model = try openModel(path)
      try model.check(model.configuration.placements())
    }
  }

  private func error(_ change: (inout GGUFMaker) -> Void) throws -> CheckpointError {
    var maker = GGUFMaker.llama()
    change(&maker)
    let scratch = try Scratch()
    return try error(maker.write(to: scratch.at("model.gguf")))
  }

  @Test func theSmallModelItselfIsRight() throws {
    let scratch = try Scratch()
    let model = try openModel(GGUFMaker.llama().write(to: scratch.at("model.gguf")))
    try model.check(model.configuration.placements())
    var versionTwo = GGUFMaker.llama()
    versionTwo.version = 2
    #expect(try openModel(versionTwo.write(to: scratch.at("two.gguf"))).format == "GGUF v2")
  }

  @Test func aCutFileIsNamedAtEveryLength() throws {
    let scratch = try Scratch()
    let whole = GGUFMaker.llama().bytes().bytes
    for length in 0..<whole.count {
      try Fixture.write(whole[..<length], to: scratch.at("cut.gguf"))
      // The padding behind the last tensor may be missing; nothing else may.
      if length > whole.count - 32, (try? openModel(scratch.at("cut.gguf"))) != nil { continue }
      let error = try error(scratch.at("cut.gguf"))
      #expect([.truncated].contains(error.code), "\(length): \(error)")
    }
  }

  @Test(
    arguments: [
      ("a wheel", [0x50, 0x4B, 0x03, 0x04], "zip archive", "unzip"),
      ("a gzip file", [0x1F, 0x8B, 8, 0], "gzip", "gunzip"),
      ("a zstd file", [0x28, 0xB5, 0x2F, 0xFD], "zstd", "unzstd"),
      ("a pickle", [0x80, 0x02, 0x8A, 0x0A], "pickle", "safetensors"),
      ("a pointer", Array("version https://git-lfs.github.com/spec/v1".utf8), "Git LFS", "git lfs pull"),
      ("a web page", Array("<!DOCTYPE html><html>".utf8), "web page", "download"),
      ("old ggml", Array("tjgg\u{3}\u{0}\u{0}\u{0}".utf8), "before GGUF", "convert"),
      ("an empty file", [], "empty", "fetch"),
      ("noise", [1, 2, 3, 4, 5, 6, 7, 8, 9], "bytes 0102030405060708", "config.json"),
    ] as [(String, [UInt8], String, String)])
  func anotherFileIsNamedForWhatItIs(name: String, beginning: [UInt8], found: String, wayOut: String) throws {
    let scratch = try Scratch()
    let bytes = beginning.isEmpty ? [] : beginning + [UInt8](repeating: 7, count: 64)
    for ending in ["", ".gguf"] {
      try Fixture.write(bytes, to: scratch.at("model\(ending)"))
      let error = try error(scratch.at("model\(ending)"))
      #expect(error.found.contains(found) || beginning.isEmpty, "\(name): \(error)")
      if ending.isEmpty { #expect(error.wayOut?.contains(wayOut) == true, "\(name): \(error)") }
    }
  }

  @Test func aSafetensorsFileAloneIsNoModel() throws {
    let error = try error(Fixture.tiny + "/model.safetensors")
    #expect(error.found.contains("safetensors") && error.wayOut?.contains("directory") == true)
  }

  @Test func versionsAndByteOrdersAreNamed() throws {
    #expect(try error { $0.version = 1 }.found == "1")
    #expect(try error { $0.version = 4 }.expected == "2 or 3")
    #expect(try error { $0.version = UInt32(3).byteSwapped }.found == "a big-endian file")
  }

  @Test func aQuantizationThatIsNotReadIsRefusedByName() throws {
    let iq4 = try error {
      $0.tensors[1] = .init(
        name: "blk.0.attn_norm.weight", dimensions: [256], type: 23, bytes: [UInt8](repeating: 0, count: 136))
    }
    #expect(iq4.code == .unsupported && iq4.found == "IQ4_XS" && iq4.tensor == "blk.0.attn_norm.weight")
    #expect(iq4.expected.contains("Q4_K") && iq4.wayOut?.contains("Q8_0") == true)
    #expect(try error { $0.tensors[1].type = 4 }.found == "Q4_2")
    let unknown = try error { $0.tensors[1].type = 99 }
    #expect(unknown.found.contains("99") && unknown.field?.hasPrefix("type at byte ") == true)
  }

  @Test func architecturesAreRefusedByName() throws {
    let error1 = try error { $0.set("general.architecture", .string("gemma2")) }
    #expect(error1.code == .unsupported && error1.found == "gemma2" && error1.expected.contains("llama"))
    #expect(try error { $0.set("general.architecture", nil) }.code == .missingField)
    #expect(try error { $0.set("general.type", .string("adapter")) }.found == "adapter")
    #expect(try error { $0.set("llama.expert_count", .unsigned(8, .uint32)) }.field?.contains("expert_count") == true)
    #expect(try error { $0.set("split.count", .unsigned(3, .uint16)) }.wayOut?.contains("--merge") == true)
    #expect(try error { $0.set("llama.rope.scaling.type", .string("yarn")) }.found == "yarn")
    let scratch = try Scratch()
    let path = try scratch.tinyModel()
    let text = String(decoding: try Fixture.bytes(path + "/config.json"), as: UTF8.self)
    let other = text.replacingOccurrences(of: "\"model_type\": \"llama\"", with: "\"model_type\": \"mamba\"")
    try Fixture.write(Array(other.utf8), to: path + "/config.json")
    #expect(try error(path).found == "mamba")
  }

  @Test func aVocabularyThatDoesNotFitTheEmbeddingIsRefusedWithBothFigures() throws {
    let error1 = try error { $0.set("tokenizer.ggml.tokens", .strings((0..<9).map { "t\($0)" })) }
    #expect(error1.code == .inconsistent && error1.found.contains("9") && error1.expected.contains("8"))
    #expect(error1.wayOut != nil)
    let error2 = try error { $0.set("llama.vocab_size", .unsigned(32_000, .uint32)) }
    #expect(error2.found == "32000" && error2.expected.contains("8, the rows of the embedding"))
    #expect(
      try error { $0.set("tokenizer.ggml.token_type", .array(.scalars(.int32, [1, 0, 0, 0]))) }.code == .sizeMismatch)
    #expect(try error { $0.set("tokenizer.ggml.eos_token_id", .unsigned(8, .uint32)) }.code == .outOfRange)
  }

  @Test func tensorsThatOverlapLeaveGapsOrLieOutsideAreNamed() throws {
    let overlap = try error { $0.tensors[2].offset = 0 }
    #expect(overlap.code == .overlap && overlap.tensor == "blk.0.attn_q.weight", "\(overlap)")
    #expect(try error { $0.tensors[2].offset = 31 }.code == .misaligned)
    #expect(try error { $0.tensors[$0.tensors.count - 1].offset = 1 << 40 }.code == .gap)
    #expect(try error { $0.tensors[$0.tensors.count - 1].dimensions = [1 << 40] }.code == .truncated)
    #expect(try error { $0.tensors[1].dimensions = [1 << 32, 1 << 32] }.code == .overflow)
    #expect(try error { $0.tensors[1].dimensions = [0] }.code == .outOfRange)
    #expect(try error { $0.tensors[1].name = "token_embd.weight" }.code == .inconsistent)
  }

  @Test func missingForeignAndMisshapenTensorsAreNamed() throws {
    #expect(try error { $0.tensors.removeAll { $0.name == "output_norm.weight" } }.tensor == "model.norm.weight")
    let foreign = try error { $0.add("blk.0.ssm_a.weight", shape: [8]) }
    #expect(foreign.code == .unexpectedTensor && foreign.tensor == "blk.0.ssm_a.weight")
    #expect(try error { $0.add("blk.1.ffn_norm.weight", shape: [8]) }.code == .unexpectedTensor)
    let shape = try error { $0.set("llama.feed_forward_length", .unsigned(24, .uint32)) }
    #expect(shape.code == .shapeMismatch && shape.found == "[16, 8]" && shape.expected.hasPrefix("[24, 8]"))
    #expect(try error { $0.set("llama.block_count", nil) }.field == "llama.block_count")
    #expect(try error { $0.tensors.removeFirst() }.tensor == "token_embd.weight")
  }

  @Test func aTokenizerOfAnotherKindIsKeptAsTheReason() throws {
    let scratch = try Scratch()
    for (key, value) in [("pre", "deepseek-llm"), ("model", "t5")] {
      var maker = GGUFMaker.llama()
      maker.set("tokenizer.ggml.\(key)", .string(value))
      let model = try openModel(maker.write(to: scratch.at("\(key).gguf")))
      #expect(model.companions.isEmpty && model.tokenizerFailure?.found == value)
      #expect(model.tokenizerFailure?.field == "tokenizer.ggml.\(key)")
    }
    var maker = GGUFMaker.llama()
    maker.set("tokenizer.ggml.merges", .strings(["t 0", "t0"]))
    let model = try openModel(maker.write(to: scratch.at("merges.gguf")))
    #expect(model.tokenizerFailure?.field == "tokenizer.ggml.merges[1]")
  }
}
