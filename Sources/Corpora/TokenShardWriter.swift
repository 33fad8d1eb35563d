import Crypto

/// Writes a `TokenShard` document by document; memory grows by 64 bytes a document. Not shared between threads.
struct TokenShardWriter {
  private let file: AtomicFileWriter
  private var header: TokenShardHeader
  private var table: [UInt8] = []
  private var crc = RunningCRC32()
  private var bytes: [UInt8] = []

  init(path: String, header: TokenShardHeader) throws {
    self.header = header
    file = try AtomicFileWriter(path: path)
    try file.append([UInt8](repeating: 0, count: TokenShard.headerBytes))
  }

  /// Precondition: the document has tokens, all of them in the vocabulary.
  mutating func append(_ tokens: [Int32], hash: DocumentHash, byteCount: Int, characterCount: Int) throws {
    precondition(!tokens.isEmpty)
    table.appendLittleEndian(UInt64(header.tokenCount))
    table.appendLittleEndian(UInt64(byteCount))
    table.appendLittleEndian(UInt64(characterCount))
    table.appendLittleEndian(UInt64(0))
    table += hash.bytes
    header.documentCount += 1
    header.tokenCount += tokens.count
    header.textBytes += byteCount
    header.characterCount += characterCount

    let width = header.tokenBytes
    bytes = [UInt8](unsafeUninitializedCapacity: tokens.count * width) { buffer, count in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      for (index, token) in tokens.enumerated() {
        if width == 2 {
          raw.storeBytes(of: UInt16(token).littleEndian, toByteOffset: 2 * index, as: UInt16.self)
        } else {
          raw.storeBytes(of: UInt32(token).littleEndian, toByteOffset: 4 * index, as: UInt32.self)
        }
      }
      count = tokens.count * width
    }
    bytes.withUnsafeBytes { crc.update($0) }
    try file.append(bytes)
  }

  /// Completes the file and returns its header and identity.
  mutating func commit(
    inputSHA256: [UInt8], inputBytes: Int, emptyDocumentCount: Int
  ) throws -> (header: TokenShardHeader, identity: [UInt8]) {
    let written = header.tokenCount * header.tokenBytes
    try file.append([UInt8](repeating: 0, count: paddedToEight(written) - written))
    try file.append(table)
    header.tokensCRC = crc.value
    header.documentsCRC = table.withUnsafeBytes(RunningCRC32.of)
    header.inputSHA256 = inputSHA256
    header.inputBytes = inputBytes
    header.emptyDocumentCount = emptyDocumentCount
    let encoded = header.encoded
    try file.replaceStart(encoded)
    try file.commit()
    return (header, Array(SHA256.hash(data: encoded)))
  }
}
