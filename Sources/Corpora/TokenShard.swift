import Crypto

/// A tokenized file: what `prepareFile` writes and training maps into memory.
///
/// All numbers are little-endian.
/// ```
///   0  magic "ADMIXTOK"          40  u64 documents            96  input file's SHA-256
///   8  u32 format version        48  u64 tokens              128  tokenizer file's SHA-256
///  12  u32 header bytes (256)    56  u64 bytes of text       160  options' SHA-256
///  16  u32 prepare version       64  u64 characters          192  zeros
///  20  u32 bytes a token (2, 4)  72  u64 documents w/o text  252  u32 CRC-32 of bytes 0 ..< 252
///  24  u32 vocabulary size       80  u64 input file's bytes
///  28  u32 flags                 88  u32 CRC-32 of the tokens
///  32  i32 beginning of text     92  u32 CRC-32 of the document table
///  36  i32 end of text
/// 256  tokens, u16 or u32, padded with zeros to a multiple of 8
///   …  document table, 64 bytes each: u64 first token, u64 bytes, u64 characters, u64 zero, SHA-256 of the text
/// ```
/// Flags: 1 documents start with the beginning-of-text id, 2 they end with the end-of-text id, 4 the tokenizer puts a
/// space in front of the text. A document's tokens end where the next one's start. Documents are in file order.
///
/// Opening checks the header and that every section lies in the file; reading checks every document's bounds and every
/// token against the vocabulary, so that a damaged or lying file is an error and never a trap.
public final class TokenShard: Sendable {
  static let magic = Array("ADMIXTOK".utf8)
  static let formatVersion: UInt32 = 1
  static let headerBytes = 256
  static let documentBytes = 64

  public struct Document: Sendable, Equatable {
    public var tokens: Range<Int>
    public var byteCount: Int
    public var characterCount: Int
    public var hash: DocumentHash
  }

  public let path: String
  public let header: TokenShardHeader
  /// SHA-256 of the header, which holds checksums of everything else: the shard's identity.
  public let identity: [UInt8]
  private let file: MappedFile
  private let documentTable: Int

  public init(path: String) throws {
    self.path = path
    file = try MappedFile(path: path)
    header = try TokenShardHeader(reading: file.bytes, path: path)
    var hash = SHA256()
    hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: file.bytes[..<Self.headerBytes]))
    identity = Array(hash.finalize())
    documentTable = try header.checkedLayout(fileBytes: file.bytes.count, path: path)
  }

  public var documentCount: Int { header.documentCount }
  public var tokenCount: Int { header.tokenCount }

  /// The document's record. Throws when the table contradicts itself. Precondition: the index is in range.
  public func document(_ index: Int) throws -> Document {
    precondition(index >= 0 && index < documentCount)
    let offset = documentTable + index * Self.documentBytes
    let bytes = file.bytes
    let start: UInt64 = bytes.littleEndian(at: offset)
    let end: UInt64 =
      index + 1 < documentCount ? bytes.littleEndian(at: offset + Self.documentBytes) : UInt64(tokenCount)
    guard start < end, end <= UInt64(tokenCount),
      let byteCount = Int(exactly: bytes.littleEndian(UInt64.self, at: offset + 8)),
      let characterCount = Int(exactly: bytes.littleEndian(UInt64.self, at: offset + 16))
    else {
      throw corrupt("document \(index) says it has tokens \(start) ..< \(end) of \(tokenCount)")
    }
    return Document(
      tokens: Int(start)..<Int(end), byteCount: byteCount, characterCount: characterCount,
      hash: DocumentHash(bytes: bytes, at: offset + 32))
  }

  /// Appends the tokens of a range. Throws when one is outside the vocabulary. Precondition: the range is in bounds.
  public func appendTokens(_ range: Range<Int>, to tokens: inout [Int32]) throws {
    precondition(range.lowerBound >= 0 && range.upperBound <= tokenCount)
    let bytes = file.bytes
    let limit = UInt32(header.vocabularySize)
    for index in range {
      let token: UInt32 =
        header.tokenBytes == 2
        ? UInt32(bytes.littleEndian(UInt16.self, at: Self.headerBytes + 2 * index))
        : bytes.littleEndian(UInt32.self, at: Self.headerBytes + 4 * index)
      guard token < limit else { throw corrupt("token \(index) is \(token), the vocabulary has \(limit) ids") }
      tokens.append(Int32(bitPattern: token))
    }
  }

  /// Reads the whole file and compares its checksums, bounds and counts. Streams; needs no memory of its own.
  public func verify() throws {
    let bytes = file.bytes
    let tokens = Self.headerBytes..<Self.headerBytes + tokenCount * header.tokenBytes
    guard RunningCRC32.of(.init(rebasing: bytes[tokens])) == header.tokensCRC else {
      throw corrupt("the tokens do not match their checksum")
    }
    guard RunningCRC32.of(.init(rebasing: bytes[documentTable...])) == header.documentsCRC else {
      throw corrupt("the document table does not match its checksum")
    }
    var textBytes = 0
    var characters = 0
    for index in 0..<documentCount {
      let document = try document(index)
      guard index > 0 || document.tokens.lowerBound == 0 else { throw corrupt("document 0 does not start at token 0") }
      (textBytes, characters) = (textBytes &+ document.byteCount, characters &+ document.characterCount)
    }
    guard textBytes == header.textBytes, characters == header.characterCount else {
      throw corrupt("the documents' bytes and characters do not add up to the header's")
    }
  }

  private func corrupt(_ message: String) -> CorpusError {
    CorpusError(.corruptShard, "\(message); the shard is damaged, prepare it again", file: path)
  }
}
