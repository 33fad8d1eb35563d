import Crypto

/// SHA-256 of a document's UTF-8 text. Its order (of the bytes, as numbers) is the order of documents in a source.
public struct DocumentHash: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The digest as four big-endian words, so that comparing words compares bytes.
  let words: SIMD4<UInt64>

  static let byteCount = 32

  public init(of text: UnsafeBufferPointer<UInt8>) {
    var hash = SHA256()
    hash.update(bufferPointer: UnsafeRawBufferPointer(text))
    self.init(digest: Array(hash.finalize()))
  }

  init(digest: [UInt8]) {
    precondition(digest.count == Self.byteCount)
    self = digest.withUnsafeBytes { DocumentHash(bytes: $0, at: 0) }
  }

  /// Precondition: 32 bytes lie at the offset.
  init(bytes: UnsafeRawBufferPointer, at offset: Int) {
    var words = SIMD4<UInt64>()
    for index in 0..<4 {
      words[index] = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset + 8 * index, as: UInt64.self))
    }
    self.words = words
  }

  public var bytes: [UInt8] {
    (0..<4).flatMap { index in withUnsafeBytes(of: words[index].bigEndian) { Array($0) } }
  }

  public var description: String { hexadecimal(bytes) }

  public static func < (left: DocumentHash, right: DocumentHash) -> Bool {
    for index in 0..<4 where left.words[index] != right.words[index] {
      return left.words[index] < right.words[index]
    }
    return false
  }

  /// A number that decides, with nothing but the document's text and the seed, whether a document is held out. It has
  /// nothing to do with the training seed: changing that must not move text between training and validation.
  func heldOutOrder(validationSeed: UInt64) -> UInt64 {
    var hash = SHA256()
    hash.update(data: Array("admix held-out 1".utf8))
    var seed: [UInt8] = []
    seed.appendLittleEndian(validationSeed)
    hash.update(data: seed)
    hash.update(data: bytes)
    let digest = Array(hash.finalize())
    return digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
