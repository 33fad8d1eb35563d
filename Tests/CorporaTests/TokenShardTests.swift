import Foundation
import Testing
import Tokenizers

@testable import Corpora

@Suite struct TokenShardTests {
  let corpus: TestCorpus

  init() throws { corpus = try TestCorpus() }

  @Test func aPreparedFileHoldsItsDocuments() throws {
    let paths = try corpus.prepare("a", ["eins", "中文", "", "drei"])
    let shard = try TokenShard(path: paths.shard)
    try shard.verify()
    #expect(shard.documentCount == 3)
    #expect(shard.header.emptyDocumentCount == 1)
    #expect(shard.header.textBytes == 14 && shard.header.characterCount == 10)
    #expect(shard.tokenCount == 14 + 3 * 2)
    let second = try shard.document(1)
    #expect(second.byteCount == 6 && second.characterCount == 2)
    #expect(second.hash == Array("中文".utf8).withUnsafeBufferPointer { DocumentHash(of: $0) })
    var tokens: [Int32] = []
    try shard.appendTokens(second.tokens, to: &tokens)
    #expect(tokens == [256] + "中文".utf8.map(Int32.init) + [257])
  }

  @Test func theSameInputGivesTheSameBytesAndAnotherOptionOthers() throws {
    let input = try corpus.folder.write("a.txt", inventedTexts(count: 50, seed: 1).joined(separator: "\n\n"))
    func prepare(_ name: String, _ options: DocumentOptions) throws -> PreparedFile {
      try prepareFile(
        input: input, tokenizer: ByteTokenizer(), tokenizerSHA256: [UInt8](repeating: 7, count: 32), options: options,
        shard: corpus.folder.path(name), grams: corpus.folder.path(name + ".grams"))
    }
    let first = try prepare("one", DocumentOptions())
    let second = try prepare("two", DocumentOptions())
    #expect(first.shardSHA256 == second.shardSHA256 && first.gramSHA256 == second.gramSHA256)
    #expect(try corpus.folder.bytes("one") == corpus.folder.bytes("two"))
    #expect(first.shardSHA256 == (try fileSHA256(corpus.folder.path("one"))))
    #expect(try prepare("three", DocumentOptions(documents: .file)).shardSHA256 != first.shardSHA256)
    let key = { (options: DocumentOptions, tokenizer: ByteTokenizer) in
      prepareKey(inputSHA256: [1], tokenizerSHA256: [2], tokenizer: tokenizer, options: options)
    }
    let keys = [
      key(DocumentOptions(), ByteTokenizer()), key(DocumentOptions(textField: "t"), ByteTokenizer()),
      key(DocumentOptions(), ByteTokenizer(addsBeginningOfText: false)),
    ]
    #expect(Set(keys).count == 3)
  }

  @Test func aFailureLeavesNoFileBehind() throws {
    let input = try corpus.folder.write("a.jsonl", #"{"text": "fine"}"# + "\n{}\n")
    let before = corpus.folder.names
    #expect(throws: CorpusError.self) {
      try prepareFile(
        input: input, tokenizer: ByteTokenizer(), tokenizerSHA256: [UInt8](repeating: 7, count: 32),
        options: DocumentOptions(), shard: corpus.folder.path("s"), grams: corpus.folder.path("g"))
    }
    #expect(corpus.folder.names == before)
    let good = try corpus.folder.write("b.jsonl", try jsonLines(inventedTexts(count: 9000, seed: 1)))
    #expect(throws: CancellationError.self) {
      try prepareFile(
        input: good, tokenizer: ByteTokenizer(), tokenizerSHA256: [UInt8](repeating: 7, count: 32),
        options: DocumentOptions(), shard: corpus.folder.path("s"), grams: corpus.folder.path("g"),
        progress: { _ in throw CancellationError() })
    }
    #expect(corpus.folder.names == before + ["b.jsonl"].filter { !before.contains($0) })
    #expect(throws: CorpusError.self) {
      try prepareFile(
        input: good, tokenizer: ByteTokenizer(), tokenizerSHA256: [UInt8](repeating: 7, count: 32),
        options: DocumentOptions(), shard: corpus.folder.path("no/such/folder"), grams: corpus.folder.path("g"))
    }
  }

  @Test func aShardCutAnywhereIsAnError() throws {
    let paths = try corpus.prepare("a", ["eins", "zwei", "drei"])
    let shard = try corpus.folder.bytes("a.shard")
    for count in 0..<shard.count {
      let path = try corpus.folder.write("cut", Array(shard[..<count]))
      #expect(throws: CorpusError.self, "cut at \(count)") { try TokenShard(path: path) }
    }
    let longer = try corpus.folder.write("longer", shard + [0])
    #expect(throws: CorpusError.self) { try TokenShard(path: longer) }
    let grams = try corpus.folder.bytes("a.grams")
    for count in 0..<grams.count {
      let path = try corpus.folder.write("cut", Array(grams[..<count]))
      #expect(throws: CorpusError.self, "cut at \(count)") { try GramFile(path: path) }
    }
    _ = paths
  }

  @Test func everyFlippedBitIsFound() throws {
    _ = try corpus.prepare("a", inventedTexts(count: 3, seed: 2, words: 20...25))
    let shard = try corpus.folder.bytes("a.shard")
    for bit in stride(from: 0, to: shard.count * 8, by: 3) {
      var flipped = shard
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      let path = try corpus.folder.write("flipped", flipped)
      // The zeros that pad the tokens are the one place that no checksum covers: they carry nothing.
      let tokensEnd = 256 + Int(shard[48]) * 2 + Int(shard[49]) * 512
      if bit / 8 >= tokensEnd, bit / 8 < paddedToEight(tokensEnd) { continue }
      #expect(throws: CorpusError.self, "bit \(bit)") { try TokenShard(path: path).verify() }
    }
    let grams = try corpus.folder.bytes("a.grams")
    for bit in stride(from: 0, to: grams.count * 8, by: 3) {
      var flipped = grams
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      let path = try corpus.folder.write("flipped", flipped)
      #expect(throws: CorpusError.self, "bit \(bit)") { try GramFile(path: path) }
    }
  }

  /// A file that lies with right checksums must not trap either.
  @Test func lyingHeadersAndTablesWithRightChecksumsAreErrors() throws {
    _ = try corpus.prepare("a", ["eins", "zwei", "drei"])
    let shard = try corpus.folder.bytes("a.shard")
    for offset in stride(from: 16, to: 96, by: 4) {
      for value in [0, 1, 0x7FFF_FFFF, 0xFFFF_FFFF] as [UInt32] {
        var lying = shard
        lying.storeLittleEndian(value, at: offset)
        lying.storeLittleEndian(lying[..<252].withUnsafeBytes(RunningCRC32.of), at: 252)
        guard let opened = try? TokenShard(path: try corpus.folder.write("lying", lying)) else { continue }
        try? opened.verify()
        for index in 0..<opened.documentCount {
          guard let document = try? opened.document(index) else { continue }
          var tokens: [Int32] = []
          try? opened.appendTokens(document.tokens, to: &tokens)
          #expect(tokens.allSatisfy { $0 >= 0 && Int($0) < opened.header.vocabularySize })
        }
      }
    }
    // A document table that points outside.
    var lying = shard
    let table = shard.count - 3 * TokenShard.documentBytes
    lying.storeLittleEndian(UInt64.max, at: table + TokenShard.documentBytes)
    let opened = try TokenShard(path: try corpus.folder.write("lying", lying))
    #expect(throws: CorpusError.self) { try opened.document(0) }
    #expect(throws: CorpusError.self) { try opened.document(1) }
    _ = try opened.document(2)
  }

  @Test func largeVocabulariesTakeFourBytes() throws {
    struct Wide: Tokenizer, TextEncoder {
      var vocabularySize: Int { 70_000 }
      var beginningOfText: Int32? { nil }
      var endOfText: Int32? { 69_999 }
      var addsBeginningOfText: Bool { false }
      var addsLeadingSpace: Bool { false }
      func makeEncoder() -> any TextEncoder { self }
      func encode(_ utf8: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]) {
        tokens += utf8.map { Int32($0) + 65_536 }
      }
      func decode(_ tokens: [Int32]) throws -> String { "" }
      func byteCount(of token: Int32) -> Int { 1 }
    }
    var wide = corpus
    wide.tokenizer = Wide()
    let shard = try TokenShard(path: try wide.prepare("wide", ["ab"]).shard)
    try shard.verify()
    var tokens: [Int32] = []
    try shard.appendTokens(0..<3, to: &tokens)
    #expect(tokens == [65_633, 65_634, 69_999])
  }
}
