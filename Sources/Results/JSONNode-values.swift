// What a node holds, for those who read results; nil or empty when it holds something else.
extension JSONNode {
  public var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  public var double: Double? {
    switch self {
    case .number(let value): value
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    default: nil
    }
  }

  /// A whole number that is not negative.
  public var count: UInt64? {
    switch self {
    case .unsigned(let value): value
    case .integer(let value): UInt64(exactly: value)
    default: nil
    }
  }

  public var boolean: Bool? {
    if case .boolean(let value) = self { value } else { nil }
  }

  public var members: [Member] {
    if case .object(let members) = self { members } else { [] }
  }

  public var elements: [JSONNode] {
    if case .array(let elements) = self { elements } else { [] }
  }
}
