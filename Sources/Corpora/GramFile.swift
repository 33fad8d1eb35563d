/// The 13-gram hashes of a token shard's documents, in a file beside it: only the index needs them, so runners never
/// fetch them.
///
/// Little-endian:
/// ```
///   0  magic "ADMIXGRM"           32  u64 grams                       48  identity of the token shard, 32 bytes
///   8  u32 format version         40  u32 CRC-32 of the grams         80  zeros
///  12  u32 header bytes (128)     44  u32 CRC-32 of the starts       124  u32 CRC-32 of bytes 0 ..< 124
///  16  u32 prepare version
///  20  u32 words in a gram
///  24  u64 documents
/// 128  grams: u64 each, sorted and unique within a document
///   …  starts: u64 each, a document's first gram; one more than documents
/// ```
final class GramFile: Sendable {
  static let magic = Array("ADMIXGRM".utf8)
  static let formatVersion: UInt32 = 1
  static let headerBytes = 128

  let documentCount: Int
  let gramCount: Int
  let shardIdentity: [UInt8]
  private let file: MappedFile
  private let startsOffset: Int

  init(path: String) throws {
    file = try MappedFile(path: path)
    let bytes = file.bytes
    func corrupt(_ message: String) -> CorpusError {
      CorpusError(.corruptShard, "\(message); prepare the file again", file: path)
    }
    guard bytes.count >= Self.headerBytes, bytes[..<8].elementsEqual(Self.magic) else {
      throw corrupt("not a file of 13-grams")
    }
    guard bytes.littleEndian(UInt32.self, at: 8) == Self.formatVersion,
      bytes.littleEndian(UInt32.self, at: 20) == UInt32(WordGrams.words)
    else {
      throw corrupt("a format this program does not read")
    }
    let header = UnsafeRawBufferPointer(rebasing: bytes[..<(Self.headerBytes - 4)])
    guard RunningCRC32.of(header) == bytes.littleEndian(at: Self.headerBytes - 4) else {
      throw corrupt("the header does not match its checksum")
    }
    let documents: UInt64 = bytes.littleEndian(at: 24)
    let grams: UInt64 = bytes.littleEndian(at: 32)
    guard documents < 1 << 56, grams < 1 << 56,
      UInt64(Self.headerBytes) + 8 * (grams + documents + 1) == UInt64(bytes.count)
    else {
      throw corrupt("\(bytes.count) bytes do not hold \(grams) grams of \(documents) documents")
    }
    documentCount = Int(documents)
    gramCount = Int(grams)
    startsOffset = Self.headerBytes + 8 * gramCount
    shardIdentity = Array(bytes[48..<80])
    guard
      RunningCRC32.of(.init(rebasing: bytes[Self.headerBytes..<startsOffset])) == bytes.littleEndian(at: 40),
      RunningCRC32.of(.init(rebasing: bytes[startsOffset...])) == bytes.littleEndian(at: 44)
    else {
      throw corrupt("the grams do not match their checksum")
    }
    var last: UInt64 = 0
    for index in 0...documentCount {
      let start: UInt64 = bytes.littleEndian(at: startsOffset + 8 * index)
      guard start >= last, start <= grams else { throw corrupt("document \(index) starts at gram \(start)") }
      last = start
    }
    guard last == grams, bytes.littleEndian(UInt64.self, at: startsOffset) == 0 else {
      throw corrupt("the documents do not cover the grams")
    }
  }

  /// Calls `body` with each gram of the document. Precondition: the index is in range.
  func forEachGram(ofDocument index: Int, _ body: (UInt64) -> Void) {
    precondition(index >= 0 && index < documentCount)
    let start: UInt64 = file.bytes.littleEndian(at: startsOffset + 8 * index)
    let end: UInt64 = file.bytes.littleEndian(at: startsOffset + 8 * index + 8)
    for gram in Int(start)..<Int(end) { body(file.bytes.littleEndian(at: Self.headerBytes + 8 * gram)) }
  }
}

/// Writes a `GramFile` document by document. Not shared between threads.
struct GramFileWriter {
  private let file: AtomicFileWriter
  private var starts: [UInt8] = []
  private var documents: UInt64 = 0
  private var grams: UInt64 = 0
  private var crc = RunningCRC32()

  init(path: String) throws {
    file = try AtomicFileWriter(path: path)
    try file.append([UInt8](repeating: 0, count: GramFile.headerBytes))
  }

  mutating func append(_ hashes: [UInt64]) throws {
    starts.appendLittleEndian(grams)
    documents += 1
    grams += UInt64(hashes.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 * hashes.count)
    for hash in hashes { bytes.appendLittleEndian(hash) }
    bytes.withUnsafeBytes { crc.update($0) }
    try file.append(bytes)
  }

  mutating func commit(prepareVersion: UInt32, shardIdentity: [UInt8]) throws {
    precondition(shardIdentity.count == 32)
    starts.appendLittleEndian(grams)
    try file.append(starts)
    var header = GramFile.magic
    header.appendLittleEndian(GramFile.formatVersion)
    header.appendLittleEndian(UInt32(GramFile.headerBytes))
    header.appendLittleEndian(prepareVersion)
    header.appendLittleEndian(UInt32(WordGrams.words))
    header.appendLittleEndian(documents)
    header.appendLittleEndian(grams)
    header.appendLittleEndian(crc.value)
    header.appendLittleEndian(starts.withUnsafeBytes(RunningCRC32.of))
    header += shardIdentity
    header += [UInt8](repeating: 0, count: GramFile.headerBytes - 4 - header.count)
    header.appendLittleEndian(header.withUnsafeBytes(RunningCRC32.of))
    try file.replaceStart(header)
    try file.commit()
  }
}
