public import Templates

/// A chat template with what it needs to know of its tokenizer: messages become text, as transformers'
/// `apply_chat_template` makes it of the same checkpoint.
public struct ChatTemplate: Sendable {
  /// The template's own text.
  public let source: String
  /// Names that a template may use for special tokens, such as `bos_token`, and their texts.
  public let specialTokens: TemplateDictionary
  private let template: Template

  /// - Throws: `ChatError` of code `.template` with the line.
  public init(_ source: String, specialTokens: TemplateDictionary = TemplateDictionary()) throws(ChatError) {
    self.source = source
    self.specialTokens = specialTokens
    do {
      template = try Template(source, options: .chat)
    } catch {
      throw ChatError(.template, "the chat template cannot be used: \(error)")
    }
  }

  /// The conversation as text.
  ///
  /// - Parameters:
  ///   - addGenerationPrompt: whether the text ends where the assistant's answer begins.
  ///   - date: what `strftime_now` tells. Without one the name is not defined, and templates that check it fall back
  ///     on a date of their own.
  /// - Throws: `ChatError` of code `.rendering`, also where the template itself raises an exception.
  public func render(
    _ messages: [ChatMessage], addGenerationPrompt: Bool, date: ChatDate? = nil
  ) throws(ChatError) -> String {
    try render(.list(messages.map(\.value)), addGenerationPrompt: addGenerationPrompt, date: date)
  }

  /// The same for messages as JSON has them, with whatever members the template knows (`tool_calls`, …), and for
  /// further names.
  public func render(
    _ messages: TemplateValue, addGenerationPrompt: Bool, date: ChatDate? = nil,
    names: TemplateDictionary = TemplateDictionary()
  ) throws(ChatError) -> String {
    var context = specialTokens
    context["messages"] = messages
    context["tools"] = TemplateValue.none
    context["documents"] = TemplateValue.none
    context["add_generation_prompt"] = .bool(addGenerationPrompt)
    if let date { context["strftime_now"] = .function(Self.now(date)) }
    for entry in names.entries { try? context.set(entry.key, entry.value) }
    do {
      return try template.render(context)
    } catch {
      let who = error.kind == .raised ? "the chat template refuses the conversation" : "the chat template fails"
      throw ChatError(.rendering, "\(who): \(error)")
    }
  }

  private static func now(_ date: ChatDate) -> TemplateFunction {
    .named("strftime_now") { (arguments) throws(TemplateError) in
      guard case .string(let format)? = arguments.positional.first else {
        throw TemplateError(.type, line: 0, "strftime_now takes a format")
      }
      return .string(try date.formatted(format))
    }
  }
}
