import Chat
import HTTPTypes
import Templates
import TextGeneration
import Tokenizers

/// A conversation as clients send it, made ready for the model's template.
struct ChatCompletionRequest {
  let prompt: [Int32]
  let alternatives: Int?

  /// - Throws: `APIError` for messages that are none, or that the template refuses.
  init(_ fields: RequestFields, format: ChatFormat, date: ChatDate?) throws(APIError) {
    let messages = try Self.messages(fields)
    let wanted = try fields.boolean("logprobs") ?? false
    let count = try fields.integer("top_logprobs", in: 0...20)
    guard wanted || count == nil else {
      throw .invalid("top_logprobs", found: "a number without `logprobs: true`", expected: "both or neither")
    }
    alternatives = wanted ? count ?? 0 : nil
    do {
      let text = try format.template.render(.list(messages), addGenerationPrompt: true, date: date)
      prompt = format.encoder.encode(text)
    } catch {
      throw APIError(.badRequest, "invalid_messages", "\(error)", field: "messages")
    }
  }

  private static func messages(_ fields: RequestFields) throws(APIError) -> [TemplateValue] {
    guard case .list(let elements)? = fields.value("messages"), !elements.isEmpty else {
      throw .invalid(
        "messages", found: fields.value("messages").map(RequestFields.name) ?? "nothing",
        expected: "a list of at least one message with role and content")
    }
    var messages: [TemplateValue] = []
    for (index, element) in elements.enumerated() {
      let place = "messages[\(index)]"
      guard case .dictionary(var message) = element else {
        throw .invalid(place, found: RequestFields.name(element), expected: "an object with role and content")
      }
      guard case .string(let role)? = message["role"], !role.isEmpty else {
        throw .invalid(
          "\(place).role", found: message["role"].map(RequestFields.name) ?? "nothing",
          expected: "system, user or assistant")
      }
      // What OpenAI now calls instructions; templates of open models know it as system.
      if role == "developer" { message["role"] = .string(ChatMessage.system) }
      message["content"] = .string(try content(message["content"], "\(place).content"))
      messages.append(.dictionary(message))
    }
    return messages
  }

  /// Text, or a list of parts that are text.
  private static func content(_ value: TemplateValue?, _ place: String) throws(APIError) -> String {
    switch value {
    case .string(let text)?: return text
    case .list(let parts)?:
      var text = ""
      for (index, part) in parts.enumerated() {
        guard case .dictionary(let object) = part, case .string("text")? = object["type"],
          case .string(let piece)? = object["text"]
        else {
          throw APIError(
            .badRequest, "unsupported", "\(place)[\(index)]: only parts of type text are supported", field: place)
        }
        text += piece
      }
      return text
    default:
      throw .invalid(place, found: value.map(RequestFields.name) ?? "nothing", expected: "a text")
    }
  }
}

/// A text to be continued as it stands.
struct TextCompletionRequest {
  let prompt: [Int32]
  let alternatives: Int?

  /// - Throws: `APIError` for a prompt that is neither text nor tokens.
  init(_ fields: RequestFields, engine: TextEngine) throws(APIError) {
    alternatives = try fields.integer("logprobs", in: 0...20)
    if try fields.boolean("echo") == true {
      throw APIError(.badRequest, "unsupported", "echo: is not supported; the prompt is yours already", field: "echo")
    }
    switch fields.value("prompt") {
    case .string(let text)?: prompt = Self.tokens(text, engine)
    case .list(let elements)? where !elements.isEmpty: prompt = try Self.tokens(elements, engine)
    case let other:
      throw .invalid("prompt", found: other.map(RequestFields.name) ?? "nothing", expected: "a text, or tokens")
    }
  }

  private static func tokens(_ text: String, _ engine: TextEngine) -> [Int32] {
    let tokenizer = engine.tokenizer
    let beginning = tokenizer.addsBeginningOfText ? [tokenizer.beginningOfText].compactMap { $0 } : []
    let tokens = beginning + tokenizer.encode(text)
    // An empty text is continued from where texts begin.
    return tokens.isEmpty ? [tokenizer.beginningOfText ?? tokenizer.endOfText].compactMap { $0 } : tokens
  }

  private static func tokens(_ elements: [TemplateValue], _ engine: TextEngine) throws(APIError) -> [Int32] {
    if elements.count == 1, case .string(let text) = elements[0] { return tokens(text, engine) }
    var tokens: [Int32] = []
    for (index, element) in elements.enumerated() {
      guard case .int(let id) = element, (0..<engine.vocabularySize).contains(id) else {
        throw .invalid(
          "prompt[\(index)]", found: RequestFields.name(element),
          expected: "token ids below \(engine.vocabularySize), or one text; several prompts are several requests")
      }
      tokens.append(Int32(id))
    }
    return tokens
  }
}
