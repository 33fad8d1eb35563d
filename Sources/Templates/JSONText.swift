/// The filter `tojson`: Python's `json.dumps`.
enum JSONText {
  private struct Form {
    var isASCII: Bool
    var isHTMLSafe: Bool
    var indent: String?
    var sortsKeys: Bool
    var itemSeparator: String
    var keySeparator: String
  }

  static func text(
    of value: TemplateValue, _ arguments: TemplateFunction.Arguments, _ style: TemplateOptions.JSONStyle
  ) throws(TemplateError) -> String {
    // transformers: tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False); Jinja: (x, indent).
    let isPlain = style == .plain
    var indent: String?
    switch isPlain ? arguments[1, "indent"] : arguments[0, "indent"] {
    case nil, TemplateValue.none?: break
    case .int(let width)?: indent = String(repeating: " ", count: min(100, max(0, width)))
    case .string(let text)?: indent = text
    case let other?: throw TemplateError(.type, line: 0, "`indent` must be a number or text, not \(other.typeName)")
    }
    var form = Form(
      isASCII: isPlain ? try arguments.flag(0, "ensure_ascii", default: false) : true, isHTMLSafe: !isPlain,
      indent: indent, sortsKeys: isPlain ? try arguments.flag(3, "sort_keys", default: false) : true,
      itemSeparator: indent == nil ? ", " : ",", keySeparator: ": ")
    if isPlain, let separators = arguments[2, "separators"] {
      switch separators {
      case .tuple(let pair), .list(let pair):
        guard pair.count == 2, case .string(let item) = pair[0], case .string(let key) = pair[1] else {
          throw TemplateError(.type, line: 0, "`separators` must be two texts")
        }
        (form.itemSeparator, form.keySeparator) = (item, key)
      case TemplateValue.none: break
      default: throw TemplateError(.type, line: 0, "`separators` must be two texts")
      }
    }
    var text = ""
    try write(value, form, "\n", &text)
    return text
  }

  /// `json.dumps(value, ensure_ascii=False, indent=indent)`.
  static func dumped(_ value: TemplateValue, indent: Int?) throws(TemplateError) -> String {
    let form = Form(
      isASCII: false, isHTMLSafe: false, indent: indent.map { String(repeating: " ", count: $0) }, sortsKeys: false,
      itemSeparator: indent == nil ? ", " : ",", keySeparator: ": ")
    var text = ""
    try write(value, form, "\n", &text)
    return text
  }

  private static func write(
    _ value: TemplateValue, _ form: Form, _ newline: String, _ text: inout String
  ) throws(TemplateError) {
    switch value {
    case .none: text += "null"
    case .bool(let flag): text += flag ? "true" : "false"
    case .int(let number): text += "\(number)"
    case .float(let number):
      text += number.isNaN ? "NaN" : number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : pythonText(number)
    case .string(let string): text += quoted(string, form)
    case .list(let elements), .tuple(let elements):
      try writeAll(elements, form, newline, "[", "]", &text) { (element, inner, text) throws(TemplateError) in
        try write(element, form, inner, &text)
      }
    case .dictionary(let dictionary):
      var entries: [(key: String, value: TemplateValue)] = []
      for entry in dictionary.entries { entries.append((try keyText(entry.key), entry.value)) }
      if form.sortsKeys {
        entries.sort { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
      }
      try writeAll(entries, form, newline, "{", "}", &text) { (entry, inner, text) throws(TemplateError) in
        text += quoted(entry.key, form) + form.keySeparator
        try write(entry.value, form, inner, &text)
      }
    case .undefined(let name): throw TemplateError(.undefined, line: 0, name)
    case .namespace, .function, .loop:
      throw TemplateError(.type, line: 0, "Object of type \(value.typeName) is not JSON serializable")
    }
  }

  private static func writeAll<Element>(
    _ elements: [Element], _ form: Form, _ newline: String, _ open: String, _ close: String, _ text: inout String,
    _ body: (Element, String, inout String) throws(TemplateError) -> Void
  ) throws(TemplateError) {
    text += open
    let inner = newline + (form.indent ?? "")
    for (index, element) in elements.enumerated() {
      if index > 0 { text += form.itemSeparator }
      if form.indent != nil { text += inner }
      try body(element, inner, &text)
    }
    if form.indent != nil, !elements.isEmpty { text += newline }
    text += close
  }

  private static func keyText(_ key: TemplateValue) throws(TemplateError) -> String {
    switch key {
    case .string(let text): return text
    case .bool(let flag): return flag ? "true" : "false"
    case .none: return "null"
    case .int, .float: return key.pythonText
    default:
      throw TemplateError(.type, line: 0, "keys must be str, int, float, bool or None, not \(key.typeName)")
    }
  }

  private static func quoted(_ string: String, _ form: Form) -> String {
    var result = String.UnicodeScalarView()
    result.append("\"")
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": result.append(contentsOf: "\\\"".unicodeScalars)
      case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case "\u{8}": result.append(contentsOf: "\\b".unicodeScalars)
      case "\u{c}": result.append(contentsOf: "\\f".unicodeScalars)
      case "<", ">", "&", "'":
        if form.isHTMLSafe { append(scalar.value, to: &result) } else { result.append(scalar) }
      case _ where scalar.value < 0x20 || (form.isASCII && scalar.value > 0x7E):
        for unit in String(Character(scalar)).utf16 { append(UInt32(unit), to: &result) }
      default: result.append(scalar)
      }
    }
    result.append("\"")
    return String(result)
  }

  private static func append(_ value: UInt32, to result: inout String.UnicodeScalarView) {
    let digits = String(value, radix: 16)
    result.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).unicodeScalars)
  }
}

extension TemplateValue {
  /// The value as Python's `json.dumps(value, ensure_ascii=False, indent=indent)` writes it.
  ///
  /// - Throws: `.type` for what JSON does not have.
  public func json(indent: Int? = nil) throws(TemplateError) -> String { try JSONText.dumped(self, indent: indent) }
}
