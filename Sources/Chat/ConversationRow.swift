public import Templates

/// A row of a data set as people write them, read: alpaca (`instruction`, `input`, `output`), sharegpt
/// (`conversations` of `from` and `value`), OpenAI's messages (`messages` of `role` and `content`), or a prompt with
/// its answer.
public enum ConversationRow {
  /// Why a row is left out: nothing can be learned from it, and leaving it out changes nothing else.
  public enum Defect: String, CaseIterable, Codable, Sendable {
    case withoutAssistantTurn = "without an assistant turn"
    case rolesOutOfOrder = "with roles out of order"
    case emptyAnswer = "with an empty answer"
    case equalAnswers = "with chosen equal to rejected"
    case cutToNothing = "cut before any answer"
  }

  /// A pair of answers to one prompt.
  public struct Preference: Sendable, Hashable {
    public var prompt: [ChatMessage]
    public var chosen: [ChatMessage]
    public var rejected: [ChatMessage]
  }

  public enum Reading<Value: Sendable>: Sendable {
    case row(Value)
    case defect(Defect)
  }

  /// A row to imitate.
  ///
  /// - Throws: `ChatError` of code `.malformed` for a row of no known form, saying which fields it has.
  public static func conversation(_ row: TemplateValue) throws(ChatError) -> Reading<[ChatMessage]> {
    let fields = try object(row)
    var messages: [ChatMessage]
    if let turns = fields["messages"] ?? fields["conversations"] ?? fields["conversation"] {
      messages = try leading(fields) + turnList(turns)
    } else if fields["instruction"] != nil {
      messages = try alpaca(fields) + [ChatMessage(role: ChatMessage.assistant, content: text(fields, "output"))]
    } else if let prompt = fields["prompt"], let answer = fields["completion"] ?? fields["response"] {
      messages = try leading(fields) + turns(prompt, as: ChatMessage.user) + turns(answer, as: ChatMessage.assistant)
    } else {
      throw unknownForm(fields, expected: "`messages`, `conversations`, `instruction` with `output`, or `prompt` with "
        + "`completion`")
    }
    // Some collections end in a question that nobody answered.
    if messages.last?.role == ChatMessage.user, messages.contains(where: { $0.role == ChatMessage.assistant }) {
      messages.removeLast()
    }
    if let defect = defect(messages) { return .defect(defect) }
    return .row(messages)
  }

  /// A row of two answers of which one is preferred.
  public static func preference(_ row: TemplateValue) throws(ChatError) -> Reading<Preference> {
    let fields = try object(row)
    guard let chosenValue = fields["chosen"], let rejectedValue = fields["rejected"] else {
      throw unknownForm(fields, expected: "`chosen` and `rejected`")
    }
    var chosen = try turns(chosenValue, as: ChatMessage.assistant)
    var rejected = try turns(rejectedValue, as: ChatMessage.assistant)
    var prompt: [ChatMessage]
    if let written = fields["prompt"] {
      prompt = try leading(fields) + turns(written, as: ChatMessage.user)
    } else if let turns = fields["conversations"] ?? fields["messages"] {
      prompt = try leading(fields) + turnList(turns)
    } else if fields["instruction"] != nil {
      prompt = try alpaca(fields)
    } else {
      // What both have in common is the prompt.
      let common = zip(chosen, rejected).prefix { $0 == $1 && $0.role != ChatMessage.assistant }.count
      prompt = Array(chosen[..<common])
      chosen.removeFirst(common)
      rejected.removeFirst(common)
    }
    // Both answers repeat the prompt in some collections.
    if !prompt.isEmpty, chosen.starts(with: prompt), rejected.starts(with: prompt) {
      chosen.removeFirst(prompt.count)
      rejected.removeFirst(prompt.count)
    }
    guard !prompt.isEmpty else { throw unknownForm(fields, expected: "`prompt` beside `chosen` and `rejected`") }
    for answer in [chosen, rejected] {
      if answer.allSatisfy({ $0.content.isEmpty }) { return .defect(.emptyAnswer) }
      if let defect = defect(prompt + answer) { return .defect(defect) }
    }
    if chosen == rejected { return .defect(.equalAnswers) }
    return .row(Preference(prompt: prompt, chosen: chosen, rejected: rejected))
  }

  /// Turns must alternate, the user's first, after at most one system message.
  private static func defect(_ messages: [ChatMessage]) -> Defect? {
    guard messages.contains(where: { $0.role == ChatMessage.assistant }) else { return .withoutAssistantTurn }
    let turns = messages.first?.role == ChatMessage.system ? messages.dropFirst() : messages[...]
    for (index, message) in turns.enumerated()
    where message.role != (index % 2 == 0 ? ChatMessage.user : ChatMessage.assistant) { return .rolesOutOfOrder }
    let isEmpty = messages.contains {
      $0.role == ChatMessage.assistant && $0.content.allSatisfy(\.isWhitespace)
    }
    return isEmpty ? .emptyAnswer : nil
  }

  private static func object(_ row: TemplateValue) throws(ChatError) -> TemplateDictionary {
    guard case .dictionary(let fields) = row else {
      throw ChatError(.malformed, "found \(name(of: row)), expected an object with the fields of a conversation")
    }
    return fields
  }

  private static func unknownForm(_ fields: TemplateDictionary, expected: String) -> ChatError {
    let names = fields.entries.compactMap { if case .string(let name) = $0.key { name } else { nil } }
    return ChatError(
      .malformed, "found the fields \(names.joined(separator: ", ")), expected \(expected)")
  }

  /// A `system` beside the conversation.
  private static func leading(_ fields: TemplateDictionary) throws(ChatError) -> [ChatMessage] {
    guard case .string(let system)? = fields["system"], !system.isEmpty else { return [] }
    return [ChatMessage(role: ChatMessage.system, content: system)]
  }

  /// The question of an alpaca row: the instruction, and the input under it.
  private static func alpaca(_ fields: TemplateDictionary) throws(ChatError) -> [ChatMessage] {
    let instruction = try text(fields, "instruction")
    let input = fields["input"] == nil ? "" : try text(fields, "input")
    var messages = try leading(fields)
    if case .list(let history)? = fields["history"] {
      for turn in history {
        guard case .list(let pair) = turn, pair.count == 2, case .string(let question) = pair[0],
          case .string(let answer) = pair[1]
        else { throw ChatError(.malformed, "`history` is no list of pairs of question and answer") }
        messages.append(ChatMessage(role: ChatMessage.user, content: question))
        messages.append(ChatMessage(role: ChatMessage.assistant, content: answer))
      }
    }
    let question = input.isEmpty ? instruction : instruction + "\n" + input
    return messages + [ChatMessage(role: ChatMessage.user, content: question)]
  }

  private static func text(_ fields: TemplateDictionary, _ key: String) throws(ChatError) -> String {
    switch fields[key] {
    case .string(let text)?: return text
    case TemplateValue.none?: return ""
    case nil: throw ChatError(.malformed, "the field `\(key)` is missing")
    case let other?: throw ChatError(.malformed, "`\(key)` is \(name(of: other)), expected text")
    }
  }

  /// An answer or a prompt: text, one message, or several.
  private static func turns(_ value: TemplateValue, as role: String) throws(ChatError) -> [ChatMessage] {
    switch value {
    case .string(let text): return [ChatMessage(role: role, content: text)]
    case .dictionary: return [try message(value)]
    case .list: return try turnList(value)
    case .none: return [ChatMessage(role: role, content: "")]
    default: throw ChatError(.malformed, "found \(name(of: value)), expected text or messages")
    }
  }

  private static func turnList(_ value: TemplateValue) throws(ChatError) -> [ChatMessage] {
    guard case .list(let turns) = value else {
      throw ChatError(.malformed, "found \(name(of: value)), expected a list of messages")
    }
    var messages: [ChatMessage] = []
    for turn in turns { messages.append(try message(turn)) }
    return messages
  }

  private static let roles = [
    "human": ChatMessage.user, "user": ChatMessage.user, "gpt": ChatMessage.assistant,
    "assistant": ChatMessage.assistant, "bot": ChatMessage.assistant, "chatgpt": ChatMessage.assistant,
    "model": ChatMessage.assistant, "system": ChatMessage.system,
  ]

  private static func message(_ value: TemplateValue) throws(ChatError) -> ChatMessage {
    guard case .dictionary(let fields) = value, case .string(let name)? = fields["role"] ?? fields["from"] else {
      throw ChatError(.malformed, "a message without `role` (or `from`)")
    }
    guard let content = fields["content"] ?? fields["value"] else {
      throw ChatError(.malformed, "a message without `content` (or `value`)")
    }
    let text: String
    switch content {
    case .string(let whole): text = whole
    case .none: text = ""
    case .list(let parts):
      // OpenAI's parts; only those of text have something to learn.
      var whole = ""
      for part in parts {
        guard case .dictionary(let fields) = part, case .string(let piece)? = fields["text"] else {
          throw ChatError(.malformed, "a message with a part that is not text")
        }
        whole += piece
      }
      text = whole
    default: throw ChatError(.malformed, "a message whose `content` is \(self.name(of: content)), expected text")
    }
    return ChatMessage(role: roles[name] ?? name, content: text)
  }

  private static func name(of value: TemplateValue) -> String {
    switch value {
    case .none: "null"
    case .bool: "true or false"
    case .int, .float: "a number"
    case .string: "text"
    case .list, .tuple: "a list"
    default: "an object"
    }
  }
}
