import Corpora
import Crypto
import Foundation
import TestSupport
import Testing

@testable import Tokenizers

/// The reference is Hugging Face's BpeTrainer; scripts/fixtures/byte_level_reference.py wrote what it learned.
@Suite struct TrainerTests {
  private func lines() throws -> [[UInt8]] {
    let text = String(decoding: try Inputs.model("training-text.txt"), as: UTF8.self)
    return text.split(separator: "\n").map { Array($0.utf8) }
  }

  private func counts(_ rule: TrainedRule, _ texts: [[UInt8]]) -> WordCounts {
    var words = WordCounts(rule: rule)
    for text in texts { text.withUnsafeBufferPointer { words.add($0) } }
    return words
  }

  /// "left right" of every merge of a tokenizer.json, and its tokens by id.
  private func learned(_ json: [UInt8]) throws -> (merges: [String], tokens: [Int: String]) {
    let root = JSONField(root: try JSONTape(parsing: json))
    let model = try #require(try root["model"])
    let merges = try #require(try model["merges"]).elements().map { merge in
      try merge.elements().map { try $0.text() }.joined(separator: " ")
    }
    let tokens = try TokenizerJSON(parsing: json).tokens().map { ($0.id, String(decoding: $0.name, as: UTF8.self)) }
    return (merges, Dictionary(uniqueKeysWithValues: tokens))
  }

  @Test(arguments: [
    ("bytes-gpt2.json", TrainedRule.gpt2, 640, ["<|endoftext|>"]),
    ("bytes-llama3.json", TrainedRule.llama3, 640, ["<|begin|>", "<|end|>"]),
  ])
  func mergesAndIDsEqualHuggingFace(file: String, rule: TrainedRule, size: Int, special: [String]) throws {
    var options = BytePairTrainer.Options(vocabularySize: size)
    options.specialTokens = special
    let lines = try lines()
    let result = try BytePairTrainer.train(
      counts(rule, lines + lines + lines + lines), rule: rule, options: options)
    let own = try learned(result.json)
    let expected = try learned(try Inputs.model(file))
    #expect(own.merges == expected.merges)
    #expect(own.tokens == expected.tokens)
    let tokenizer = try ByteLevelBPE(json: result.json)
    #expect(tokenizer.vocabularySize == result.vocabularySize && tokenizer.endOfText != nil || special.count == 2)
    for text in lines { #expect(try tokenizer.decode(tokenizer.encode(text)).utf8.elementsEqual(text)) }
  }

  @Test func wordsCountedApartGiveTheSameBytes() throws {
    let lines = try lines()
    let options = BytePairTrainer.Options(vocabularySize: 600)
    let whole = try BytePairTrainer.train(counts(.smollm, lines), rule: .smollm, options: options).json
    var words = WordCounts(rule: .smollm)
    for part in stride(from: lines.count, to: 0, by: -3) {
      words.add(counts(.smollm, Array(lines[max(0, part - 3)..<part])))
    }
    #expect(try BytePairTrainer.train(words, rule: .smollm, options: options).json == whole)
  }

  struct Trained: Decodable {
    struct Merges: Decodable {
      var sha256: String
      var merges: Int
    }
    var trained: [String: Merges]
  }

  @Test(
    .enabled(if: Inputs.data != nil, "skipped: no folder of real inputs (ADMIX_TEST_DATA)"),
    arguments: [TrainedRule.gpt2, .qwen2])
  func mergesOfRealCorporaEqualHuggingFace(rule: TrainedRule) throws {
    let data = try #require(Inputs.data)
    let file = Inputs.fixtures.appending(path: "byte-level-streams.json")
    let expected = try JSONDecoder().decode(Trained.self, from: try Data(contentsOf: file)).trained[rule.rawValue]
    var words = WordCounts(rule: rule)
    for corpus in ["zh_d2l", "en_d2l"] {
      var reader = try DocumentReader(path: data.path + "/corpora/\(corpus).jsonl.gz")
      var text: [UInt8] = []
      while try reader.next(into: &text) { text.withUnsafeBufferPointer { words.add($0) } }
    }
    let result = try BytePairTrainer.train(words, rule: rule, options: BytePairTrainer.Options(vocabularySize: 6000))
    let merges = try learned(result.json).merges
    #expect(merges.count == expected?.merges)
    var hash = SHA256()
    for merge in merges { hash.update(data: Array((merge + "\n").utf8)) }
    #expect(ByteLevelEqualityTests.hexadecimal(hash) == expected?.sha256)
  }

  @Test func whatCannotBeLearnedIsRefused() throws {
    let words = counts(.gpt2, try lines())
    #expect(throws: TokenizerError.self) {
      try BytePairTrainer.train(words, rule: .gpt2, options: .init(vocabularySize: 256))
    }
    #expect(throws: TokenizerError.self) {
      try BytePairTrainer.train(WordCounts(rule: .gpt2), rule: .gpt2, options: .init(vocabularySize: 300))
    }
    // No more pairs than the text has.
    let few = try BytePairTrainer.train(
      counts(.gpt2, [Array("abab".utf8)]), rule: .gpt2, options: .init(vocabularySize: 1000))
    #expect(few.vocabularySize == 257 + 2 && few.merges == 2)
  }
}
