import Crypto

/// A sequence of tokens of which some are learned.
public struct LearnedTokens: Hashable, Sendable {
  public var tokens: [Int32]
  /// For each token whether a loss counts it as what was to come.
  public var isLearned: [Bool]

  public init(tokens: [Int32], isLearned: [Bool]) {
    precondition(tokens.count == isLearned.count)
    self.tokens = tokens
    self.isLearned = isLearned
  }
}

/// Conversations in tokens: what one file of rows became. An example is one sequence, or two where two answers are
/// weighed against each other.
///
/// All numbers are little-endian.
/// ```
///   0  magic "ADMIXCNV"            24  u64 tokens                       44  zeros
///   8  u32 format version          32  u32 vocabulary size              60  u32 CRC-32 of bytes 0 ..< 60
///  12  u32 sequences an example    36  u32 bytes of a token (4)
///  16  u64 examples                40  u32 CRC-32 of what follows the header
///  64  tokens, u32 each: the id, and in the highest bit whether it is learned; zeros to a multiple of 8
///   …  u64 for each sequence: the tokens up to its end
/// ```
public final class ConversationShard: Sendable {
  static let magic = Array("ADMIXCNV".utf8)
  static let formatVersion: UInt32 = 1
  static let headerBytes = 64
  static let learnedBit: UInt32 = 1 << 31

  public let path: String
  public let exampleCount: Int
  public let sequencesPerExample: Int
  public let tokenCount: Int
  public let vocabularySize: Int
  /// SHA-256 of the header, which holds a checksum of everything else.
  public let identity: String
  private let file: MappedFile
  private let endsOffset: Int

  /// Checks the checksums and every bound.
  /// - Throws: `CorpusError` of code `.corruptShard`.
  public init(path: String) throws {
    self.path = path
    file = try MappedFile(path: path)
    let bytes = file.bytes
    func corrupt(_ message: String) -> CorpusError {
      CorpusError(.corruptShard, "\(message); prepare the conversations again", file: path)
    }
    guard bytes.count >= Self.headerBytes, bytes[..<8].elementsEqual(Self.magic) else {
      throw corrupt("not a shard of conversations")
    }
    guard bytes.littleEndian(UInt32.self, at: 8) == Self.formatVersion else {
      throw corrupt("shard of format \(bytes.littleEndian(UInt32.self, at: 8)), \(Self.formatVersion) expected")
    }
    guard RunningCRC32.of(.init(rebasing: bytes[..<60])) == bytes.littleEndian(at: 60),
      RunningCRC32.of(.init(rebasing: bytes[Self.headerBytes...])) == bytes.littleEndian(at: 40)
    else { throw corrupt("the shard does not match its checksum") }
    let sequences: UInt32 = bytes.littleEndian(at: 12)
    let examples: UInt64 = bytes.littleEndian(at: 16)
    let tokens: UInt64 = bytes.littleEndian(at: 24)
    let vocabulary: UInt32 = bytes.littleEndian(at: 32)
    guard (1...2).contains(sequences), examples < 1 << 40, tokens < 1 << 48, vocabulary < 1 << 31 else {
      throw corrupt("sizes beyond all bounds")
    }
    sequencesPerExample = Int(sequences)
    exampleCount = Int(examples)
    tokenCount = Int(tokens)
    vocabularySize = Int(vocabulary)
    endsOffset = Self.headerBytes + paddedToEight(4 * tokenCount)
    guard endsOffset + 8 * exampleCount * sequencesPerExample == bytes.count else {
      throw corrupt("\(bytes.count) bytes do not hold \(exampleCount) examples of \(tokenCount) tokens")
    }
    identity = hexadecimal(SHA256.hash(data: Array(bytes[..<Self.headerBytes])))
    var before: UInt64 = 0
    for sequence in 0..<exampleCount * sequencesPerExample {
      let end: UInt64 = bytes.littleEndian(at: endsOffset + 8 * sequence)
      guard end > before + 1, end <= tokens else { throw corrupt("sequence \(sequence) has no two tokens") }
      before = end
    }
    guard before == tokens else { throw corrupt("\(tokens - before) tokens belong to no sequence") }
    for index in 0..<tokenCount where word(index) & ~Self.learnedBit >= vocabulary {
      throw corrupt("token \(index) is outside the vocabulary of \(vocabulary)")
    }
  }

  private func word(_ index: Int) -> UInt32 { file.bytes.littleEndian(at: Self.headerBytes + 4 * index) }

  private func range(_ sequence: Int) -> Range<Int> {
    let end: UInt64 = file.bytes.littleEndian(at: endsOffset + 8 * sequence)
    let start: UInt64 = sequence == 0 ? 0 : file.bytes.littleEndian(at: endsOffset + 8 * (sequence - 1))
    return Int(start)..<Int(end)
  }

  /// Tokens of one sequence of an example. Precondition: both are there.
  public func tokenCount(example: Int, sequence: Int = 0) -> Int {
    precondition((0..<exampleCount).contains(example) && (0..<sequencesPerExample).contains(sequence))
    return range(example * sequencesPerExample + sequence).count
  }

  /// One sequence of an example. Precondition: both are there.
  public func sequence(example: Int, sequence: Int = 0) -> LearnedTokens {
    precondition((0..<exampleCount).contains(example) && (0..<sequencesPerExample).contains(sequence))
    let words = range(example * sequencesPerExample + sequence).map(word)
    return LearnedTokens(
      tokens: words.map { Int32($0 & ~Self.learnedBit) }, isLearned: words.map { $0 & Self.learnedBit != 0 })
  }

  /// SHA-256 over all tokens of an example: equal conversations have equal ones.
  public func hash(example: Int) -> [UInt8] {
    var hash = SHA256()
    for sequence in 0..<sequencesPerExample {
      let range = range(example * sequencesPerExample + sequence)
      let start = Self.headerBytes + 4 * range.lowerBound
      hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: file.bytes[start..<start + 4 * range.count]))
    }
    return Array(hash.finalize())
  }
}

/// Writes a `ConversationShard` example by example. Not shared between threads.
public struct ConversationShardWriter {
  private let file: AtomicFileWriter
  private let vocabularySize: Int
  private let sequencesPerExample: Int
  private var ends: [UInt8] = []
  private var crc = RunningCRC32()
  public private(set) var exampleCount = 0
  public private(set) var tokenCount = 0
  public private(set) var learnedCount = 0

  public init(path: String, vocabularySize: Int, sequencesPerExample: Int) throws {
    precondition((1...2).contains(sequencesPerExample))
    self.vocabularySize = vocabularySize
    self.sequencesPerExample = sequencesPerExample
    file = try AtomicFileWriter(path: path)
    try file.append([UInt8](repeating: 0, count: ConversationShard.headerBytes))
  }

  /// Precondition: as many sequences as an example has, each of at least two tokens of the vocabulary.
  public mutating func append(_ example: [LearnedTokens]) throws {
    precondition(example.count == sequencesPerExample)
    for sequence in example {
      precondition(sequence.tokens.count > 1)
      var bytes: [UInt8] = []
      for (token, isLearned) in zip(sequence.tokens, sequence.isLearned) {
        precondition(token >= 0 && Int(token) < vocabularySize)
        bytes.appendLittleEndian(UInt32(token) | (isLearned ? ConversationShard.learnedBit : 0))
        if isLearned { learnedCount += 1 }
      }
      tokenCount += sequence.tokens.count
      ends.appendLittleEndian(UInt64(tokenCount))
      try write(bytes)
    }
    exampleCount += 1
  }

  private mutating func write(_ bytes: [UInt8]) throws {
    bytes.withUnsafeBytes { crc.update($0) }
    try file.append(bytes)
  }

  /// Completes the file.
  public mutating func commit() throws {
    try write([UInt8](repeating: 0, count: paddedToEight(4 * tokenCount) - 4 * tokenCount))
    try write(ends)
    var header = ConversationShard.magic
    header.appendLittleEndian(ConversationShard.formatVersion)
    header.appendLittleEndian(UInt32(sequencesPerExample))
    header.appendLittleEndian(UInt64(exampleCount))
    header.appendLittleEndian(UInt64(tokenCount))
    header.appendLittleEndian(UInt32(vocabularySize))
    header.appendLittleEndian(UInt32(4))
    header.appendLittleEndian(crc.value)
    header += [UInt8](repeating: 0, count: 60 - header.count)
    header.appendLittleEndian(header.withUnsafeBytes(RunningCRC32.of))
    try file.replaceStart(header)
    try file.commit()
  }
}
