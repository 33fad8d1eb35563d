import FoundationEssentials

/// What a job trains and validates on, document by document, over its token shards. Written by `buildCorpusIndex`,
/// mapped into memory, shared by all threads.
///
/// Little-endian:
/// ```
///   0  magic "ADMIXIDX"          24  u64 vocabulary size          60  u32 CRC-32 of bytes 0 ..< 60
///   8  u32 format version        32  u64 entries
///  12  u32 header bytes (64)     40  u32 CRC-32 of what follows the header
///  16  u64 bytes of JSON         44  zeros
///  64  JSON: `CorpusSummary`, keys sorted; zeros to a multiple of 8
///   …  u16 for each token id: bytes of text it stands for; zeros to a multiple of 8
///   …  entries, 16 bytes each: u32 shard, u32 document, u64 tokens of the stream before it
/// ```
public final class CorpusIndex: Sendable {
  static let magic = Array("ADMIXIDX".utf8)
  static let formatVersion: UInt32 = 1
  static let headerBytes = 64
  static let entryBytes = 16

  public let path: String
  public let summary: CorpusSummary
  private let file: MappedFile
  private let byteCountsOffset: Int
  private let entriesOffset: Int

  /// Checks the checksums and every entry.
  public init(path: String) throws {
    self.path = path
    file = try MappedFile(path: path)
    let bytes = file.bytes
    func corrupt(_ message: String) -> CorpusError {
      CorpusError(.corruptIndex, "\(message); prepare the corpus again", file: path)
    }
    guard bytes.count >= Self.headerBytes, bytes[..<8].elementsEqual(Self.magic) else {
      throw corrupt("not a corpus index")
    }
    guard bytes.littleEndian(UInt32.self, at: 8) == Self.formatVersion else {
      throw corrupt("index of format \(bytes.littleEndian(UInt32.self, at: 8)), \(Self.formatVersion) expected")
    }
    guard RunningCRC32.of(.init(rebasing: bytes[..<60])) == bytes.littleEndian(at: 60),
      RunningCRC32.of(.init(rebasing: bytes[Self.headerBytes...])) == bytes.littleEndian(at: 40)
    else { throw corrupt("the index does not match its checksum") }
    let json: UInt64 = bytes.littleEndian(at: 16)
    let vocabulary: UInt64 = bytes.littleEndian(at: 24)
    let entries: UInt64 = bytes.littleEndian(at: 32)
    guard json < 1 << 32, vocabulary < 1 << 31, entries < 1 << 48 else { throw corrupt("sizes beyond all bounds") }
    byteCountsOffset = Self.headerBytes + paddedToEight(Int(json))
    entriesOffset = byteCountsOffset + paddedToEight(2 * Int(vocabulary))
    guard entriesOffset + Self.entryBytes * Int(entries) == bytes.count else {
      throw corrupt("\(bytes.count) bytes do not hold \(entries) entries")
    }
    do {
      summary = try JSONDecoder().decode(
        CorpusSummary.self, from: Data(bytes[Self.headerBytes..<Self.headerBytes + Int(json)]))
    } catch {
      throw corrupt("the summary cannot be read (\(error))")
    }
    guard summary.vocabularySize == Int(vocabulary) else { throw corrupt("two vocabulary sizes") }
    for stream in summary.sources.map(\.stream) + summary.sets.map(\.stream) {
      guard stream.firstEntry >= 0, stream.entries > 0, stream.tokens > 0,
        stream.firstEntry <= Int(entries) - stream.entries
      else { throw corrupt("a stream lies outside the entries") }
      var before = 0
      for index in 0..<stream.entries {
        let entry = entry(stream, index)
        guard entry.shard < summary.shards.count, entry.document < summary.shards[entry.shard].documents,
          index == 0 ? entry.start == 0 : entry.start > before, entry.start < stream.tokens
        else { throw corrupt("entry \(stream.firstEntry + index) contradicts its stream") }
        before = entry.start
      }
    }
  }

  struct Entry {
    var shard: Int
    var document: Int
    /// Tokens of the stream before the document.
    var start: Int
  }

  /// Precondition: the index is in the stream.
  func entry(_ stream: CorpusSummary.Stream, _ index: Int) -> Entry {
    precondition(index >= 0 && index < stream.entries)
    let offset = entriesOffset + (stream.firstEntry + index) * Self.entryBytes
    return Entry(
      shard: Int(file.bytes.littleEndian(UInt32.self, at: offset)),
      document: Int(file.bytes.littleEndian(UInt32.self, at: offset + 4)),
      start: Int(truncatingIfNeeded: file.bytes.littleEndian(UInt64.self, at: offset + 8)))
  }

  /// Number of the entry in which the position lies. Precondition: 0 ≤ position < stream.tokens.
  func entryIndex(_ stream: CorpusSummary.Stream, at position: Int) -> Int {
    precondition(position >= 0 && position < stream.tokens)
    var (low, high) = (0, stream.entries)
    while high - low > 1 {
      let middle = (low + high) / 2
      if entry(stream, middle).start <= position { low = middle } else { high = middle }
    }
    return low
  }

  /// UTF-8 bytes of text the token stands for. Precondition: the id is in the vocabulary.
  func byteCount(of token: Int32) -> Int {
    precondition(token >= 0 && Int(token) < summary.vocabularySize)
    return Int(file.bytes.littleEndian(UInt16.self, at: byteCountsOffset + 2 * Int(token)))
  }

  /// Opens the token shards, given in the order in which the index was built: the sources' files, then those of the
  /// sets that have files of their own. Throws when one is not the shard the index knows.
  public func openShards(_ paths: [String]) throws -> [TokenShard] {
    guard paths.count == summary.shards.count else {
      throw CorpusError(
        .mismatch, "\(paths.count) shards given, the index was built over \(summary.shards.count)", file: path)
    }
    return try zip(paths, summary.shards).map { path, expected in
      let shard = try TokenShard(path: path)
      guard hexadecimal(shard.identity) == expected.identity else {
        throw CorpusError(
          .mismatch, "not the shard that the index was built over; prepare the corpus again", file: path)
      }
      return shard
    }
  }

  /// The sources as a mixture sees them: by role, weight and training tokens.
  public var mixtureSources: [MixtureSource] {
    summary.sources.map {
      MixtureSource(name: $0.name, role: $0.role, weight: $0.weight, tokens: $0.training.tokens)
    }
  }
}
