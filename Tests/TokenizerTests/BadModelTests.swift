import Foundation
import Testing

@testable import Tokenizers

@Suite struct BadModelTests {
  @Test func everyTruncationIsAnErrorOrAModel() throws {
    let model = try Inputs.model("small-collapse.model")
    var errors = 0
    for count in stride(from: 0, to: model.count, by: 7) {
      do {
        _ = try SentencePieceBPE(model: Array(model[..<count]))
      } catch let error as TokenizerError {
        errors += 1
        #expect(!error.description.isEmpty)
      }
    }
    // Cut anywhere, the model lacks its trainer_spec or some piece.
    #expect(errors > model.count / 7 - 100)
  }

  @Test func everyFlippedBitIsATypedErrorOrAModelThatWorks() throws {
    let model = try Inputs.model("small-bare.model")
    let text = Array("The quick 狐狸 <0x0A>".utf8)
    for bit in stride(from: 0, to: model.count * 8, by: 61) {
      var flipped = model
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      do {
        let tokenizer = try SentencePieceBPE(model: flipped)
        let ids = tokenizer.encode(text)
        #expect(ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularySize })
        _ = try tokenizer.decode(ids)
      } catch is TokenizerError {}
    }
  }

  @Test func aLyingLengthNamesItsOffset() throws {
    // Field 1, length-delimited, says 100 bytes and has one.
    let error = #expect(throws: TokenizerError.self) { try SentencePieceBPE(model: [0x0A, 100, 0x00]) }
    #expect(error?.code == .malformed)
    #expect(error?.offset == 1)
    #expect(error?.message.contains("100 bytes, only 1") == true)
  }

  @Test func numbersThatDoNotEndAreErrors() {
    for bytes: [UInt8] in [[0x80], [UInt8](repeating: 0xFF, count: 11), [UInt8](repeating: 0x80, count: 12)] {
      #expect(throws: TokenizerError.self) { try SentencePieceBPE(model: bytes) }
    }
  }

  @Test func theFieldOfABadPieceIsNamed() throws {
    // pieces { piece: "a" score: NaN }
    let piece: [UInt8] = [0x0A, 1, 0x61, 0x15, 0, 0, 0xC0, 0x7F]
    let error = #expect(throws: TokenizerError.self) { try SentencePieceBPE(model: [0x0A, 8] + piece) }
    #expect(error?.field == "pieces[0]")
    #expect(error?.message.contains("score") == true)
  }

  @Test(arguments: [
    (ModelBytes(modelType: 1), "UNIGRAM"), (ModelBytes(byteFallback: false), "byte fallback"),
    (ModelBytes(suffix: true), "treat_whitespace_as_suffix"), (ModelBytes(charsmap: [1, 2, 3]), "nfkc"),
    (ModelBytes(skippedByte: 0x41), "<0x41>"), (ModelBytes(duplicate: true), "already piece"),
    (ModelBytes(unused: true), "UNUSED"),
  ])
  func whatCannotBeReadIsRefusedByName(model: ModelBytes, word: String) {
    let error = #expect(throws: TokenizerError.self) { try SentencePieceBPE(model: model.bytes) }
    #expect(error?.description.contains(word) == true, "\(error?.description ?? "none")")
  }

  @Test func aModelMadeByHandIsRead() throws {
    let tokenizer = try SentencePieceBPE(model: ModelBytes().bytes)
    #expect(tokenizer.vocabularySize == 262)
    #expect(tokenizer.beginningOfText == 1)
    #expect(tokenizer.endOfText == 2)
    #expect(tokenizer.encode("ab") == [261])
  }

  @Test func aTiktokenFileIsRefusedByName() throws {
    let error = #expect(throws: TokenizerError.self) { try SentencePieceBPE(model: Array("IQ== 0\nIg== 1\n".utf8)) }
    #expect(error?.code == .unsupported)
    #expect(error?.message.contains("tiktoken") == true)
  }

  @Test func aTokenizerThatDoesNotFitIsRefusedWithBothNumbers() throws {
    let tokenizer = try SentencePieceBPE(model: ModelBytes().bytes)
    try tokenizer.checkFits(vocabSize: 262)
    try tokenizer.checkFits(vocabSize: 320)
    let error = #expect(throws: TokenizerError.self) { try tokenizer.checkFits(vocabSize: 261) }
    #expect(error?.message.contains("262") == true && error?.message.contains("261") == true)
  }

  @Test func anIdOutsideTheVocabularyIsNotDecoded() throws {
    let tokenizer = try SentencePieceBPE(model: ModelBytes().bytes)
    #expect(throws: TokenizerError.self) { try tokenizer.decode([262]) }
    #expect(throws: TokenizerError.self) { try tokenizer.decode([-1]) }
  }
}

/// A small model, byte by byte, with one thing wrong with it.
struct ModelBytes: Sendable, CustomTestStringConvertible {
  var modelType: UInt8 = 2
  var byteFallback = true
  var suffix = false
  var charsmap: [UInt8] = []
  var skippedByte: Int?
  var duplicate = false
  var unused = false

  var testDescription: String { "type \(modelType), fallback \(byteFallback), skipped \(skippedByte ?? -1)" }

  var bytes: [UInt8] {
    func field(_ number: UInt8, _ value: [UInt8]) -> [UInt8] {
      [number << 3 | 2, UInt8(value.count & 0x7F) | (value.count > 127 ? 0x80 : 0)]
        + (value.count > 127 ? [UInt8(value.count >> 7)] : []) + value
    }
    func flag(_ number: Int, _ value: UInt8) -> [UInt8] {
      let tag = number << 3
      return (tag > 127 ? [UInt8(tag & 0x7F) | 0x80, UInt8(tag >> 7)] : [UInt8(tag)]) + [value]
    }
    func piece(_ text: String, _ kind: UInt8) -> [UInt8] { field(1, field(1, Array(text.utf8)) + flag(3, kind)) }

    var model = piece("<unk>", 2) + piece("<s>", 3) + piece("</s>", 3)
    for byte in 0..<256 where byte != skippedByte {
      model += piece("<0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) + ">", 6)
    }
    model += piece("a", 1) + piece("b", 1) + piece("ab", 1)
    if duplicate { model += piece("ab", 1) }
    if unused { model += piece("ba", 5) }
    model += field(2, flag(3, modelType) + flag(24, suffix ? 1 : 0) + flag(35, byteFallback ? 1 : 0))
    model += field(3, field(1, Array("nfkc".utf8)) + field(2, charsmap) + flag(3, 0))
    return model
  }
}
