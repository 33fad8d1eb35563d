/// Which special tokens open and close a document, as the files beside a tokenizer say it. The first file that names
/// one counts: tokenizer_config.json, special_tokens_map.json, config.json.
struct SpecialTokenNames {
  enum Mention: Equatable {
    case name(String)
    case id(Int)
  }

  var beginning: Mention?
  var end: Mention?
  /// `add_bos_token`.
  var addsBeginning: Bool?
  /// Ids and names from `added_tokens_decoder`, for files whose own vocabulary has no special tokens (tiktoken).
  var added: [AddedToken] = []

  init() {}

  /// Reads what the bytes of one of these files say, keeping what is known already.
  /// - Throws: `TokenizerError` with field and offset.
  mutating func read(_ file: [UInt8]) throws {
    let root = JSONField(root: try JSONTape(parsing: file))
    beginning = try beginning ?? Self.mention(root, "bos_token", "bos_token_id")
    end = try end ?? Self.mention(root, "eos_token", "eos_token_id")
    if addsBeginning == nil, let adds = try root["add_bos_token"], !adds.isNull { addsBeginning = try adds.boolean() }
    guard added.isEmpty, let decoder = try root["added_tokens_decoder"], !decoder.isNull else { return }
    for (text, item) in try decoder.members() {
      guard added.count < AddedTokenMatcher.Limit.tokensMax, let id = Int32(text), id >= 0,
        Int(id) < BytePairRules.tokensMax, let content = try item["content"]?.bytes(), !content.isEmpty,
        content.count <= AddedTokenMatcher.Limit.contentBytesMax
      else { throw item.error(.malformed, "an id with the \"content\" of a token expected") }
      added.append(AddedToken(id: id, content: content, isSpecial: try item["special"]?.boolean() ?? false))
    }
  }

  private static func mention(_ root: JSONField, _ name: String, _ idName: String) throws -> Mention? {
    if let field = try root[name], !field.isNull {
      if field.kind == .object {
        guard let content = try field["content"] else { throw field.error(.malformed, "no field \"content\"") }
        return .name(try content.text())
      }
      return .name(try field.text())
    }
    guard let field = try root[idName], !field.isNull else { return nil }
    // Several ids end a text in some models; the first is the document's.
    if field.kind == .array { return try field.elements().first.map { .id(try $0.integer()) } }
    return .id(try field.integer())
  }
}

extension ByteLevelBPE {
  /// Reads a tokenizer.json.
  /// - Parameter names: what the files beside it say about the tokens that open and close a document.
  /// - Throws: `TokenizerError`.
  convenience init(json file: [UInt8], names: SpecialTokenNames = SpecialTokenNames()) throws {
    let parsed = try TokenizerJSON(parsing: file)
    let tokens = try parsed.tokens()
    let vocabulary = Dictionary(parsed.added.map { ($0.content, $0.id) }, uniquingKeysWith: { first, _ in first })
    func id(_ mention: SpecialTokenNames.Mention?, _ field: String) throws -> Int32? {
      switch mention {
      case nil: return nil
      case .id(let id):
        let isKnown = tokens.contains { $0.id == id } || parsed.added.contains { Int($0.id) == id }
        guard isKnown, (0..<BytePairRules.tokensMax).contains(id) else {
          throw TokenizerError(.malformed, "\(id) is no id of the vocabulary", field: field)
        }
        return Int32(id)
      case .name(let name):
        let bytes = Array(name.utf8)
        if let id = vocabulary[bytes] { return id }
        guard let token = tokens.first(where: { $0.name == bytes }), token.id < BytePairRules.tokensMax else {
          throw TokenizerError(.malformed, "\"\(name)\" is not in the vocabulary", field: field)
        }
        return Int32(token.id)
      }
    }
    let opening = try id(parsed.opening.map { .name($0) }, "post_processor")
    let closing = try id(parsed.closing.map { .name($0) }, "post_processor")
    // Without any word about it: the name that GPT-2 and its descendants gave the token between documents.
    let between = vocabulary[Array("<|endoftext|>".utf8)]
    try self.init(
      Description(
        tokens: tokens, areNamesBytes: false, added: parsed.added, splitting: parsed.splitting,
        composes: parsed.composes, takesWholeWords: try parsed.takesWholeWords(),
        beginningOfText: try opening ?? id(names.beginning, "bos_token"),
        endOfText: try id(names.end, "eos_token") ?? closing ?? between, addsBeginningOfText: opening != nil),
      rules: parsed.rules)
  }
}
