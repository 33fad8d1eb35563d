import Corpora
import Crypto
import Foundation
import Testing

@testable import Tokenizers

/// The reference is the sentencepiece package; scripts/fixtures/tokenizer_reference.py wrote what it says.
@Suite struct SentencePieceEqualityTests {
  static let models =
    Inputs.smallModels + ["models/stories260K/hf/tokenizer.model", "tokenizers/mistral-v1/tokenizer.model"]

  @Test(arguments: models)
  func idsAndTextEqualSentencePieceOnOddTexts(model: String) throws {
    guard let tokenizer = try Inputs.tokenizer(model) else { return }
    let fixture = try TextFixture.load()
    #expect(fixture.texts.count > 300)
    for text in fixture.texts {
      let expected = try #require(text.models[model])
      #expect(tokenizer.encode(text.text) == expected.ids, "\(text.text.debugDescription)")
      let decoded = try tokenizer.decode(expected.ids)
      #expect(
        Array(decoded.unicodeScalars) == Array(expected.decoded.unicodeScalars), "\(text.text.debugDescription)")
    }
    for row in fixture.decoded where row.model == model {
      let decoded = try tokenizer.decode(row.ids)
      #expect(Array(decoded.unicodeScalars) == Array(row.decoded.unicodeScalars), "\(row.ids)")
    }
  }

  struct Stream: Decodable {
    var sha256: String
    var tokens: Int
    var documents: Int
    var bytes: Int
  }
  struct Streams: Decodable { var corpora: [String: [String: Stream]] }

  /// 34 million characters of both languages, every id. Needs the data folder.
  @Test(
    .enabled(if: Inputs.data != nil, "skipped: no folder of real inputs (ADMIX_TEST_DATA)"),
    arguments: ["models/stories260K/hf/tokenizer.model", "tokenizers/mistral-v1/tokenizer.model"])
  func idStreamOfEveryCorpusEqualsSentencePiece(model: String) throws {
    let data = try #require(Inputs.data)
    let tokenizer = try #require(try Inputs.tokenizer(model))
    let file = Inputs.fixtures.appending(path: "corpora.json")
    let streams = try JSONDecoder().decode(Streams.self, from: try Data(contentsOf: file)).corpora
    let corpora = try #require(streams[model])
    #expect(corpora.count == 14)
    var bytes = 0
    let clock = ContinuousClock()
    var time = Duration.zero
    for (corpus, expected) in corpora.sorted(by: { $0.key < $1.key }) {
      var reader = try DocumentReader(path: data.appending(path: "corpora/\(corpus)").path)
      var encoder = tokenizer.makeEncoder()
      var text: [UInt8] = []
      var hash = SHA256()
      var tokens = 0
      var documents = 0
      while try reader.next(into: &text) {
        var ids: [Int32] = []
        time += clock.measure { text.withUnsafeBufferPointer { encoder.encode($0, into: &ids) } }
        ids.withUnsafeBytes { hash.update(bufferPointer: $0) }
        tokens += ids.count
        documents += 1
        bytes += text.count
      }
      #expect(tokens == expected.tokens, "\(corpus)")
      #expect(documents == expected.documents, "\(corpus)")
      let digest = hash.finalize().map { String(format: "%02x", $0) }.joined()
      #expect(digest == expected.sha256, "\(corpus)")
    }
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
    print("\(model): \(bytes) bytes in \(seconds) s, \(Double(bytes) / seconds / 1e6) MB/s")
  }

  @Test(arguments: Inputs.smallModels)
  func oneEncoderForManyTextsGivesTheIdsOfFreshOnes(model: String) throws {
    let tokenizer = try #require(try Inputs.tokenizer(model))
    var encoder = tokenizer.makeEncoder()
    let texts = try TextFixture.load().texts
    for _ in 0..<2 {
      for text in texts {
        var ids: [Int32] = []
        Array(text.text.utf8).withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
        #expect(ids == tokenizer.encode(text.text))
      }
    }
  }

  @Test func bytesOfADocumentsTokensAreItsBytes() throws {
    for model in ["small-prefix.model", "small-bare.model"] {
      let tokenizer = try #require(try Inputs.tokenizer(model))
      for text in try TextFixture.load().texts where !text.text.isEmpty {
        // A U+2581 of the text itself counts as a space: it cannot be told from one.
        if text.text.unicodeScalars.contains("\u{2581}") { continue }
        let bytes = tokenizer.encode(text.text).flatMap(tokenizer.bytes)
        let added = tokenizer.addsLeadingSpace ? 1 : 0
        #expect(bytes.dropFirst(added).elementsEqual(text.text.utf8), "\(text.text.debugDescription)")
      }
      for id in 0..<Int32(tokenizer.vocabularySize) {
        #expect(tokenizer.bytes(of: id).count == tokenizer.byteCount(of: id))
        #expect((tokenizer.controlName(of: id) == nil) == (tokenizer.byteCount(of: id) > 0))
      }
    }
  }

  @Test func malformedUTF8BecomesReplacementCharacters() throws {
    let tokenizer = try #require(try Inputs.tokenizer("small-bare.model"))
    let one = tokenizer.encode("a\u{FFFD}b")
    #expect(tokenizer.encode([0x61, 0xFF, 0x62]) == one)
    #expect(tokenizer.encode([0xC3]) == tokenizer.encode("\u{FFFD}"))
    #expect(tokenizer.encode([0xED, 0xA0, 0x80]) == tokenizer.encode("\u{FFFD}\u{FFFD}\u{FFFD}"))
  }

  /// A mebibyte of one thing. Work is counted, not timed: rules looked up, heap entries moved. With a scan of all pairs
  /// for every merge it would be of the order of 10^12.
  @Test(arguments: ["a", " ", "的", "海边", "\n", "1", "!", "\u{301}", "😀", "ab ", "the", "  \n", "<s>"])
  func workGrowsNoFasterThanTheTextAndALittle(unit: String) throws {
    for model in Inputs.smallModels + ["tokenizers/mistral-v1/tokenizer.model"] {
      guard let tokenizer = try Inputs.tokenizer(model) else { continue }
      let text = Array(repeating: Array(unit.utf8), count: (1 << 20) / unit.utf8.count).flatMap { $0 }
      var encoder = SentencePieceEncoder(tokenizer)
      var ids: [Int32] = []
      text.withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
      #expect(encoder.work < 100 * text.count, "\(model): \(encoder.work) for \(text.count) bytes")
    }
  }
}
