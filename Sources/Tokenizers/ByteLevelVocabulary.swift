import Metering

/// What a byte-level BPE tokenizer is made of, wherever it was read: a tokenizer.json, a tiktoken file, a GGUF file.
struct ByteLevelVocabulary {
  /// A token's name as its file writes it, its id and where the file has it.
  struct Token {
    var name: [UInt8]
    var id: Int
    var offset: Int?
  }

  /// Token names to ids.
  private(set) var ids: ByteStringTable
  /// Bytes of all tokens one after the other, and each id's place; a count of -1 where the id stands for nothing.
  private(set) var store: [UInt8] = []
  private(set) var starts: [Int32]
  private(set) var counts: [Int32]
  /// Tokens whose names are made of byte characters: bytes to ids.
  private(set) var words: ByteStringTable

  /// One more than the greatest id.
  var size: Int { counts.count }

  /// - Parameters:
  ///   - areNamesBytes: the names are the bytes themselves (tiktoken) instead of characters for bytes.
  ///   - added: tokens beside the vocabulary; one that it has already must have the same id.
  /// - Throws: `TokenizerError` on an id or a name that appears twice, or an id that is far too great.
  init(_ tokens: [Token], areNamesBytes: Bool, added: [AddedToken]) throws {
    let count = tokens.count + added.count
    // Ids have few holes; what a file of this size may make us allocate is bounded by it.
    let idsMax = min(BytePairRules.tokensMax, 2 * count + 1024)
    ids = ByteStringTable(capacity: count)
    words = ByteStringTable(capacity: count)
    starts = []
    counts = []
    defer {
      ReadMeter.current?.stepped(ids.probes + words.probes)
      ReadMeter.current?.allocated(8 * counts.capacity + store.capacity + tokens.count * MemoryLayout<Token>.stride)
    }
    for token in tokens {
      let (first, known) = try insert(token.name, token.id, idsMax, token.offset)
      if known { throw Self.twice(token.name, first, token.offset) }
      let isBytes = place(token.name, token.id, areNamesBytes: areNamesBytes)
      if isBytes {
        let start = Int(starts[token.id])
        let end = start + Int(counts[token.id])
        store[start..<end].withUnsafeBufferPointer { _ = words.insert($0, Int32(token.id)) }
      }
    }
    for token in added {
      let (first, known) = try insert(token.content, Int(token.id), idsMax, nil)
      if known, first != token.id { throw Self.twice(token.content, first, nil) }
      if !known { _ = place(token.content, Int(token.id), areNamesBytes: true) }
    }
  }

  /// The id of the name and whether it was there already.
  private mutating func insert(_ name: [UInt8], _ id: Int, _ idsMax: Int, _ offset: Int?) throws -> (Int32, Bool) {
    guard id >= 0, id < idsMax else {
      throw TokenizerError(
        .malformed, "\(Self.quoted(name)) has id \(id); 0 to \(idsMax - 1) expected for a vocabulary of this size",
        offset: offset)
    }
    if let first = name.withUnsafeBufferPointer({ ids.insert($0, Int32(id)) }) { return (first, true) }
    while counts.count <= id {
      starts.append(0)
      counts.append(-1)
    }
    guard counts[id] < 0 else {
      throw TokenizerError(
        .malformed, "id \(id) belongs to two tokens, the second is \(Self.quoted(name))", offset: offset)
    }
    return (Int32(id), false)
  }

  /// Stores the bytes that the name stands for. False if it has characters that stand for no byte: then it stands for
  /// itself, as in Hugging Face's decoder.
  private mutating func place(_ name: [UInt8], _ id: Int, areNamesBytes: Bool) -> Bool {
    starts[id] = Int32(store.count)
    let isBytes =
      !areNamesBytes && name.withUnsafeBufferPointer { ByteAlphabet.append(bytesOf: $0, to: &store) }
    if !isBytes { store.append(contentsOf: name) }
    counts[id] = Int32(store.count) - starts[id]
    return isBytes || areNamesBytes
  }

  func id(of name: [UInt8]) -> Int32? { name.withUnsafeBufferPointer { ids.value(of: $0) } }

  /// The id whose bytes these are.
  func id(ofBytes bytes: UnsafeBufferPointer<UInt8>) -> Int32? { words.value(of: bytes) }

  static func quoted(_ name: [UInt8]) -> String {
    let text = String(decoding: name.prefix(80), as: UTF8.self)
    return "\"" + text.unicodeScalars.map { $0.value < 0x20 ? "\\u{\(String($0.value, radix: 16))}" : String($0) }
      .joined() + "\""
  }

  private static func twice(_ name: [UInt8], _ first: Int32, _ offset: Int?) -> TokenizerError {
    TokenizerError(.malformed, "\(quoted(name)) appears twice; it already has id \(first)", offset: offset)
  }
}
