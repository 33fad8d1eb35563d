/// The tokenizer embedded in a GGUF file: the keys `tokenizer.ggml.*` as they stand there, sizes and ids checked
/// against the number of tokens.
public struct GGUFVocabulary: Sendable, Hashable {
  /// What a token is, numbered as in the file.
  public enum TokenType: Int, Sendable {
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6
  }

  /// `tokenizer.ggml.model`: `llama` (SentencePiece BPE), `gpt2` (byte-level BPE), or a kind of its own.
  public let model: String
  /// `tokenizer.ggml.pre`: the rule that splits text before merging, such as `smollm`, `llama-bpe`, `qwen2`.
  public let pre: String?
  /// One for each id, bytes as in the file: `gpt2` writes bytes as the printable characters of GPT-2's table.
  public let tokens: ByteStrings
  /// One for each token; nil where the file has none, as for byte-level BPE.
  public let scores: [Float]?
  /// One for each token; nil where the file has none.
  public let tokenTypes: [TokenType]?
  /// "left right" in order of rank; nil where the file has none, as for SentencePiece.
  public let merges: ByteStrings?
  public let beginningOfTextID: Int?
  public let endOfTextID: Int?
  public let unknownID: Int?
  public let paddingID: Int?
  /// Whether text starts with the beginning-of-text id; nil leaves it to the kind of tokenizer.
  public let addsBeginningOfText: Bool?
  public let addsEndOfText: Bool?
  /// Whether a space is put before the text (SentencePiece); nil leaves it to the kind of tokenizer.
  public let addsSpacePrefix: Bool?
  /// Whether runs of spaces count as one (SentencePiece); nil leaves it to the kind of tokenizer.
  public let removesExtraSpaces: Bool?
  /// `tokenizer.chat_template`, a Jinja template.
  public let chatTemplate: String?

  /// Far above any real vocabulary.
  private static let tokenCountLimit = 1 << 24

  /// - Returns: nil when the file has no tokenizer.
  /// - Throws: `CheckpointError` naming key and byte offset, also where lengths or ids do not fit.
  public init?(_ metadata: GGUFMetadata) throws {
    let prefix = "tokenizer.ggml."
    guard let model = try metadata.string(prefix + "model") else {
      let others = metadata.entries.first { $0.key.hasPrefix(prefix) }
      guard let others else { return nil }
      throw metadata.failure(
        .missingField, prefix + "model", "\(others.key) without it", "the kind of tokenizer, such as gpt2 or llama")
    }
    guard let tokens = try metadata.strings(prefix + "tokens"), !tokens.isEmpty else {
      throw metadata.failure(.missingField, prefix + "tokens", "nothing", "the tokens, an array of strings")
    }
    guard tokens.count <= Self.tokenCountLimit else {
      throw metadata.failure(
        .outOfRange, prefix + "tokens", "\(tokens.count) tokens", "at most \(Self.tokenCountLimit)")
    }
    func checkCount(_ count: Int?, _ key: String) throws {
      guard let count, count != tokens.count else { return }
      throw metadata.failure(
        .sizeMismatch, prefix + key, "\(count) elements", "\(tokens.count), one for each of \(prefix)tokens")
    }
    self.model = model
    self.tokens = tokens
    pre = try metadata.string(prefix + "pre")
    scores = try metadata.floats(prefix + "scores")
    try checkCount(scores?.count, "scores")
    tokenTypes = try Self.tokenTypes(metadata, prefix + "token_type")
    try checkCount(tokenTypes?.count, "token_type")
    merges = try metadata.strings(prefix + "merges")
    let ids = 0...tokens.count - 1
    beginningOfTextID = try metadata.integer(prefix + "bos_token_id", in: ids)
    endOfTextID = try metadata.integer(prefix + "eos_token_id", in: ids)
    unknownID = try metadata.integer(prefix + "unknown_token_id", in: ids)
    paddingID = try metadata.integer(prefix + "padding_token_id", in: ids)
    addsBeginningOfText = try metadata.bool(prefix + "add_bos_token")
    addsEndOfText = try metadata.bool(prefix + "add_eos_token")
    addsSpacePrefix = try metadata.bool(prefix + "add_space_prefix")
    removesExtraSpaces = try metadata.bool(prefix + "remove_extra_whitespaces")
    chatTemplate = try metadata.string("tokenizer.chat_template")
  }

  private static func tokenTypes(_ metadata: GGUFMetadata, _ key: String) throws -> [TokenType]? {
    try metadata.integers(key)?.enumerated().map { index, number in
      guard let type = TokenType(rawValue: number) else {
        throw metadata.failure(.outOfRange, key, "\(number) for token \(index)", "1 to 6")
      }
      return type
    }
  }
}
