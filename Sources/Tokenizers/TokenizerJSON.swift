/// A Hugging Face tokenizer.json of the byte-level BPE kind. Everything else that such a file may ask for is refused
/// by name. Truncation and padding are not the tokenizer's business here and are passed over.
/// Source: https://github.com/huggingface/tokenizers (tokenizers/src/models/bpe, pre_tokenizers, processors)
struct TokenizerJSON {
  private let root: JSONField
  private let model: JSONField
  let splitting: SplittingRule
  let composes: Bool
  let added: [AddedToken]
  /// Name of the special token that the post-processor puts before a text, and of the one after it.
  let opening: String?
  let closing: String?

  /// - Throws: `TokenizerError` with the path of the field and the offset.
  init(parsing file: [UInt8]) throws {
    root = JSONField(root: try JSONTape(parsing: file))
    guard let model = try root["model"] else {
      throw TokenizerError(.malformed, "no field \"model\": this is no tokenizer.json", field: "model")
    }
    self.model = model
    try Self.checkModel(model)
    composes = try TokenizerPipeline.composes(try root["normalizer"])
    splitting = try TokenizerPipeline.splitting(try root["pre_tokenizer"])
    try TokenizerPipeline.checkDecoder(try root["decoder"])
    (opening, closing) = try TokenizerPipeline.template(try root["post_processor"])
    added = try Self.addedTokens(try root["added_tokens"])
  }

  /// Whether the model is BPE over characters with byte fallback, as SentencePiece's converted: then a tokenizer.model
  /// beside it says the same.
  static func isConvertedSentencePiece(_ error: TokenizerError) -> Bool {
    error.code == .unsupported && ["model.byte_fallback", "pre_tokenizer", "normalizer"].contains(error.field ?? "")
  }

  private static func checkModel(_ model: JSONField) throws {
    let type = try model["type"]?.text() ?? "BPE"
    guard type == "BPE" else {
      throw model.error(.unsupported, "the model is of type \(type); only BPE can be read")
    }
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let field = try model[name], !field.isNull, try !field.bytes().isEmpty {
        throw field.error(.unsupported, "\"\(try field.text())\"; only byte-level BPE without it can be read")
      }
    }
    if let field = try model["dropout"], !field.isNull, try field.text(ofNumber: "0", "0.0") == false {
      throw field.error(.unsupported, "merges left out by chance cannot be read; null expected")
    }
    if let field = try model["byte_fallback"], !field.isNull, try field.boolean() {
      throw field.error(
        .unsupported, "BPE over characters with byte fallback cannot be read from a tokenizer.json; put the model's "
          + "tokenizer.model (SentencePiece) beside it")
    }
  }

  /// The vocabulary with where its names stand.
  func tokens() throws -> [ByteLevelVocabulary.Token] {
    guard let vocabulary = try model["vocab"] else {
      throw model.error(.malformed, "no field \"vocab\"")
    }
    var tokens: [ByteLevelVocabulary.Token] = []
    try vocabulary.forEachMember { key, value in
      guard let id = JSONField.integer(vocabulary.tape, value) else {
        throw TokenizerError(
          .malformed, "a whole number expected as an id, \(value.kind.name) found", offset: Int(value.start),
          field: vocabulary.path)
      }
      var name: [UInt8] = []
      vocabulary.tape.appendString(key, to: &name)
      tokens.append(ByteLevelVocabulary.Token(name: name, id: id, offset: Int(key.start)))
    }
    return tokens
  }

  func takesWholeWords() throws -> Bool { try model["ignore_merges"].map { try !$0.isNull && $0.boolean() } ?? false }

  /// Rules in the file's order, which is their rank. A merge is "left right" or ["left", "right"].
  func rules(_ vocabulary: ByteLevelVocabulary) throws -> (rules: [BytePairRules.Rule], rankCount: Int) {
    if let unknown = try model["unk_token"], !unknown.isNull, try !unknown.bytes().isEmpty {
      let missing = (0..<256).first { vocabulary.id(of: ByteAlphabet.utf8(UInt8($0))) == nil }
      if let missing {
        throw unknown.error(
          .unsupported, "byte 0x\(String(missing, radix: 16)) has no token and there is an unknown token; "
            + "vocabularies that have all bytes, or none for the unknown, can be read")
      }
    }
    guard let merges = try model["merges"] else { throw model.error(.malformed, "no field \"merges\"") }
    let tape = merges.tape
    var rules: [BytePairRules.Rule] = []
    var text: [UInt8] = []
    var rank: UInt32 = 0
    try merges.forEachElement { number, index in
      let entry = tape.entries[index]
      func wrong(_ message: String) -> TokenizerError {
        TokenizerError(.malformed, message, offset: Int(entry.start), field: "\(merges.path)[\(number)]")
      }
      guard number < BytePairRules.ranksMax else { throw wrong("more than \(BytePairRules.ranksMax) merges") }
      text.removeAll(keepingCapacity: true)
      var cut = 0
      var rest = 0
      switch entry.kind {
      case .string:
        tape.appendString(entry, to: &text)
        guard let space = text.firstIndex(of: 0x20), text.lastIndex(of: 0x20) == space else {
          throw wrong("\(ByteLevelVocabulary.quoted(text)); two tokens with one space between them expected")
        }
        (cut, rest) = (space, space + 1)
      case .array where Int(entry.end) == index + 3 && tape.entries[index + 1].kind == .string
        && tape.entries[index + 2].kind == .string:
        tape.appendString(tape.entries[index + 1], to: &text)
        (cut, rest) = (text.count, text.count)
        tape.appendString(tape.entries[index + 2], to: &text)
      default: throw wrong("a merge is two tokens, \"left right\" or [\"left\", \"right\"]; \(entry.kind.name) found")
      }
      func id(_ name: ArraySlice<UInt8>) throws -> Int32 {
        guard let id = name.withUnsafeBufferPointer({ vocabulary.ids.value(of: $0) }) else {
          throw wrong("the token \(ByteLevelVocabulary.quoted(Array(name))) is not in the vocabulary")
        }
        return id
      }
      let left = try id(text[..<cut])
      let right = try id(text[rest...])
      if rest > cut { text.remove(at: cut) }
      rules.append(BytePairRules.Rule(left: left, right: right, rank: rank, merged: try id(text[...])))
      rank += 1
    }
    return (rules, Int(rank))
  }

  private static func addedTokens(_ field: JSONField?) throws -> [AddedToken] {
    guard let field, !field.isNull else { return [] }
    return try field.elements().enumerated().map { number, item in
      guard number < AddedTokenMatcher.Limit.tokensMax else {
        throw item.error(.malformed, "more than \(AddedTokenMatcher.Limit.tokensMax) added tokens")
      }
      guard let content = try item["content"], let id = try item["id"] else {
        throw item.error(.malformed, "an added token needs \"id\" and \"content\"")
      }
      let bytes = try content.bytes()
      guard !bytes.isEmpty, bytes.count <= AddedTokenMatcher.Limit.contentBytesMax else {
        throw content.error(
          .malformed, "\(bytes.count) bytes; 1 to \(AddedTokenMatcher.Limit.contentBytesMax) expected")
      }
      let number = try id.integer()
      guard number >= 0, number < BytePairRules.tokensMax else {
        throw id.error(.malformed, "id \(number); 0 to \(BytePairRules.tokensMax - 1) expected")
      }
      func flag(_ name: String, _ standard: Bool) throws -> Bool { try item[name]?.boolean() ?? standard }
      let isSpecial = try flag("special", false)
      return AddedToken(
        id: Int32(number), content: bytes, isSpecial: isSpecial, isNormalized: try flag("normalized", !isSpecial),
        isSingleWord: try flag("single_word", false), stripsLeft: try flag("lstrip", false),
        stripsRight: try flag("rstrip", false))
    }
  }
}

extension JSONField {
  /// Whether the number is written as one of these.
  fileprivate func text(ofNumber forms: String...) throws -> Bool {
    guard kind == .number else { throw error(.malformed, "a number expected, \(kind.name) found") }
    let range = Int(entry.start)..<Int(entry.start) + Int(entry.count)
    return forms.contains { $0.utf8.elementsEqual(tape.file[range]) }
  }
}
