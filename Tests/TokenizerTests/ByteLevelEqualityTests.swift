import Corpora
import Crypto
import Foundation
import TestSupport
import Testing

@testable import Tokenizers

/// The references are the tokenizers and tiktoken packages; scripts/fixtures/byte_level_reference.py wrote what they
/// say.
@Suite struct ByteLevelEqualityTests {
  struct Fixture: Decodable {
    struct Expected: Decodable {
      var ids: [Int32]
      /// Absent where it is the text itself.
      var decoded: String?
    }
    struct Text: Decodable {
      var text: String
      var models: [String: Expected]
    }
    var texts: [Text]
    var code_points: [String: String]
    var all_texts: [String: String]

    static func load() throws -> Fixture {
      let file = Inputs.fixtures.appending(path: "byte-level-texts.json")
      return try JSONDecoder().decode(Fixture.self, from: try Data(contentsOf: file))
    }
  }

  static let small = [
    "bytes-gpt2.json", "bytes-smollm.json", "bytes-digit-runs.json", "bytes-llama3.json", "bytes-qwen2.json",
    "bytes-whole.json",
  ]
  static let real = ["tokenizers/smollm2/tokenizer.json", "tokenizers/llama3/tokenizer.model"]

  static func tokenizer(_ name: String) throws -> ByteLevelBPE? {
    if small.contains(name) { return try ByteLevelBPE(json: try Inputs.model(name)) }
    guard let data = Inputs.data else { return nil }
    let bytes = Array(try Data(contentsOf: data.appending(path: name)))
    return name.hasSuffix(".json") ? try ByteLevelBPE(json: bytes) : try ByteLevelBPE(tiktoken: bytes)
  }

  static func hash(_ ids: [Int32], into hash: inout SHA256) { ids.withUnsafeBytes { hash.update(bufferPointer: $0) } }

  static func hexadecimal(_ hash: SHA256) -> String { hash.finalize().map { String(format: "%02x", $0) }.joined() }

  @Test(arguments: small)
  func idsAndTextEqualHuggingFaceOnOddTexts(model: String) throws {
    let tokenizer = try #require(try Self.tokenizer(model))
    var encoder = tokenizer.makeEncoder()
    let fixture = try Fixture.load()
    #expect(fixture.texts.count > 500)
    for text in fixture.texts {
      let expected = try #require(text.models[model])
      var ids: [Int32] = []
      Array(text.text.utf8).withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
      #expect(ids == expected.ids, "\(text.text.debugDescription.prefix(200))")
      let decoded = try tokenizer.decode(expected.ids)
      #expect(
        Array(decoded.unicodeScalars) == Array((expected.decoded ?? text.text).unicodeScalars),
        "\(text.text.debugDescription.prefix(200))")
    }
  }

  /// Letters, numbers, spaces, word characters, digits, case folding, composition: 1.1 million texts.
  @Test(arguments: small + real)
  func idsAroundEveryCodePointEqualTheReference(model: String) throws {
    guard let tokenizer = try Self.tokenizer(model) else { return }
    let expected = try #require(try Fixture.load().code_points[model])
    var encoder = tokenizer.makeEncoder()
    var hash = SHA256()
    var ids: [Int32] = []
    var text: [UInt8] = []
    for value in 0..<UInt32(0x110000) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let c = Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      text.removeAll(keepingCapacity: true)
      // a{c}1{c} {c}{c}\n '{c} x{c}\u0301\u0327{c}\u0323
      text.append(0x61)
      text += c
      text.append(0x31)
      text += c
      text.append(0x20)
      text += c
      text += c
      text += [0x0A, 0x20, 0x27]
      text += c
      text += [0x20, 0x78]
      text += c
      text += [0xCC, 0x81, 0xCC, 0xA7]
      text += c
      text += [0xCC, 0xA3]
      ids.removeAll(keepingCapacity: true)
      text.withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
      Self.hash(ids, into: &hash)
    }
    #expect(Self.hexadecimal(hash) == expected)
  }

  struct Stream: Decodable {
    var sha256: String
    var tokens: Int
    var files: Int?
  }
  struct Streams: Decodable { var streams: [String: [String: Stream]] }

  @Test(.enabled(if: Inputs.data != nil, "skipped: no folder of real inputs (ADMIX_TEST_DATA)"), arguments: real)
  func idStreamsOfEveryCorpusAndBenchmarkEqualTheReference(model: String) throws {
    let data = try #require(Inputs.data)
    let tokenizer = try #require(try Self.tokenizer(model))
    let file = Inputs.fixtures.appending(path: "byte-level-streams.json")
    let decoded = try JSONDecoder().decode(Streams.self, from: try Data(contentsOf: file)).streams
    let streams = try #require(decoded[model])
    #expect(streams.count == 15)
    var encoder = tokenizer.makeEncoder()
    var text: [UInt8] = []
    for (name, expected) in streams.sorted(by: { $0.key < $1.key }) {
      var hash = SHA256()
      var tokens = 0
      func add() {
        var ids: [Int32] = []
        text.withUnsafeBufferPointer { encoder.encode($0, into: &ids) }
        Self.hash(ids, into: &hash)
        tokens += ids.count
      }
      if name == "benchmarks" {
        let files = Self.benchmarkFiles(data)
        #expect(files.count == expected.files)
        for file in files {
          text = Array(try Data(contentsOf: file))
          add()
        }
      } else {
        var reader = try DocumentReader(path: data.appending(path: name).path)
        while try reader.next(into: &text) { add() }
      }
      #expect(tokens == expected.tokens, "\(name)")
      #expect(Self.hexadecimal(hash) == expected.sha256, "\(name)")
    }
    var hash = SHA256()
    let fixture = try Fixture.load()
    for row in fixture.texts { Self.hash(tokenizer.encode(row.text), into: &hash) }
    #expect(Self.hexadecimal(hash) == fixture.all_texts[model])
  }

  private static func benchmarkFiles(_ data: URL) -> [URL] {
    let paths = ["benchmarks", "sft", "dpo"].flatMap { part in
      (FileManager.default.enumerator(atPath: data.path + "/" + part)?.allObjects ?? [])
        .compactMap { ($0 as? String).map { data.path + "/\(part)/" + $0 } }
    }
    return paths.filter { $0.hasSuffix(".csv") || $0.hasSuffix(".json") || $0.hasSuffix(".jsonl") }
      .sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }.map { URL(filePath: $0) }
  }
}
