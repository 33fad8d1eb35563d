import Metering

/// A tiktoken rank file, as Llama 3 ships it under the name tokenizer.model: a line for each token, its bytes in base64
/// and its rank, which is its id. The file says neither how text is cut nor which special tokens there are; both are
/// known for Llama 3's 128,000 ranks only.
/// Source: https://github.com/openai/tiktoken (tiktoken/load.py), https://github.com/meta-llama/llama3 (tokenizer.py)
struct TiktokenRanks {
  static let llama3Count = 128_000
  private static let tokenBytesMax = 256

  let tokens: [ByteLevelVocabulary.Token]

  /// Whether the file starts with a line of base64 and a number. No SentencePiece model does.
  static func isLikely(_ file: [UInt8]) -> Bool {
    guard let end = file.prefix(2048).firstIndex(of: 0x0A) else { return false }
    let parts = file[..<end].split(separator: 0x20, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return false }
    return parts[0].allSatisfy { $0 == 0x3D || sextet($0) != nil } && parts[1].allSatisfy { (0x30...0x39).contains($0) }
  }

  /// - Throws: `TokenizerError` with the offset of the line that is wrong.
  init(parsing file: [UInt8]) throws {
    var tokens: [ByteLevelVocabulary.Token] = []
    var position = 0
    defer {
      ReadMeter.current?.stepped(min(position, file.count))
      ReadMeter.current?.allocated(tokens.count * MemoryLayout<ByteLevelVocabulary.Token>.stride + position)
    }
    while position < file.count {
      let end = file[position...].firstIndex(of: 0x0A) ?? file.count
      let line = file[position..<end]
      if !line.isEmpty { tokens.append(try Self.token(line, number: tokens.count)) }
      position = end + 1
    }
    guard !tokens.isEmpty else { throw TokenizerError(.malformed, "the file is empty; tiktoken ranks expected") }
    self.tokens = tokens
  }

  private static func token(_ line: ArraySlice<UInt8>, number: Int) throws -> ByteLevelVocabulary.Token {
    func wrong(_ message: String) -> TokenizerError {
      TokenizerError(.malformed, message, offset: line.startIndex, field: "line \(number + 1)")
    }
    guard let space = line.firstIndex(of: 0x20) else { throw wrong("base64, a space and a rank expected") }
    let digits = line[(space + 1)...]
    guard !digits.isEmpty, digits.count <= 7, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw wrong("a rank below 10,000,000 expected after the space")
    }
    guard let bytes = decode(line[..<space]), !bytes.isEmpty, bytes.count <= tokenBytesMax else {
      throw wrong("base64 of 1 to \(tokenBytesMax) bytes expected before the space")
    }
    return ByteLevelVocabulary.Token(
      name: bytes, id: digits.reduce(0) { 10 * $0 + Int($1 - 0x30) }, offset: line.startIndex)
  }

  private static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0, text.count <= 2 * tokenBytesMax else { return nil }
    let padding = text.reversed().prefix { $0 == 0x3D }.count
    guard padding <= 2 else { return nil }
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in text.dropLast(padding) {
      guard let value = sextet(byte) else { return nil }
      bits = bits << 6 | value
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return bytes
  }

  private static func sextet(_ byte: UInt8) -> UInt32? {
    switch byte {
    case 0x41...0x5A: UInt32(byte) - 0x41
    case 0x61...0x7A: UInt32(byte) - 0x61 + 26
    case 0x30...0x39: UInt32(byte) - 0x30 + 52
    case 0x2B: 62
    case 0x2F: 63
    default: nil
    }
  }

  /// Two tokens merge when their bytes together are one, the lowest rank first: a rule for every cut of every token.
  func rules(_ vocabulary: ByteLevelVocabulary) throws -> (rules: [BytePairRules.Rule], rankCount: Int) {
    if let missing = (0..<256).first(where: { vocabulary.id(of: [UInt8($0)]) == nil }) {
      throw TokenizerError(.malformed, "byte 0x\(String(missing, radix: 16)) has no rank; all 256 bytes expected")
    }
    var rules: [BytePairRules.Rule] = []
    var looked = 0
    for token in tokens {
      looked += token.name.count * token.name.count
      token.name.withUnsafeBufferPointer { bytes in
        for cut in 1..<max(1, bytes.count) {
          guard let left = vocabulary.ids.value(of: .init(rebasing: bytes[..<cut])),
            let right = vocabulary.ids.value(of: .init(rebasing: bytes[cut...]))
          else { continue }
          rules.append(
            BytePairRules.Rule(left: left, right: right, rank: UInt32(token.id), merged: Int32(token.id)))
        }
      }
    }
    ReadMeter.current?.stepped(looked)
    ReadMeter.current?.allocated(rules.count * MemoryLayout<BytePairRules.Rule>.stride)
    return (rules, vocabulary.size)
  }

  /// Llama 3's special tokens, which follow its ranks. Llama 3.1 renamed some of the reserved ones: a
  /// tokenizer_config.json that lists them is believed.
  static let llama3Special: [AddedToken] = {
    var names = ["<|begin_of_text|>", "<|end_of_text|>"]
    names += (0..<4).map { "<|reserved_special_token_\($0)|>" }
    names += ["<|start_header_id|>", "<|end_header_id|>", "<|reserved_special_token_4|>", "<|eot_id|>"]
    names += (5..<251).map { "<|reserved_special_token_\($0)|>" }
    return names.enumerated().map { number, name in
      AddedToken(id: Int32(llama3Count + number), content: Array(name.utf8), isSpecial: true)
    }
  }()
}

extension ByteLevelBPE {
  /// Reads Llama 3's rank file.
  /// - Throws: `TokenizerError`; for files of another number of ranks by name, because they do not say how text is cut.
  /// - Parameter rankCount: how many ranks the file must have; tests read smaller ones.
  convenience init(
    tiktoken file: [UInt8], names: SpecialTokenNames = SpecialTokenNames(), rankCount: Int = TiktokenRanks.llama3Count
  ) throws {
    let ranks = try TiktokenRanks(parsing: file)
    guard ranks.tokens.count == rankCount else {
      throw TokenizerError(
        .unsupported, "a tiktoken file of \(ranks.tokens.count) ranks; only Llama 3's, of "
          + "\(rankCount), can be read, because such files do not say how text is cut. "
          + "Use the model's tokenizer.json")
    }
    let special = names.added.isEmpty ? TiktokenRanks.llama3Special : names.added
    func id(_ mention: SpecialTokenNames.Mention?, standard: String) throws -> Int32 {
      let name: String
      switch mention {
      case .id(let id): return try known(special.first { Int($0.id) == id }, "id \(id)").id
      case .name(let given): name = given
      case nil: name = standard
      }
      return try known(special.first { $0.content == Array(name.utf8) }, "\"\(name)\"").id
    }
    func known(_ token: AddedToken?, _ name: String) throws -> AddedToken {
      guard let token else { throw TokenizerError(.malformed, "\(name) is none of the special tokens") }
      return token
    }
    try self.init(
      Description(
        tokens: ranks.tokens, areNamesBytes: true, added: special, splitting: .cl100k(digitsMax: 3), composes: false,
        takesWholeWords: true, beginningOfText: try id(names.beginning, standard: "<|begin_of_text|>"),
        endOfText: try id(names.end, standard: "<|end_of_text|>"), addsBeginningOfText: names.addsBeginning ?? true),
      rules: ranks.rules)
  }
}
