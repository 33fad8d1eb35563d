/// The parts of a tokenizer.json around its model: what each one asks for, or why it cannot be done.
enum TokenizerPipeline {
  /// Whether the normalizer is Unicode's form C.
  static func composes(_ field: JSONField?) throws -> Bool {
    guard let field, !field.isNull else { return false }
    switch try type(field) {
    case "NFC": return true
    case "Sequence":
      return try (field["normalizers"]?.elements() ?? []).reduce(false) { try composes($1) || $0 }
    case let other: throw field.unsupported("normalizer", other, known: "NFC, or none")
    }
  }

  /// The splitting rule. Byte-level pre-tokenization must come last: it turns text into bytes.
  static func splitting(_ field: JSONField?) throws -> SplittingRule {
    let known = "ByteLevel, Digits before it, or Split by the rule of Llama 3 or Qwen2 before it,"
    guard let field, !field.isNull else {
      throw TokenizerError(
        .unsupported, "there is none, so this is no byte-level tokenizer; \(known) can be read",
        field: "pre_tokenizer")
    }
    switch try type(field) {
    case "ByteLevel": return try byteLevel(field) ? .gpt2 : .whole
    case "Sequence":
      let parts = try field["pretokenizers"]?.elements() ?? []
      guard let last = parts.last, try type(last) == "ByteLevel", parts.count <= 2 else {
        let names = try parts.map(type).joined(separator: ", ")
        throw field.unsupported("pre-tokenizer", "Sequence [\(names)]", known: known)
      }
      let usesRule = try byteLevel(last)
      guard parts.count == 2 else { return usesRule ? .gpt2 : .whole }
      switch try type(parts[0]) {
      case "Digits" where usesRule:
        return .gpt2AfterDigits(individual: try parts[0]["individual_digits"]?.boolean() ?? false)
      case "Split" where !usesRule: return try split(parts[0])
      case let other: throw parts[0].unsupported("pre-tokenizer", other, known: known)
      }
    case let other: throw field.unsupported("pre-tokenizer", other, known: known)
    }
  }

  /// Whether a ByteLevel also cuts by GPT-2's rule.
  private static func byteLevel(_ field: JSONField) throws -> Bool {
    if let prefix = try field["add_prefix_space"], try prefix.boolean() {
      throw prefix.error(.unsupported, "true; tokenizers that put a space before a text cannot be read yet")
    }
    return try field["use_regex"]?.boolean() ?? true
  }

  private static func cl100k(_ digits: String) -> String {
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + digits
      + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// The regular expressions that are known, as they are written.
  static let patterns: [String: SplittingRule] = [
    cl100k(#"\p{N}{1,3}"#): .cl100k(digitsMax: 3),
    cl100k(#"\p{N}"#): .cl100k(digitsMax: 1),
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#: .gpt2,
  ]

  private static func split(_ field: JSONField) throws -> SplittingRule {
    guard let pattern = try field["pattern"], let expression = try pattern["Regex"] else {
      throw field.error(.unsupported, "a Split without a regular expression cannot be read")
    }
    let behavior = try field["behavior"]?.text() ?? ""
    guard behavior == "Isolated", try field["invert"]?.boolean() != true else {
      throw field.error(.unsupported, "Split with behavior \"\(behavior)\" or invert; \"Isolated\" expected")
    }
    let text = try expression.text()
    guard let rule = patterns[text] else {
      throw expression.error(
        .unsupported, "the rule \(ByteLevelVocabulary.quoted(Array(text.utf8)))… is not one of those that can be read "
          + "(GPT-2's, Llama 3's, Qwen2's)")
    }
    return rule
  }

  static func checkDecoder(_ field: JSONField?) throws {
    guard let field, !field.isNull else {
      throw TokenizerError(.unsupported, "there is none; ByteLevel expected", field: "decoder")
    }
    switch try type(field) {
    case "ByteLevel": return
    case "Sequence":
      let parts = try field["decoders"]?.elements() ?? []
      guard parts.count == 1 else { throw field.unsupported("decoder", "Sequence", known: "ByteLevel") }
      try checkDecoder(parts[0])
    case let other: throw field.unsupported("decoder", other, known: "ByteLevel")
    }
  }

  /// The special tokens before and after a single text.
  static func template(_ field: JSONField?) throws -> (opening: String?, closing: String?) {
    guard let field, !field.isNull else { return (nil, nil) }
    switch try type(field) {
    case "ByteLevel": return (nil, nil)
    case "Sequence":
      var found: (opening: String?, closing: String?) = (nil, nil)
      for part in try field["processors"]?.elements() ?? [] {
        let next = try template(part)
        guard found.opening == nil || next.opening == nil, found.closing == nil || next.closing == nil else {
          throw part.error(.unsupported, "a second template; one expected")
        }
        found = (found.opening ?? next.opening, found.closing ?? next.closing)
      }
      return found
    case "TemplateProcessing": return try singleTemplate(field)
    case let other: throw field.unsupported("post-processor", other, known: "ByteLevel and TemplateProcessing")
    }
  }

  private static func singleTemplate(_ field: JSONField) throws -> (opening: String?, closing: String?) {
    guard let single = try field["single"] else { throw field.error(.malformed, "no field \"single\"") }
    var opening: [String] = []
    var closing: [String] = []
    var sequences = 0
    for item in try single.elements() {
      if let special = try item["SpecialToken"], let name = try special["id"]?.text() {
        if sequences == 0 { opening.append(name) } else { closing.append(name) }
      } else if try item["Sequence"] != nil {
        sequences += 1
      } else {
        throw item.error(.malformed, "\"SpecialToken\" or \"Sequence\" expected")
      }
    }
    guard sequences == 1, opening.count <= 1, closing.count <= 1 else {
      throw single.error(
        .unsupported, "\(opening.count) special tokens before the text and \(closing.count) after it; "
          + "at most one each, around one text, expected")
    }
    return (opening.first, closing.first)
  }

  private static func type(_ field: JSONField) throws -> String {
    guard let type = try field["type"] else { throw field.error(.malformed, "no field \"type\"") }
    return try type.text()
  }
}

extension JSONField {
  fileprivate func unsupported(_ what: String, _ name: String, known: String) -> TokenizerError {
    error(.unsupported, "the \(what) \(name) cannot be read; \(known) expected")
  }
}
