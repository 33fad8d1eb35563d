import CZlib
import CZstd
import Foundation
import TestSupport
import Tokenizers

@testable import Corpora

/// A folder for one test, removed with the value's last reference.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "admix-corpora-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: url.appending(path: name))
    return path(name)
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url.appending(path: name))) }

  var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() }
}

/// One id a byte, 256 opens a document, 257 closes it: every id of a row can be foretold from the text.
struct ByteTokenizer: Tokenizer, TextEncoder {
  var vocabularySize: Int { 258 }
  var beginningOfText: Int32? { 256 }
  var endOfText: Int32? { 257 }
  var addsBeginningOfText = true
  var addsLeadingSpace: Bool { false }

  func makeEncoder() -> any TextEncoder { self }
  func encode(_ utf8: UnsafeBufferPointer<UInt8>, into tokens: inout [Int32]) { tokens += utf8.map(Int32.init) }
  func decode(_ tokens: [Int32]) throws -> String {
    String(decoding: tokens.compactMap { UInt8(exactly: $0) }, as: UTF8.self)
  }
  func byteCount(of token: Int32) -> Int { token < 256 ? 1 : 0 }
}

/// What the tokenizers of these tests have no use for.
extension Tokenizer where Self: TextEncoder {
  func makeEncoder(specialTokens: SpecialTokenHandling) -> any TextEncoder { self }
  func id(of token: String) -> Int32? { nil }
  func isSpecial(_ token: Int32) -> Bool { byteCount(of: token) == 0 }
  func bytes(of token: Int32) -> [UInt8] { preconditionFailure("nobody asks for a token's bytes here") }
  func controlName(of token: Int32) -> String? { nil }
  func makeStreamingDecoder() -> any StreamingTextDecoder { preconditionFailure("nothing is streamed here") }
}

/// Where tests find real inputs and the tokenizer fixtures.
enum Inputs {
  static let data: URL? =
    FileManager.default.fileExists(atPath: TestData.place.path + "/corpora") ? TestData.place : nil

  static func smallTokenizer() throws -> any Tokenizer {
    let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "TokenizerTests/Fixtures/small-prefix.model")
    return try loadTokenizer(file: fixture.path).tokenizer
  }
}

/// One frame, with a checksum, as `zstd` writes it.
func zstd(_ bytes: [UInt8]) -> [UInt8] {
  let context = ZSTD_createCCtx()
  defer { ZSTD_freeCCtx(context) }
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
  let bound = ZSTD_compressBound(bytes.count)
  return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
    count = ZSTD_compress2(context, output.baseAddress, bound, bytes, bytes.count)
  }
}

func gzip(_ bytes: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  deflateInit2_(
    &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  defer { deflateEnd(&stream) }
  var input = bytes
  return input.withUnsafeMutableBufferPointer { input in
    let capacity = input.count + 1024
    return [UInt8](unsafeUninitializedCapacity: capacity) { output, count in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(capacity)
      _ = deflate(&stream, Z_FINISH)
      count = capacity - Int(stream.avail_out)
    }
  }
}

func jsonLines(_ texts: [String]) throws -> [UInt8] {
  let encoder = JSONEncoder()
  return try texts.flatMap { Array(try encoder.encode(["text": $0])) + [0x0A] }
}

func documents(_ path: String, _ options: DocumentOptions = DocumentOptions()) throws -> [String] {
  var reader = try DocumentReader(path: path, options: options)
  var texts: [String] = []
  var text: [UInt8] = []
  while try reader.next(into: &text) { texts.append(String(decoding: text, as: UTF8.self)) }
  return texts
}

/// Texts of pseudo-random words; equal seeds give equal texts.
func inventedTexts(count: Int, seed: UInt64, words: ClosedRange<Int> = 1...60) -> [String] {
  var state = seed
  func next(_ bound: Int) -> Int {
    state = SplitMix64.mix(state)
    return Int(state % UInt64(bound))
  }
  return (0..<count).map { _ in
    let length = words.lowerBound + next(words.count)
    return (0..<length).map { _ in "w\(next(5000))" }.joined(separator: " ")
  }
}

/// A corpus in a temporary folder, prepared with the byte tokenizer.
struct TestCorpus {
  let folder: TemporaryFolder
  var tokenizer: any Tokenizer = ByteTokenizer()

  init() throws { folder = try TemporaryFolder() }

  func prepare(_ name: String, _ texts: [String]) throws -> PreparedPaths {
    let input = try folder.write("\(name).jsonl", try jsonLines(texts))
    let paths = PreparedPaths(shard: folder.path("\(name).shard"), grams: folder.path("\(name).grams"))
    _ = try prepareFile(
      input: input, tokenizer: tokenizer, tokenizerSHA256: [UInt8](repeating: 7, count: 32),
      options: DocumentOptions(), shard: paths.shard, grams: paths.grams)
    return paths
  }

  func index(
    _ sources: [SourcePlan], _ sets: [ValidationPlan] = [], validationSeed: UInt64 = 1, name: String = "index"
  ) throws -> (CorpusIndex, [TokenShard]) {
    _ = try buildCorpusIndex(
      sources: sources, sets: sets, validationSeed: validationSeed, tokenizer: tokenizer,
      output: folder.path(name))
    let index = try CorpusIndex(path: folder.path(name))
    var paths = sources.flatMap(\.files).map(\.shard)
    for set in sets {
      if case .files(let files) = set.origin { paths += files.map(\.shard) }
    }
    return (index, try index.openShards(paths))
  }
}

/// The texts of a stream, in order.
func texts(_ index: CorpusIndex, _ shards: [TokenShard], _ stream: CorpusSummary.Stream) throws -> [String] {
  try (0..<stream.entries).map { number in
    let entry = index.entry(stream, number)
    var tokens: [Int32] = []
    try shards[entry.shard].appendTokens(try shards[entry.shard].document(entry.document).tokens, to: &tokens)
    return try ByteTokenizer().decode(tokens)
  }
}
