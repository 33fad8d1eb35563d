import Foundation
import Testing

@testable import Checkpoints

extension Fixture {
  static let gguf = folder + "/gguf"
}

/// What the Python package `gguf` wrote and computed (scripts/fixtures/gguf_reference.py) is what is read here.
@Suite struct GGUFTests {
  @Test func everyQuantizationEqualsTheGGUFPackagesToTheBit() throws {
    let file = try GGUFFile(path: Fixture.gguf + "/quantized.gguf")
    let expected = try SafetensorsFile(path: Fixture.gguf + "/quantized.safetensors")
    #expect(file.tensors.count == GGUFTensorType.readable.count && expected.tensors.count == file.tensors.count)
    for type in GGUFTensorType.readable {
      let tensor = try #require(file["blocks.\(type.name)"])
      let golden = try #require(expected[tensor.name])
      #expect(tensor.type == type && tensor.shape == golden.shape)
      var floats = [Float](repeating: 7, count: tensor.count)
      var goldenFloats = [Float](repeating: 8, count: golden.count)
      try floats.withUnsafeMutableBufferPointer { try file.readFloats(tensor, into: $0) }
      try goldenFloats.withUnsafeMutableBufferPointer { try expected.readFloats(golden, into: $0) }
      #expect(floats.map(\.bitPattern) == goldenFloats.map(\.bitPattern), "\(type.name)")
      // Hard values are in it, not only easy ones.
      #expect(goldenFloats.contains { $0 == 0 && $0.sign == .minus }, "\(type.name)")
      #expect(goldenFloats.contains { abs($0) > 1000 }, "\(type.name)")
    }
  }

  @Test func aPartOfATensorIsThatPartOfTheWhole() throws {
    let file = try GGUFFile(path: Fixture.gguf + "/quantized.gguf")
    for tensor in file.tensors {
      var whole = [Float](repeating: 7, count: tensor.count)
      try whole.withUnsafeMutableBufferPointer { try file.readFloats(tensor, into: $0) }
      let row = tensor.shape[1]
      var part = [Float](repeating: 8, count: row)
      try part.withUnsafeMutableBufferPointer { try file.readFloats(tensor, fromElement: 2 * row, into: $0) }
      #expect(part.map(\.bitPattern) == whole[(2 * row)..<(3 * row)].map(\.bitPattern), "\(tensor.name)")
    }
  }

  @Test func metadataOfEveryTypeIsRead() throws {
    let file = try GGUFFile(path: Fixture.gguf + "/metadata.gguf")
    let metadata = file.metadata
    #expect(file.version == 3 && file.alignment == 64)
    #expect(metadata["t.uint8"] == .unsigned(255, .uint8))
    #expect(metadata["t.int8"] == .signed(-128, .int8))
    #expect(metadata["t.uint16"] == .unsigned(65_535, .uint16))
    #expect(metadata["t.int16"] == .signed(-32_768, .int16))
    #expect(metadata["t.uint32"] == .unsigned(4_294_967_295, .uint32))
    #expect(metadata["t.int32"] == .signed(-2_147_483_648, .int32))
    #expect(metadata["t.uint64"] == .unsigned(.max, .uint64))
    #expect(metadata["t.int64"] == .signed(.min, .int64))
    #expect(metadata["t.float32"] == .float32(1e-5))
    #expect(metadata["t.float64"] == .float64(0.1))
    #expect(try metadata.bool("t.true") == true && metadata.bool("t.false") == false)
    #expect(try metadata.string("t.string") == "naïve 文字 \n\"")
    let strings = try #require(try metadata.strings("t.strings")).map(Array.init)
    #expect(strings == ["Ġt he", "é", "e\u{301}", " "].map { Array($0.utf8) })
    #expect(strings[1] != strings[2])
    #expect(try metadata.integers("t.int32s") == [-3, 0, 7])
    #expect(try metadata.integers("t.uint8s") == [0, 200, 255])
    #expect(try metadata.floats("t.float32s") == [-1000, 0.5])
    #expect(try metadata.number("t.float32", in: 0...1) == 1e-5)
    #expect(try metadata.string("absent") == nil)
    let w = try #require(file["w"])
    #expect(w.shape == [2, 3] && w.byteOffset % 64 == 0)
    var floats = [Float](repeating: 7, count: 6)
    try floats.withUnsafeMutableBufferPointer { try file.readFloats(w, into: $0) }
    #expect(floats == [0, 1, 2, 3, 4, 5])
  }

  @Test func anotherTypeThanAskedForIsNamedWithItsOffset() throws {
    let metadata = try GGUFFile(path: Fixture.gguf + "/metadata.gguf").metadata
    let error = try checkpointError { _ = try metadata.string("t.uint8") }
    #expect(error.code == .wrongType && error.found == "uint8 255" && error.expected == "a string")
    let offset = try #require(metadata.entries.first { $0.key == "t.uint8" }?.byteOffset)
    #expect(error.field == "t.uint8 at byte \(offset)")
    #expect(try checkpointError { _ = try metadata.integer("t.uint64", in: 0...5) }.code == .outOfRange)
    #expect(try checkpointError { _ = try metadata.integers("t.strings") }.code == .wrongType)
  }

  @Test func theVocabularyInAFileIsReadWhole() throws {
    let metadata = try GGUFFile(path: Fixture.gguf + "/tiny-llama.gguf").metadata
    let vocabulary = try #require(try GGUFVocabulary(metadata))
    #expect(vocabulary.model == "gpt2" && vocabulary.pre == "smollm")
    #expect(vocabulary.tokens.count == 64 && Array(vocabulary.tokens[3]) == Array("<|3|>".utf8))
    #expect(vocabulary.tokenTypes == Array(repeating: .control, count: 4) + Array(repeating: .normal, count: 60))
    #expect(vocabulary.merges.map { $0.map(Array.init) } == [Array("a a".utf8), Array("b b".utf8)])
    #expect(vocabulary.scores == nil && vocabulary.unknownID == nil && vocabulary.paddingID == nil)
    #expect(vocabulary.beginningOfTextID == 1 && vocabulary.endOfTextID == 2)
    #expect(vocabulary.addsBeginningOfText == false && vocabulary.chatTemplate == "{{ messages }}")
    #expect(try GGUFVocabulary(GGUFFile(path: Fixture.gguf + "/metadata.gguf").metadata) == nil)
  }
}
