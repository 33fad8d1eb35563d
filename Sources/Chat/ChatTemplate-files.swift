public import Checkpoints
import Templates
public import Tokenizers

extension ChatTemplate {
  /// The template that a checkpoint brings: `chat_template.jinja`, else `chat_template` of `tokenizer_config.json`,
  /// where a list of named ones has one named `default`.
  ///
  /// - Returns: nil when it brings none, as base models do.
  /// - Throws: `ChatError`.
  public init?(companions: [CompanionFile], tokenizer: any Tokenizer) throws(ChatError) {
    let files = try ChatFiles(companions)
    guard let source = try files.templateSource() else { return nil }
    try self.init(source, specialTokens: files.specialTokens(tokenizer))
  }

  /// A template given by its text in place of the checkpoint's own.
  public init(
    source: String, companions: [CompanionFile], tokenizer: any Tokenizer
  ) throws(ChatError) {
    try self.init(source, specialTokens: ChatFiles(companions).specialTokens(tokenizer))
  }
}

/// What the files beside the weights say about chats.
struct ChatFiles {
  static let templateName = "chat_template.jinja"
  static let configurationName = "tokenizer_config.json"
  static let generationName = "generation_config.json"

  private let template: CompanionFile?
  private let configuration: TemplateDictionary
  private let mapped: TemplateDictionary
  let generation: TemplateDictionary

  init(_ companions: [CompanionFile]) throws(ChatError) {
    template = companions.first { $0.name == Self.templateName }
    configuration = try Self.object(Self.configurationName, companions)
    mapped = try Self.object("special_tokens_map.json", companions)
    generation = try Self.object(Self.generationName, companions)
  }

  private static func object(_ name: String, _ companions: [CompanionFile]) throws(ChatError) -> TemplateDictionary {
    guard let file = companions.first(where: { $0.name == name }) else { return TemplateDictionary() }
    do {
      if case .dictionary(let object) = try TemplateValue(json: file.contents) { return object }
    } catch {
      throw ChatError(.malformed, "\(name): \(error)")
    }
    throw ChatError(.malformed, "\(name): found no object")
  }

  func templateSource() throws(ChatError) -> String? {
    if let template {
      guard let text = String(validating: template.contents, as: UTF8.self) else {
        throw ChatError(.malformed, "\(Self.templateName): bytes that are not UTF-8")
      }
      return text
    }
    switch configuration["chat_template"] {
    case nil, TemplateValue.none?: return nil
    case .string(let text)?: return text
    case .list(let named)?:
      for case .dictionary(let one) in named {
        if case .string("default")? = one["name"], case .string(let text)? = one["template"] { return text }
      }
      throw ChatError(
        .malformed, "\(Self.configurationName): chat_template is a list without a template named `default`")
    default:
      throw ChatError(
        .malformed, "\(Self.configurationName): chat_template is neither text nor a list of named templates")
    }
  }

  private static let tokenNames = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// `bos_token` and its like. Where no file names the tokens that open and close a text, the tokenizer does.
  func specialTokens(_ tokenizer: any Tokenizer) -> TemplateDictionary {
    var tokens = TemplateDictionary()
    for name in Self.tokenNames {
      if let text = Self.text(configuration[name]) ?? Self.text(mapped[name]) { tokens[name] = .string(text) }
    }
    let usual = ["<s>", "</s>", "<|begin_of_text|>", "<|end_of_text|>", "<|endoftext|>"]
    for (name, id) in [("bos_token", tokenizer.beginningOfText), ("eos_token", tokenizer.endOfText)]
    where tokens[name] == nil {
      guard let id, let text = usual.first(where: { tokenizer.id(of: $0) == id }) else { continue }
      tokens[name] = .string(text)
    }
    return tokens
  }

  /// Texts that stand for one token each wherever they are found, with that token.
  func addedTokens(_ tokenizer: any Tokenizer) -> [(text: String, id: Int32)] {
    var texts: [String] = []
    for case (_, .string(let text)) in specialTokens(tokenizer).entries { texts.append(text) }
    if case .dictionary(let added)? = configuration["added_tokens_decoder"] {
      for entry in added.entries { if let text = Self.text(entry.value) { texts.append(text) } }
    }
    var found: [(text: String, id: Int32)] = []
    for text in texts where !text.isEmpty && !found.contains(where: { $0.text == text }) {
      if let id = tokenizer.id(of: text) { found.append((text, id)) }
    }
    return found
  }

  /// A token by its name, or by an object with its `content`.
  private static func text(_ value: TemplateValue?) -> String? {
    switch value {
    case .string(let text)?: text
    case .dictionary(let object)?: if case .string(let text)? = object["content"] { text } else { nil }
    default: nil
    }
  }
}
