/// JSON with members in a fixed order and numbers to nine significant digits: what lies beyond them is the end of an
/// iteration, and the same table must give the same bytes.
indirect enum AnswerJSON {
  case null
  case boolean(Bool)
  case number(Double)
  case integer(Int)
  case text(String)
  case list([AnswerJSON])
  case object([(String, AnswerJSON)])

  static func optional(_ value: Double?) -> AnswerJSON { value.map(AnswerJSON.number) ?? .null }
  static func optional(_ value: String?) -> AnswerJSON { value.map(AnswerJSON.text) ?? .null }
  static func texts(_ values: [String]) -> AnswerJSON { .list(values.map(AnswerJSON.text)) }
  static func numbers(_ values: [Double]) -> AnswerJSON { .list(values.map(AnswerJSON.number)) }

  static func estimate(_ value: Estimate?) -> AnswerJSON {
    guard let value else { return .null }
    return .object([
      ("value", .number(value.value)), ("low", .number(value.interval.lower)), ("high", .number(value.interval.upper)),
    ])
  }

  /// Indented, lists of plain values on one line, with a newline at the end.
  var document: String {
    var text = ""
    write(&text, indent: "")
    return text + "\n"
  }

  private var isPlain: Bool {
    switch self {
    case .list, .object: false
    default: true
    }
  }

  private func write(_ text: inout String, indent: String) {
    switch self {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value): text += value.isFinite ? roundedToSignificant(value).description : "null"
    case .text(let value): text += Self.quoted(value)
    case .list(let values):
      if values.allSatisfy(\.isPlain) {
        text += "["
        for (index, value) in values.enumerated() {
          if index > 0 { text += ", " }
          value.write(&text, indent: indent)
        }
        text += "]"
      } else {
        text += "["
        for (index, value) in values.enumerated() {
          text += (index > 0 ? "," : "") + "\n\(indent)  "
          value.write(&text, indent: indent + "  ")
        }
        text += "\n\(indent)]"
      }
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        text += (index > 0 ? "," : "") + "\n\(indent)  \(Self.quoted(member.0)): "
        member.1.write(&text, indent: indent + "  ")
      }
      text += members.isEmpty ? "}" : "\n\(indent)}"
    }
  }

  private static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      default:
        if scalar.value < 32 {
          let hexadecimal = String(scalar.value, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
        } else {
          text.unicodeScalars.append(scalar)
        }
      }
    }
    return text + "\""
  }
}
