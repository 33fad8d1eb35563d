import Foundation
import TestSupport
import Testing

@testable import Tokenizers

@Suite struct BadTokenizerJSONTests {
  private let good = String(decoding: CorruptionTests.smallJSON(), as: UTF8.self)

  private func failure(_ json: String, _ names: SpecialTokenNames = SpecialTokenNames()) -> String {
    do {
      _ = try ByteLevelBPE(json: Array(json.utf8), names: names)
      return "no error"
    } catch { return "\(error)" }
  }

  private func replacing(_ part: String, _ other: String) -> String {
    precondition(good.contains(part), part)
    return failure(good.replacingOccurrences(of: part, with: other))
  }

  @Test func whatIsWrongIsNamed() {
    #expect(failure(good) == "no error")
    #expect(replacing(#"["th", "e"]"#, #"["th", "zz"]"#).contains(#"model.merges[1]: the token "zz" is not in the"#))
    #expect(replacing(#"["th", "e"]"#, #"["th", "Ġt"]"#).contains(#"the token "thĠt" is not in the vocabulary"#))
    #expect(replacing(#"["th", "e"]"#, #""th e x""#).contains("one space between them"))
    #expect(replacing(#""the": 257"#, #""the": 256"#).contains("id 256 belongs to two tokens"))
    #expect(replacing(#""the": 257"#, #""th": 257"#).contains(#""th" appears twice; it already has id 256"#))
    #expect(replacing(#""the": 257"#, #""the": 900000"#).contains("900000; 0 to "))
    #expect(replacing(#""the": 257"#, #""the": -1"#).contains("id -1"))
    #expect(replacing(#""the": 257"#, #""the": 2.5"#).contains("whole number"))
    #expect(replacing(#"{"id": 259,"#, #"{"id": 300,"#).contains("already has id 259"))
    #expect(replacing(#""model""#, #""madel""#).contains("no field \"model\""))
    #expect(failure(good + "x").contains("something follows"))
    #expect(failure(String(good.dropLast(40))).contains("the file ends inside"))
    #expect(failure("").contains("the file ends where"))
  }

  @Test func whatCannotBeReadIsRefusedByName() {
    #expect(replacing(#""type": "BPE""#, #""type": "Unigram""#).contains("type Unigram"))
    #expect(replacing(#""type": "BPE""#, #""type": "WordPiece""#).contains("type WordPiece"))
    #expect(replacing(#"{"type": "NFC"}"#, #"{"type": "Lowercase"}"#).contains("the normalizer Lowercase"))
    #expect(replacing(#""byte_fallback": false"#, #""byte_fallback": true"#).contains("tokenizer.model"))
    #expect(replacing(#""dropout": null"#, #""dropout": 0.1"#).contains("by chance"))
    #expect(replacing(#""end_of_word_suffix": null"#, #""end_of_word_suffix": "</w>""#).contains("</w>"))
    #expect(replacing(#"\\p{N}{1,3}"#, #"\\p{N}{1,4}"#).contains("is not one of those"))
    #expect(replacing(#""behavior": "Isolated""#, #""behavior": "Removed""#).contains("Removed"))
    #expect(replacing(#""TemplateProcessing""#, #""BertProcessing""#).contains("BertProcessing"))
    let decoder = #""decoder": {"type": "ByteLevel""#
    #expect(replacing(decoder, #""decoder": {"type": "WordPiece""#).contains("the decoder WordPiece"))
  }

  @Test func whatTheFilesBesideSayIsChecked() throws {
    func names(_ json: String) throws -> SpecialTokenNames {
      var names = SpecialTokenNames()
      try names.read(Array(json.utf8))
      return names
    }
    #expect(failure(good, try names(#"{"eos_token": "nobody"}"#)).contains("\"nobody\" is not in the vocabulary"))
    #expect(failure(good, try names(#"{"eos_token_id": 1000000000000}"#)).contains("1000000000000 is no id"))
    let tokenizer = try ByteLevelBPE(
      json: Array(good.utf8), names: try names(#"{"eos_token": {"content": "the"}, "bos_token_id": 3}"#))
    #expect(tokenizer.endOfText == 257 && tokenizer.beginningOfText == 259)
    #expect(throws: TokenizerError.self) { try names(#"{"eos_token": 7}"#) }
    #expect(throws: TokenizerError.self) { try names(#"{"added_tokens_decoder": {"x": {"content": "a"}}}"#) }
  }

  @Test func aVocabularyLargerThanTheEmbeddingIsRefusedWithBothNumbers() throws {
    let tokenizer = try ByteLevelBPE(json: Array(good.utf8))
    let error = #expect(throws: TokenizerError.self) { try tokenizer.checkFits(vocabSize: 259) }
    #expect(error?.message.contains("260") == true && error?.message.contains("259") == true)
  }

  @Test func ranksOfAnotherModelAreRefused() {
    let error = #expect(throws: TokenizerError.self) { try ByteLevelBPE(tiktoken: CorruptionTests.smallRanks()) }
    #expect(error?.message.contains("260 ranks; only Llama 3's, of 128000") == true)
  }
}
