extension GGUFVocabulary {
  /// The embedded tokenizer as the files Hugging Face's tools and Admix read: `tokenizer.json` for byte-level BPE or
  /// `tokenizer.model` for SentencePiece, with `tokenizer_config.json` and `generation_config.json`. The same bytes for
  /// the same vocabulary.
  ///
  /// - Parameter file: where the vocabulary comes from, for messages.
  /// - Throws: `CheckpointError` for a kind of tokenizer or of splitting that is not known, by its name, and for tokens
  ///   or merges that no tokenizer can have.
  public func tokenizerFiles(file: String) throws -> [CompanionFile] {
    let main: CompanionFile
    switch model {
    case "gpt2": main = CompanionFile(name: "tokenizer.json", contents: try tokenizerJSON(file: file))
    case "llama": main = CompanionFile(name: "tokenizer.model", contents: try sentencePieceModel(file: file))
    default:
      throw CheckpointError(
        .unsupported, file: file, field: "tokenizer.ggml.model", found: model, expected: "gpt2 or llama",
        wayOut: "Admix reads byte-level BPE and SentencePiece BPE; take the Hugging Face directory of the model")
    }
    return [
      main, CompanionFile(name: "tokenizer_config.json", contents: try tokenizerConfiguration(file: file)),
      CompanionFile(name: "generation_config.json", contents: generationConfiguration()),
    ]
  }

  /// Whether documents start with the beginning-of-text id: as the file says, else as llama.cpp does for this kind.
  var startsWithBeginningOfText: Bool {
    beginningOfTextID != nil && (addsBeginningOfText ?? (model == "llama" || pre == "llama-bpe"))
  }

  func text(of id: Int, file: String) throws -> String {
    guard let text = String(validating: tokens[id], as: UTF8.self) else {
      throw CheckpointError(
        .outOfRange, file: file, field: "tokenizer.ggml.tokens[\(id)]", found: "bytes \(hexadecimal(tokens[id]))",
        expected: "text in UTF-8")
    }
    return text
  }

  func type(of id: Int) -> TokenType { tokenTypes?[id] ?? .normal }

  private func tokenizerConfiguration(file: String) throws -> [UInt8] {
    var members: [JSONValue.Member] = [
      .init(key: "add_bos_token", value: .bool(startsWithBeginningOfText)),
      .init(key: "add_eos_token", value: .bool(addsEndOfText ?? false)),
    ]
    let named = [
      ("bos_token", beginningOfTextID), ("eos_token", endOfTextID), ("unk_token", unknownID), ("pad_token", paddingID),
    ]
    for (key, id) in named {
      guard let id else { continue }
      members.append(.init(key: key, value: .string(try text(of: id, file: file))))
    }
    if let chatTemplate { members.append(.init(key: "chat_template", value: .string(chatTemplate))) }
    members.append(.init(key: "clean_up_tokenization_spaces", value: .bool(false)))
    members.append(
      .init(
        key: "tokenizer_class", value: .string(model == "llama" ? "LlamaTokenizer" : "PreTrainedTokenizerFast")))
    return Array((JSONValue.object(members).text(indent: 2) + "\n").utf8)
  }

  private func generationConfiguration() -> [UInt8] {
    let named = [
      ("bos_token_id", beginningOfTextID), ("eos_token_id", endOfTextID), ("pad_token_id", paddingID),
    ]
    let members = named.compactMap { key, id in id.map { JSONValue.Member(key: key, value: .integer($0)) } }
    return Array((JSONValue.object(members).text(indent: 2) + "\n").utf8)
  }
}
