/// The first 256 bytes of a token shard (layout: `TokenShard`).
public struct TokenShardHeader: Sendable, Equatable {
  public var prepareVersion: UInt32
  /// Bytes of one token: 2 where the vocabulary fits, else 4.
  public var tokenBytes: Int
  public var vocabularySize: Int
  public var startsWithBeginningOfText: Bool
  public var endsWithEndOfText: Bool
  public var addsLeadingSpace: Bool
  public var beginningOfText: Int32?
  public var endOfText: Int32?
  public var documentCount = 0
  public var tokenCount = 0
  public var textBytes = 0
  public var characterCount = 0
  /// Documents that had no text and were left out.
  public var emptyDocumentCount = 0
  public var inputBytes = 0
  public var tokensCRC: UInt32 = 0
  public var documentsCRC: UInt32 = 0
  public var inputSHA256: [UInt8]
  public var tokenizerSHA256: [UInt8]
  public var optionsSHA256: [UInt8]

  var encoded: [UInt8] {
    precondition(inputSHA256.count == 32 && tokenizerSHA256.count == 32 && optionsSHA256.count == 32)
    var bytes = TokenShard.magic
    bytes.appendLittleEndian(TokenShard.formatVersion)
    bytes.appendLittleEndian(UInt32(TokenShard.headerBytes))
    bytes.appendLittleEndian(prepareVersion)
    bytes.appendLittleEndian(UInt32(tokenBytes))
    bytes.appendLittleEndian(UInt32(vocabularySize))
    let flags: UInt32 = (startsWithBeginningOfText ? 1 : 0) | (endsWithEndOfText ? 2 : 0) | (addsLeadingSpace ? 4 : 0)
    bytes.appendLittleEndian(flags)
    bytes.appendLittleEndian(beginningOfText ?? -1)
    bytes.appendLittleEndian(endOfText ?? -1)
    for count in [documentCount, tokenCount, textBytes, characterCount, emptyDocumentCount, inputBytes] {
      bytes.appendLittleEndian(UInt64(count))
    }
    bytes.appendLittleEndian(tokensCRC)
    bytes.appendLittleEndian(documentsCRC)
    bytes += inputSHA256 + tokenizerSHA256 + optionsSHA256
    bytes += [UInt8](repeating: 0, count: TokenShard.headerBytes - 4 - bytes.count)
    bytes.appendLittleEndian(bytes.withUnsafeBytes(RunningCRC32.of))
    return bytes
  }

  init(
    prepareVersion: UInt32, tokenBytes: Int, vocabularySize: Int, startsWithBeginningOfText: Bool,
    endsWithEndOfText: Bool, addsLeadingSpace: Bool, beginningOfText: Int32?, endOfText: Int32?,
    tokenizerSHA256: [UInt8], optionsSHA256: [UInt8]
  ) {
    self.prepareVersion = prepareVersion
    self.tokenBytes = tokenBytes
    self.vocabularySize = vocabularySize
    self.startsWithBeginningOfText = startsWithBeginningOfText
    self.endsWithEndOfText = endsWithEndOfText
    self.addsLeadingSpace = addsLeadingSpace
    self.beginningOfText = beginningOfText
    self.endOfText = endOfText
    self.inputSHA256 = [UInt8](repeating: 0, count: 32)
    self.tokenizerSHA256 = tokenizerSHA256
    self.optionsSHA256 = optionsSHA256
  }

  init(reading bytes: UnsafeRawBufferPointer, path: String) throws {
    func corrupt(_ message: String) -> CorpusError { CorpusError(.corruptShard, message, file: path) }
    guard bytes.count >= TokenShard.headerBytes else {
      throw corrupt("\(bytes.count) bytes; a token shard has at least \(TokenShard.headerBytes): it was cut off")
    }
    guard bytes[..<8].elementsEqual(TokenShard.magic) else { throw corrupt("not a token shard") }
    let version: UInt32 = bytes.littleEndian(at: 8)
    guard version == TokenShard.formatVersion else {
      throw corrupt("format \(version); this program reads \(TokenShard.formatVersion): prepare the file again")
    }
    let header = UnsafeRawBufferPointer(rebasing: bytes[..<(TokenShard.headerBytes - 4)])
    guard RunningCRC32.of(header) == bytes.littleEndian(at: TokenShard.headerBytes - 4) else {
      throw corrupt("the header does not match its checksum; the shard is damaged, prepare it again")
    }
    func count(_ offset: Int, _ name: String) throws -> Int {
      let value: UInt64 = bytes.littleEndian(at: offset)
      // 2^56 documents or tokens of eight bytes still fit an Int when sizes are added up.
      guard value < 1 << 56 else { throw corrupt("the header says \(value) \(name)") }
      return Int(value)
    }
    guard bytes.littleEndian(UInt32.self, at: 12) == UInt32(TokenShard.headerBytes) else {
      throw corrupt("the header says it has \(bytes.littleEndian(UInt32.self, at: 12)) bytes")
    }
    prepareVersion = bytes.littleEndian(at: 16)
    tokenBytes = Int(bytes.littleEndian(UInt32.self, at: 20))
    vocabularySize = Int(bytes.littleEndian(UInt32.self, at: 24))
    guard tokenBytes == 2 || tokenBytes == 4 else { throw corrupt("tokens of \(tokenBytes) bytes; 2 or 4 expected") }
    guard vocabularySize > 0, vocabularySize <= Int(Int32.max) else {
      throw corrupt("a vocabulary of \(vocabularySize) ids")
    }
    let flags: UInt32 = bytes.littleEndian(at: 28)
    startsWithBeginningOfText = flags & 1 != 0
    endsWithEndOfText = flags & 2 != 0
    addsLeadingSpace = flags & 4 != 0
    let beginning: Int32 = bytes.littleEndian(at: 32)
    let end: Int32 = bytes.littleEndian(at: 36)
    beginningOfText = beginning < 0 ? nil : beginning
    endOfText = end < 0 ? nil : end
    documentCount = try count(40, "documents")
    tokenCount = try count(48, "tokens")
    textBytes = try count(56, "bytes of text")
    characterCount = try count(64, "characters")
    emptyDocumentCount = try count(72, "documents without text")
    inputBytes = try count(80, "input bytes")
    tokensCRC = bytes.littleEndian(at: 88)
    documentsCRC = bytes.littleEndian(at: 92)
    inputSHA256 = Array(bytes[96..<128])
    tokenizerSHA256 = Array(bytes[128..<160])
    optionsSHA256 = Array(bytes[160..<192])
  }

  /// Offset of the document table, after checking that the sections fill the file exactly.
  func checkedLayout(fileBytes: Int, path: String) throws -> Int {
    let table = TokenShard.headerBytes + paddedToEight(tokenCount * tokenBytes)
    let (tableBytes, overflow) = documentCount.multipliedReportingOverflow(by: TokenShard.documentBytes)
    guard !overflow, tableBytes <= Int.max - table, table + tableBytes == fileBytes else {
      throw CorpusError(
        .corruptShard,
        "\(fileBytes) bytes do not hold \(tokenCount) tokens of \(tokenBytes) bytes and \(documentCount) documents; "
          + "the shard was cut off or damaged, prepare it again", file: path)
    }
    return table
  }
}
