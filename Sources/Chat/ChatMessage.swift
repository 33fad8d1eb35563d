public import Templates

/// One turn of a conversation: who speaks, and what is said.
public struct ChatMessage: Sendable, Hashable {
  /// `system`, `user`, `assistant`, or whatever else a template knows.
  public var role: String
  public var content: String

  public static let system = "system"
  public static let user = "user"
  public static let assistant = "assistant"

  public init(role: String, content: String) {
    self.role = role
    self.content = content
  }

  /// As templates see it.
  public var value: TemplateValue {
    .dictionary(["role": .string(role), "content": .string(content)] as TemplateDictionary)
  }
}

extension TemplateDictionary: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, TemplateValue)...) {
    self.init()
    for (key, value) in elements { self[key] = value }
  }
}
