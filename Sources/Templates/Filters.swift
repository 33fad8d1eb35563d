/// Jinja's filters, those that templates of chats and tasks use.
enum Filters {
  typealias Arguments = TemplateFunction.Arguments

  /// Checked when a template is read, so that a missing one is found before the first conversation.
  static let names: Set<String> = [
    "abs", "attr", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape", "first",
    "float",
    "format", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject",
    "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "sort", "string", "sum", "title",
    "tojson", "trim", "unique", "upper", "wordcount",
  ]

  static func apply(
    _ name: String, to value: TemplateValue, _ arguments: Arguments, _ rendering: inout Rendering
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "default", "d": return try fallback(value, arguments, rendering)
    case "map", "select", "reject", "selectattr", "rejectattr", "sort", "unique", "min", "max", "sum", "join", "list",
      "first", "last", "length", "count", "reverse", "batch", "items", "dictsort":
      return try SequenceFilters.apply(name, to: value, arguments, &rendering)
    case "abs", "int", "float", "round": return try number(name, value, arguments)
    case "attr":
      guard case .string(let member)? = arguments.positional.first else {
        throw TemplateError(.type, line: 0, "attr() needs a name")
      }
      return try rendering.member(member, of: value)
    case "tojson": return .string(try JSONText.text(of: value, arguments, rendering.options.json))
    default: return try text(name, try rendering.printed(value, 0), arguments, rendering)
    }
  }

  private static func fallback(
    _ value: TemplateValue, _ arguments: Arguments, _ rendering: Rendering
  ) throws(TemplateError) -> TemplateValue {
    let other = arguments[0, "default_value"] ?? .string("")
    if case .undefined = value { return other }
    if try arguments.flag(1, "boolean", default: false), !(try rendering.isTrue(value, 0)) { return other }
    return value
  }

  // MARK: Text

  private static func text(
    _ name: String, _ text: String, _ arguments: Arguments, _ rendering: Rendering
  ) throws(TemplateError) -> TemplateValue {
    let result: String
    switch name {
    case "upper": result = text.uppercased()
    case "lower": result = text.lowercased()
    case "capitalize": result = Casing.capitalized(text)
    case "title": result = title(text)
    case "trim": result = text.pythonStripped(try arguments.optionalText(0))
    case "string", "safe": result = text
    case "e", "escape": result = escaped(text)
    case "replace":
      result = text.pythonReplaced(
        try arguments.text(0, "old", name), with: try arguments.text(1, "new", name),
        count: try arguments.integer(2, "count") ?? -1)
    case "indent": result = try indented(text, arguments)
    case "center":
      result = try Formatting.padded(text, "center", min(100_000, try arguments.integer(0, "width") ?? 80), fill: " ")
    case "format":
      guard arguments.named.isEmpty else { throw TemplateError(.unsupported, line: 0, "`%(name)s` is not there") }
      result = try Formatting.percent(text, .tuple(arguments.positional))
    case "wordcount":
      var words = 0
      var isInside = false
      for scalar in text.unicodeScalars {
        let isWord =
          Casing.isLetter(scalar) || scalar == "_"
          || [.decimalNumber, .letterNumber, .otherNumber].contains(scalar.properties.generalCategory)
        if isWord, !isInside { words += 1 }
        isInside = isWord
      }
      return .int(words)
    default: preconditionFailure("the filter \(name) is listed and not there")
    }
    try rendering.checkSize(result.utf8.count, 0)
    return .string(result)
  }

  /// Jinja's own: words begin after blanks, hyphens and opening brackets.
  private static func title(_ text: String) -> String {
    var result = ""
    var isStart = true
    for scalar in text.unicodeScalars {
      let separates = scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar)
      result +=
        separates
        ? String(Character(scalar)) : isStart ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
      isStart = separates
    }
    return result
  }

  private static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "'": result.append(contentsOf: "&#39;".unicodeScalars)
      case "\"": result.append(contentsOf: "&#34;".unicodeScalars)
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  private static func indented(_ text: String, _ arguments: Arguments) throws(TemplateError) -> String {
    let width: String
    if case .string(let given)? = arguments[0, "width"] {
      width = given
    } else {
      width = String(repeating: " ", count: min(1000, max(0, try arguments.integer(0, "width") ?? 4)))
    }
    let first = try arguments.flag(1, "first", default: false)
    let blank = try arguments.flag(2, "blank", default: false)
    var lines = (text + "\n").pythonSplit("\n")
    // As `splitlines`: what ends in a newline has no further line.
    lines.removeLast()
    var result: [String] = []
    for (index, line) in lines.enumerated() {
      let isBlank = line.utf8.isEmpty
      let goes = index == 0 ? false : blank || !isBlank
      result.append((goes ? width : "") + line)
    }
    return (first ? width : "") + result.joined(separator: "\n")
  }

  // MARK: Numbers

  private static func number(
    _ name: String, _ value: TemplateValue, _ arguments: Arguments
  ) throws(TemplateError) -> TemplateValue {
    switch name {
    case "abs":
      switch Operators.number(value) {
      case .int(let number)?:
        guard number != .min else { throw TemplateError(.limit, line: 0, "a whole number beyond 64 bits") }
        return .int(abs(number))
      case .float(let number)?: return .float(abs(number))
      case nil: throw TemplateError(.type, line: 0, "bad operand type for abs(): '\(value.typeName)'")
      }
    case "int":
      let fallback = arguments[0, "default"] ?? .int(0)
      switch value {
      case .int, .bool:
        guard case .int(let number)? = Operators.number(value) else { return fallback }
        return .int(number)
      case .float(let number): return number.isFinite && abs(number) < 9e18 ? .int(Int(number)) : fallback
      case .string(let text):
        let trimmed = text.pythonStripped()
        let base = try arguments.integer(1, "base") ?? 10
        guard (2...36).contains(base) else { throw TemplateError(.type, line: 0, "int() base must be 2 to 36") }
        if let number = Int(trimmed, radix: base) { return .int(number) }
        if base == 10, let number = Double(trimmed), number.isFinite, abs(number) < 9e18 { return .int(Int(number)) }
        return fallback
      default: return fallback
      }
    case "float":
      if let number = Operators.number(value) { return .float(number.double) }
      if case .string(let text) = value, let number = Double(text.pythonStripped()) { return .float(number) }
      return arguments[0, "default"] ?? .float(0)
    default:
      guard let number = Operators.number(value)?.double else {
        throw TemplateError(.type, line: 0, "type \(value.typeName) doesn't define __round__ method")
      }
      let places = try arguments.integer(0, "precision") ?? 0
      guard (0...100).contains(places), number.isFinite else {
        throw TemplateError(.unsupported, line: 0, "round to \(places) places is not there")
      }
      let method = try arguments.optionalText(1, "method") ?? "common"
      // Python's `round` of a whole number is one.
      if method == "common", case .int(let whole)? = Operators.number(value) { return .int(whole) }
      if method == "common" { return .float(Double(try Formatting.decimals(number, places)) ?? number) }
      guard method == "ceil" || method == "floor" else {
        throw TemplateError(.type, line: 0, "method must be common, ceil or floor")
      }
      var scale = 1.0
      for _ in 0..<places { scale *= 10 }
      return .float((number * scale).rounded(method == "ceil" ? .up : .down) / scale)
    }
  }
}
