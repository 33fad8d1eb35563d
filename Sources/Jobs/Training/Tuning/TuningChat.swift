import Chat
import Checkpoints
import Foundation
import Tokenizers

extension ChatFormat {
  /// The chat format that a training uses.
  /// - Throws: `ChatError`.
  init(_ model: ModelFiles, tokenizer: any Tokenizer, chat: ChatPayload) throws {
    try self.init(
      configuration: model.configuration, companions: model.companions, tokenizer: tokenizer, template: chat.template)
  }

  /// - Throws: `ChatError`; `.missingTokens` when a named template's tokens are not in the tokenizer.
  init(
    configuration: ModelConfiguration, companions: [CompanionFile], tokenizer: any Tokenizer, template: String?
  ) throws {
    let chosen = try template.map {
      try ChatTemplate(source: $0, companions: companions, tokenizer: tokenizer)
    }
    if let named = NamedTemplate.allCases.first(where: { $0.source == template }) {
      let missing = named.neededTokens.filter { tokenizer.id(of: $0) == nil }
      guard missing.isEmpty else {
        throw ChatError(
          .missingTokens,
          "the template `\(named.rawValue)` needs the tokens \(missing.joined(separator: ", ")), which the tokenizer "
            + "does not have; `\(NamedTemplate.zephyr.rawValue)` needs none but the end of text")
      }
    }
    try self.init(
      configuration: configuration, companions: companions, tokenizer: tokenizer, template: chosen)
    guard !stopTokens.isEmpty else {
      throw ChatError(
        .missingTokens, "the model has no token that ends a text (`eos_token`), so no answer would ever end; name one "
          + "in its tokenizer_config.json")
    }
  }
}

extension ModelFiles {
  /// The companions with the template and the stop tokens that the training used, so that whoever loads the checkpoint
  /// asks and stops as it was trained.
  func companions(chat: ChatPayload, tokenizer: any Tokenizer) throws -> [CompanionFile] {
    guard let template = chat.template else { return companions }
    let format = try ChatFormat(self, tokenizer: tokenizer, chat: chat)
    let generation = "generation_config.json"
    var settings: [String: Any] = [:]
    if let file = companions.first(where: { $0.name == generation }),
      let object = try JSONSerialization.jsonObject(with: Data(file.contents)) as? [String: Any]
    {
      settings = object
    }
    settings["eos_token_id"] = format.stopTokens.map(Int.init)
    let json = try JSONSerialization.data(
      withJSONObject: settings, options: [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes])
    let replaced = [
      CompanionFile(name: generation, contents: [UInt8](json) + [0x0A]),
      CompanionFile(name: "chat_template.jinja", contents: Array(template.utf8)),
    ]
    return (companions.filter { file in !replaced.contains { $0.name == file.name } } + replaced)
      .sorted { $0.name < $1.name }
  }
}
