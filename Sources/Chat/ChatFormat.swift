public import Checkpoints
import Templates
public import Tokenizers

/// How one model chats: its template, its tokens, and where its answers end. Trainer, terminal and server take their
/// conversations through this type alone, so that what was trained is what is asked.
public struct ChatFormat: Sendable {
  public let template: ChatTemplate
  public let encoder: ChatEncoder
  /// Any of these ends an answer; ascending, never empty where the model has a token that ends a text.
  public let stopTokens: [Int32]

  public var tokenizer: any Tokenizer { encoder.tokenizer }

  /// - Parameter template: in place of the checkpoint's own.
  /// - Throws: `ChatError`; `.noTemplate` when neither brings one.
  public init(
    configuration: ModelConfiguration, companions: [CompanionFile], tokenizer: any Tokenizer,
    template: ChatTemplate? = nil
  ) throws(ChatError) {
    var chosen = template
    if chosen == nil { chosen = try ChatTemplate(companions: companions, tokenizer: tokenizer) }
    guard let template = chosen else {
      throw ChatError(
        .noTemplate,
        "the model has no chat template, as base models do not; name one with `chat.template`, such as "
          + "\(NamedTemplate.allCases.map(\.rawValue).joined(separator: ", ")), or take a model tuned for chats")
    }
    self.template = template
    encoder = try ChatEncoder(companions: companions, tokenizer: tokenizer)
    var stops = try Self.generationStops(ChatFiles(companions), tokenizer)
    if stops.isEmpty { stops.formUnion(configuration.eosTokenIDs.compactMap(Int32.init(exactly:))) }
    if let end = tokenizer.endOfText { stops.insert(end) }
    if let end = Self.turnEnd(template, encoder) { stops.insert(end) }
    stopTokens = stops.sorted()
  }

  /// The chat format of a model on disk, whose parts must belong together: a directory that Admix wrote is compared
  /// with its manifest.
  ///
  /// - Throws: `CheckpointError` that names the part; `ChatError`.
  public init(of model: any ModelSource, tokenizer: any Tokenizer) throws {
    if model is ModelDirectory { try ModelDirectory.checkParts(model.path) }
    try self.init(configuration: model.configuration, companions: model.companions, tokenizer: tokenizer)
  }

  /// The conversation's tokens, ending where the assistant's answer begins.
  ///
  /// - Throws: `ChatError` of code `.rendering`.
  public func prompt(_ messages: [ChatMessage], date: ChatDate? = nil) throws(ChatError) -> [Int32] {
    encoder.encode(try template.render(messages, addGenerationPrompt: true, date: date))
  }

  /// `eos_token_id` of `generation_config.json`: one or several.
  private static func generationStops(_ files: ChatFiles, _ tokenizer: any Tokenizer) throws(ChatError) -> Set<Int32> {
    let named: [TemplateValue] =
      switch files.generation["eos_token_id"] {
      case .list(let ids)?: ids
      case let id?: [id]
      case nil: []
      }
    let values = named.compactMap { if case .int(let id) = $0 { id } else { nil } }
    for id in values where !(0..<tokenizer.vocabularySize).contains(id) {
      throw ChatError(
        .malformed, "\(ChatFiles.generationName): eos_token_id \(id) is no token of the tokenizer, which has "
          + "\(tokenizer.vocabularySize): they belong to different models")
    }
    return Set(values.compactMap(Int32.init(exactly:)))
  }

  /// The special token right behind an assistant's answer, which some checkpoints forget to call an end.
  private static func turnEnd(_ template: ChatTemplate, _ encoder: ChatEncoder) -> Int32? {
    let answer = "answer"
    let messages = [ChatMessage(role: "user", content: "question"), ChatMessage(role: "assistant", content: answer)]
    guard let text = try? template.render(messages, addGenerationPrompt: false),
      let place = text.ranges(of: answer).last
    else { return nil }
    let rest = encoder.encode(String(text[place.upperBound...]))
    return rest.first.flatMap { encoder.tokenizer.isSpecial($0) ? $0 : nil }
  }
}
