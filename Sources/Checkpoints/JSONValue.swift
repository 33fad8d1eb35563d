/// A JSON document as written: members in order, numbers as their literal text.
///
/// Own type and parser because a checkpoint's JSON is not to be trusted: `JSONSerialization` keeps one of two
/// duplicate keys, turns integers beyond 2^53 into rounded doubles and recurses as deep as the file asks.
enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  /// The literal, already checked against JSON's grammar.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  struct Member: Sendable, Hashable {
    var key: String
    var value: JSONValue
  }

  /// What the value is, for messages.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let literal): "number \(literal)"
    case .string(let text): "string \"\(text)\""
    case .array(let values): "array of \(values.count)"
    case .object(let members): "object of \(members.count)"
    }
  }

  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  static func integer(_ value: Int) -> JSONValue { .number(String(value)) }
}

extension JSONValue {
  /// The document as text. `indent` nil writes it compactly, as safetensors headers are.
  func text(indent: Int? = nil) -> String {
    var result = ""
    write(to: &result, indent: indent, depth: 0)
    return result
  }

  private func write(to result: inout String, indent: Int?, depth: Int) {
    switch self {
    case .null: result += "null"
    case .bool(let value): result += value ? "true" : "false"
    case .number(let literal): result += literal
    case .string(let text): Self.writeQuoted(text, to: &result)
    case .array(let values):
      Self.writeList(values, open: "[", close: "]", to: &result, indent: indent, depth: depth) { value, result in
        value.write(to: &result, indent: indent, depth: depth + 1)
      }
    case .object(let members):
      Self.writeList(members, open: "{", close: "}", to: &result, indent: indent, depth: depth) { member, result in
        Self.writeQuoted(member.key, to: &result)
        result += indent == nil ? ":" : ": "
        member.value.write(to: &result, indent: indent, depth: depth + 1)
      }
    }
  }

  private static func writeList<Element>(
    _ elements: [Element], open: String, close: String, to result: inout String, indent: Int?, depth: Int,
    element write: (Element, inout String) -> Void
  ) {
    result += open
    for (index, element) in elements.enumerated() {
      if index > 0 { result += "," }
      if let indent { result += "\n" + String(repeating: " ", count: indent * (depth + 1)) }
      write(element, &result)
    }
    if let indent, !elements.isEmpty { result += "\n" + String(repeating: " ", count: indent * depth) }
    result += close
  }

  /// Escapes exactly what serde_json does, so that headers equal those of the safetensors library to the byte.
  private static func writeQuoted(_ text: String, to result: inout String) {
    result += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{08}": result += "\\b"
      case "\u{09}": result += "\\t"
      case "\u{0A}": result += "\\n"
      case "\u{0C}": result += "\\f"
      case "\u{0D}": result += "\\r"
      case let control where control.value < 0x20:
        let hex = String(control.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    result += "\""
  }
}
