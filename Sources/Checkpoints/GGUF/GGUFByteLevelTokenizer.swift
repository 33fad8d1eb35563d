extension GGUFVocabulary {
  /// How text is split before merging: what llama.cpp calls by a name, in the words of `tokenizer.json`.
  private struct Splitting {
    /// What comes before the bytes are mapped to characters, and whether that mapping splits as GPT-2 does.
    var before: [JSONValue] = []
    var splitsAsGPT2 = true
    var normalizesToNFC = false
    /// Whether a word that is a token is one without merging.
    var ignoresMerges = false
  }

  private static let knownSplittings = ["gpt-2", "smollm", "llama-bpe", "qwen2"]

  private func splitting(file: String) throws -> Splitting {
    switch pre {
    case "gpt-2": return Splitting()
    case "smollm":
      let digits: JSONValue = .of(["type": .string("Digits"), "individual_digits": .bool(true)])
      return Splitting(before: [digits])
    case "llama-bpe":
      return Splitting(before: [Self.split(digits: "\\p{N}{1,3}")], splitsAsGPT2: false, ignoresMerges: true)
    case "qwen2":
      return Splitting(before: [Self.split(digits: "\\p{N}")], splitsAsGPT2: false, normalizesToNFC: true)
    default:
      throw CheckpointError(
        .unsupported, file: file, field: "tokenizer.ggml.pre", found: pre ?? "nothing",
        expected: "one of \(Self.knownSplittings.joined(separator: ", "))",
        wayOut: "take the Hugging Face directory of the model, whose tokenizer.json says how it splits text")
    }
  }

  /// The expression of Llama 3; Qwen2's differs in how many digits stay together.
  private static func split(digits: String) -> JSONValue {
    let expression =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\(digits)| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
      + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
    return .of([
      "type": .string("Split"), "pattern": .of(["Regex": .string(expression)]), "behavior": .string("Isolated"),
      "invert": .bool(false),
    ])
  }

  /// `tokenizer.json` of byte-level BPE.
  func tokenizerJSON(file: String) throws -> [UInt8] {
    let splitting = try splitting(file: file)
    let byteLevel: JSONValue = .of([
      "type": .string("ByteLevel"), "add_prefix_space": .bool(false), "trim_offsets": .bool(true),
      "use_regex": .bool(splitting.splitsAsGPT2),
    ])
    let before = splitting.before + [byteLevel]
    let document: JSONValue = .of([
      "version": .string("1.0"), "truncation": .null, "padding": .null,
      "added_tokens": .array(try addedTokens(file: file)),
      "normalizer": splitting.normalizesToNFC ? .of(["type": .string("NFC")]) : .null,
      "pre_tokenizer": before.count == 1
        ? byteLevel : .of(["type": .string("Sequence"), "pretokenizers": .array(before)]),
      "post_processor": try postProcessor(file: file),
      "decoder": .of([
        "type": .string("ByteLevel"), "add_prefix_space": .bool(true), "trim_offsets": .bool(true),
        "use_regex": .bool(true),
      ]),
      "model": .of([
        "type": .string("BPE"), "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
        "end_of_word_suffix": .null, "fuse_unk": .bool(false), "byte_fallback": .bool(false),
        "ignore_merges": .bool(splitting.ignoresMerges), "vocab": .object(try vocabularyMembers(file: file)),
        "merges": .array(try mergePairs(file: file)),
      ]),
    ])
    return Array((document.text() + "\n").utf8)
  }

  private func addedTokens(file: String) throws -> [JSONValue] {
    try tokens.indices.compactMap { id in
      let type = type(of: id)
      guard type == .control || type == .userDefined || type == .unknown else { return nil }
      return .of([
        "id": .integer(id), "content": .string(try text(of: id, file: file)), "single_word": .bool(false),
        "lstrip": .bool(false), "rstrip": .bool(false), "normalized": .bool(false),
        "special": .bool(type != .userDefined),
      ])
    }
  }

  /// Tokens that are there only to fill the embedding have no text and are left out.
  private func vocabularyMembers(file: String) throws -> [JSONValue.Member] {
    var places: [ArraySlice<UInt8>: Int] = [:]
    return try tokens.indices.compactMap { id in
      if type(of: id) == .unused { return nil }
      if let other = places.updateValue(id, forKey: tokens[id]) {
        throw CheckpointError(
          .inconsistent, file: file, field: "tokenizer.ggml.tokens[\(id)]", found: try text(of: id, file: file),
          expected: "another text than token \(other) has")
      }
      return .init(key: try text(of: id, file: file), value: .integer(id))
    }
  }

  private func mergePairs(file: String) throws -> [JSONValue] {
    guard let merges else {
      throw CheckpointError(
        .missingField, file: file, field: "tokenizer.ggml.merges", found: "nothing", expected: "the merges of BPE")
    }
    return try merges.enumerated().map { rank, merge in
      let parts = merge.split(separator: 0x20, omittingEmptySubsequences: false)
      guard parts.count == 2, let left = String(validating: parts[0], as: UTF8.self), !left.isEmpty,
        let right = String(validating: parts[1], as: UTF8.self), !right.isEmpty
      else {
        throw CheckpointError(
          .wrongType, file: file, field: "tokenizer.ggml.merges[\(rank)]",
          found: "\"\(String(decoding: merge, as: UTF8.self))\"", expected: "two tokens with one space between")
      }
      return .array([.string(left), .string(right)])
    }
  }

  private func postProcessor(file: String) throws -> JSONValue {
    guard startsWithBeginningOfText, let id = beginningOfTextID else { return .null }
    let name = try text(of: id, file: file)
    let first: JSONValue = .of(["SpecialToken": .of(["id": .string(name), "type_id": .integer(0)])])
    func sequence(_ id: String, _ type: Int) -> JSONValue {
      .of(["Sequence": .of(["id": .string(id), "type_id": .integer(type)])])
    }
    return .of([
      "type": .string("TemplateProcessing"), "single": .array([first, sequence("A", 0)]),
      "pair": .array([first, sequence("A", 0), first, sequence("B", 1)]),
      "special_tokens": .of([
        name: .of([
          "id": .string(name), "ids": .array([.integer(id)]), "tokens": .array([.string(name)]),
        ])
      ]),
    ])
  }
}

extension JSONValue {
  /// An object whose members stand in the order written.
  fileprivate static func of(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { Member(key: $0.key, value: $0.value) })
  }
}
