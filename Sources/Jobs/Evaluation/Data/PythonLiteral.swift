import Templates

/// `ast.literal_eval` of what templates print: strings, numbers, lists, tuples, dictionaries, True, False and None.
struct PythonLiteral {
  private let scalars: [Unicode.Scalar]
  private var place = 0
  private var depth = 0

  /// Nil for anything else.
  static func value(of text: String) -> TemplateValue? {
    var reader = PythonLiteral(scalars: Array(text.unicodeScalars))
    guard let value = reader.value() else { return nil }
    reader.skipBlanks()
    return reader.place == reader.scalars.count ? value : nil
  }

  private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

  private mutating func skipBlanks() {
    while let scalar = next, scalar == " " || scalar == "\n" || scalar == "\t" || scalar == "\r" { place += 1 }
  }

  private mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard next == scalar else { return false }
    place += 1
    return true
  }

  private mutating func value() -> TemplateValue? {
    skipBlanks()
    depth += 1
    defer { depth -= 1 }
    guard depth < 100, let first = next else { return nil }
    switch first {
    case "[":
      place += 1
      return elements(until: "]").map { .list($0.values) }
    case "(":
      place += 1
      guard let inside = elements(until: ")") else { return nil }
      if inside.values.count == 1, !inside.hasComma { return inside.values[0] }
      return .tuple(inside.values)
    case "{":
      place += 1
      return dictionary()
    case "'", "\"": return string()
    default: return word()
    }
  }

  private mutating func elements(until end: Unicode.Scalar) -> (values: [TemplateValue], hasComma: Bool)? {
    var values: [TemplateValue] = []
    var hasComma = false
    while true {
      if skip(end) { return (values, hasComma) }
      if !values.isEmpty, !hasComma { return nil }
      guard let value = value() else { return nil }
      values.append(value)
      if skip(",") { hasComma = true } else { return skip(end) ? (values, values.count > 1 || hasComma) : nil }
    }
  }

  private mutating func dictionary() -> TemplateValue? {
    var members = TemplateDictionary()
    while true {
      if skip("}") { return .dictionary(members) }
      guard let key = value(), skip(":"), let member = value(), (try? members.set(key, member)) != nil else {
        return nil
      }
      if !skip(",") { return skip("}") ? .dictionary(members) : nil }
    }
  }

  private mutating func string() -> TemplateValue? {
    let quote = scalars[place]
    place += 1
    var text = String.UnicodeScalarView()
    while let scalar = next {
      place += 1
      if scalar == quote { return .string(String(text)) }
      if scalar == "\n" { return nil }
      guard scalar == "\\" else {
        text.append(scalar)
        continue
      }
      guard let escaped = next else { return nil }
      place += 1
      switch escaped {
      case "n": text.append("\n")
      case "t": text.append("\t")
      case "r": text.append("\r")
      case "\\", "'", "\"": text.append(escaped)
      case "\n": break
      case "x", "u", "U":
        let width = escaped == "x" ? 2 : escaped == "u" ? 4 : 8
        guard place + width <= scalars.count,
          let code = UInt32(String(String.UnicodeScalarView(scalars[place..<place + width])), radix: 16),
          let character = Unicode.Scalar(code)
        else { return nil }
        text.append(character)
        place += width
      default:
        // Python keeps the backslash of an escape it does not know.
        text.append("\\")
        text.append(escaped)
      }
    }
    return nil
  }

  private mutating func word() -> TemplateValue? {
    let start = place
    while let scalar = next, scalar.properties.isAlphabetic || "+-._0123456789".unicodeScalars.contains(scalar) {
      place += 1
    }
    let text = String(String.UnicodeScalarView(scalars[start..<place]))
    switch text {
    case "True": return .bool(true)
    case "False": return .bool(false)
    case "None": return TemplateValue.none
    default:
      // Python refuses numbers that begin with a zero.
      let digits = text.drop { $0 == "-" || $0 == "+" }
      guard digits.first?.isNumber == true || digits.first == "." else { return nil }
      if digits.count > 1, digits.first == "0", digits.allSatisfy(\.isNumber) { return nil }
      if let number = Int(text) { return .int(number) }
      return Double(text).map { .float($0) }
    }
  }
}
