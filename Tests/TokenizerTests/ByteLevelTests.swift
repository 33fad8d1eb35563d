import Foundation
import TestSupport
import Testing

@testable import Tokenizers

@Suite struct ByteLevelTests {
  private func tokenizer(_ name: String) throws -> ByteLevelBPE { try ByteLevelBPE(json: try Inputs.model(name)) }

  @Test(arguments: ["bytes-gpt2.json", "bytes-llama3.json", "bytes-digit-runs.json"])
  func textsComeBackFromTheirIds(model: String) throws {
    let tokenizer = try tokenizer(model)
    var encoder = tokenizer.makeEncoder(specialTokens: .asText)
    for row in try ByteLevelEqualityTests.Fixture.load().texts {
      var ids: [Int32] = []
      Array(row.text.utf8).withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
      #expect(try tokenizer.decode(ids).utf8.elementsEqual(row.text.utf8))
      #expect(ids.flatMap(tokenizer.bytes).elementsEqual(row.text.utf8))
    }
    for id in 0..<Int32(tokenizer.vocabularySize) {
      #expect(tokenizer.bytes(of: id).count == tokenizer.byteCount(of: id))
      let name = tokenizer.controlName(of: id)
      #expect(tokenizer.isSpecial(id) ? name.flatMap(tokenizer.id) == id : name == nil)
    }
  }

  @Test(arguments: ["bytes-gpt2.json", "bytes-llama3.json", "small-prefix.model", "small-collapse.model"])
  func streamedTextIsTheDecodedTextAndNeverHalfACharacter(model: String) throws {
    let bytes = try Inputs.model(model)
    let tokenizer: any Tokenizer =
      model.hasSuffix(".json") ? try ByteLevelBPE(json: bytes) : try SentencePieceBPE(model: bytes)
    var generator = SystemRandomNumberGenerator()
    var streams = try ByteLevelEqualityTests.Fixture.load().texts.prefix(500).map { tokenizer.encode($0.text) }
    // Bytes in any order, as a model may say them.
    for _ in 0..<500 {
      streams.append((0..<12).map { _ in Int32.random(in: 0..<300, using: &generator) })
    }
    for ids in streams {
      var decoder = tokenizer.makeStreamingDecoder()
      var pieces: [String] = []
      for id in ids { pieces.append(try decoder.append(id)) }
      pieces.append(decoder.finish())
      let whole = try tokenizer.decode(ids)
      #expect(pieces.joined().utf8.elementsEqual(whole.utf8), "\(ids)")
    }
  }

  @Test func aCharacterComesOutWithItsLastByte() throws {
    let tokenizer = try tokenizer("bytes-gpt2.json")
    var decoder = tokenizer.makeStreamingDecoder()
    let ids = "👍".utf8.map { tokenizer.byteTokens[Int($0)] }
    #expect(try ids.map { try decoder.append($0) } == ["", "", "", "👍"])
    #expect(decoder.finish() == "")
    #expect(try decoder.append(ids[0]) == "")
    #expect(decoder.finish() == "\u{FFFD}")
    #expect(throws: TokenizerError.self) { try decoder.append(Int32(tokenizer.vocabularySize)) }
    #expect(throws: TokenizerError.self) { try decoder.append(-1) }
  }

  @Test func specialTokensAreTextWhereTheyAreAskedToBe() throws {
    let tokenizer = try tokenizer("bytes-llama3.json")
    #expect(tokenizer.encode("<|end|>") == [tokenizer.id(of: "<|end|>")])
    var encoder = tokenizer.makeEncoder(specialTokens: .asText)
    var ids: [Int32] = []
    Array("<|end|>".utf8).withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
    #expect(ids.count > 1 && !ids.contains { tokenizer.isSpecial($0) })
    #expect(try tokenizer.decode(ids) == "<|end|>")
    #expect(tokenizer.addsBeginningOfText && tokenizer.beginningOfText == tokenizer.id(of: "<|begin|>"))
  }

  @Test func malformedUTF8BecomesReplacementCharacters() throws {
    let tokenizer = try tokenizer("bytes-gpt2.json")
    #expect(tokenizer.encode([0x61, 0xFF, 0x62]) == tokenizer.encode("a\u{FFFD}b"))
    #expect(tokenizer.encode([0xC3]) == tokenizer.encode("\u{FFFD}"))
    #expect(tokenizer.encode([0xED, 0xA0, 0x80]) == tokenizer.encode("\u{FFFD}\u{FFFD}\u{FFFD}"))
  }

  /// A mebibyte of one thing. Work is counted, not timed: ranks looked up and compared, heap entries moved. With a scan
  /// of all pairs for every merge it would be of the order of 10^12.
  @Test(arguments: ["a", " ", "的", "海边", "\n", "1", "!", "'", "\u{301}", "ab ", "<mask>", "  \n", "<|turn|"])
  func workGrowsNoFasterThanTheTextAndALittle(unit: String) throws {
    for model in ["bytes-gpt2.json", "bytes-llama3.json", "bytes-qwen2.json", "bytes-whole.json"] {
      let tokenizer = try tokenizer(model)
      let text = Array(repeating: Array(unit.utf8), count: (1 << 20) / unit.utf8.count).flatMap { $0 }
      var encoder = ByteLevelEncoder(tokenizer, specialTokens: .parsed)
      var ids: [Int32] = []
      text.withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
      #expect(!ids.isEmpty)
      #expect(encoder.work < 100 * text.count, "\(model): \(encoder.work) for \(text.count) bytes")
    }
  }

  @Test func shortAndLongWordsMergeAlike() throws {
    let tokenizer = try tokenizer("bytes-whole.json")
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array("the quick狐狸 woodchuck海".utf8)
    for count in [2, 17, 95, 96] {
      for _ in 0..<50 {
        let word = (0..<count).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
        let expected = naiveMerge(word, tokenizer)
        for copies in [1, 2] {
          // Twice the word is long; a byte that merges with nothing keeps the halves apart.
          let text = Array(repeating: word, count: copies).joined(separator: [0x00])
          var ids: [Int32] = []
          let merger = BytePairMerger(tokenizer.rules, byteTokens: tokenizer.byteTokens)
          Array(text).withUnsafeBufferPointer { text in
            guard let base = text.baseAddress else { return }
            merger.merge(base, text.count, into: &ids)
          }
          let separator = [tokenizer.byteTokens[0]]
          #expect(ids == Array(Array(repeating: expected, count: copies).joined(separator: separator)))
        }
      }
    }
  }

  /// The rule as it is stated: the lowest rank, the leftmost, until there is none.
  private func naiveMerge(_ word: [UInt8], _ tokenizer: ByteLevelBPE) -> [Int32] {
    var tokens = word.map { tokenizer.byteTokens[Int($0)] }
    while true {
      let ranked = (0..<max(0, tokens.count - 1)).map { (tokenizer.rules.rank(tokens[$0], tokens[$0 + 1]), $0) }
      guard let best = ranked.min(by: { $0 < $1 }), best.0 != BytePairRules.noRank else { return tokens }
      tokens.replaceSubrange(best.1...best.1 + 1, with: [tokenizer.rules.merged(best.0)])
    }
  }
}
