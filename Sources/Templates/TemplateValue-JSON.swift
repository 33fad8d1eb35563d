// Rows and conversations come as JSON; the order of members is kept, as Python keeps it.

extension TemplateValue {
  /// The value of a JSON text. Whole numbers stay whole; those beyond 64 bits are refused.
  ///
  /// - Throws: `TemplateError` of kind `.syntax` with the line.
  public init(json bytes: [UInt8]) throws(TemplateError) {
    var reader = JSONReader(bytes: bytes)
    self = try reader.document()
  }
}

private struct JSONReader {
  let bytes: [UInt8]
  private var place = 0
  private var depth = 0
  private static let depthLimit = 512

  init(bytes: [UInt8]) { self.bytes = bytes }

  private func error(_ problem: String) -> TemplateError {
    let line = 1 + bytes.prefix(place).count { $0 == 10 }
    return TemplateError(.syntax, line: line, "JSON: \(problem) at byte \(place)")
  }

  mutating func document() throws(TemplateError) -> TemplateValue {
    let value = try value()
    skipBlanks()
    guard place == bytes.count else { throw error("more text after the value") }
    return value
  }

  private mutating func skipBlanks() {
    while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard place < bytes.count, bytes[place] == byte else { return false }
    place += 1
    return true
  }

  private mutating func value() throws(TemplateError) -> TemplateValue {
    skipBlanks()
    guard place < bytes.count else { throw error("the text ends") }
    switch bytes[place] {
    case UInt8(ascii: "{"): return try nested { (reader) throws(TemplateError) in try reader.object() }
    case UInt8(ascii: "["): return try nested { (reader) throws(TemplateError) in try reader.array() }
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), 48...57: return try number()
    default:
      for (word, value) in [("true", TemplateValue.bool(true)), ("false", .bool(false)), ("null", .none)] {
        if bytes[place...].starts(with: word.utf8) {
          place += word.utf8.count
          return value
        }
      }
      throw error("no value begins here")
    }
  }

  private mutating func nested(
    _ body: (inout JSONReader) throws(TemplateError) -> TemplateValue
  ) throws(TemplateError) -> TemplateValue {
    depth += 1
    guard depth <= Self.depthLimit else { throw error("nested more than \(Self.depthLimit) deep") }
    place += 1
    let value = try body(&self)
    depth -= 1
    return value
  }

  private mutating func object() throws(TemplateError) -> TemplateValue {
    var dictionary = TemplateDictionary()
    skipBlanks()
    if skip(UInt8(ascii: "}")) { return .dictionary(dictionary) }
    while true {
      skipBlanks()
      guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw error("expected a key") }
      let key = try string()
      skipBlanks()
      guard skip(UInt8(ascii: ":")) else { throw error("expected `:`") }
      dictionary[key] = try value()
      skipBlanks()
      if skip(UInt8(ascii: ",")) { continue }
      guard skip(UInt8(ascii: "}")) else { throw error("expected `,` or `}`") }
      return .dictionary(dictionary)
    }
  }

  private mutating func array() throws(TemplateError) -> TemplateValue {
    var elements: [TemplateValue] = []
    skipBlanks()
    if skip(UInt8(ascii: "]")) { return .list(elements) }
    while true {
      elements.append(try value())
      skipBlanks()
      if skip(UInt8(ascii: ",")) { continue }
      guard skip(UInt8(ascii: "]")) else { throw error("expected `,` or `]`") }
      return .list(elements)
    }
  }

  private mutating func number() throws(TemplateError) -> TemplateValue {
    let from = place
    while place < bytes.count, "+-.eE0123456789".utf8.contains(bytes[place]) { place += 1 }
    let text = String(decoding: bytes[from..<place], as: UTF8.self)
    if let value = Int(text), text != "-0" { return .int(value) }
    guard !text.hasPrefix("+"), let value = Double(text), value.isFinite else {
      place = from
      throw error("`\(text)` is no number")
    }
    if !text.contains(where: { ".eE".contains($0) }) {
      if text == "-0" { return .int(0) }
      place = from
      throw error("the whole number \(text) is beyond 64 bits")
    }
    return .float(value)
  }

  private mutating func string() throws(TemplateError) -> String {
    place += 1
    var result: [UInt8] = []
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: result, as: UTF8.self) else { throw error("a string is not UTF-8") }
        return text
      case UInt8(ascii: "\\"): try escape(&result)
      case 0..<0x20: throw error("a control character in a string")
      default: result.append(byte)
      }
    }
    throw error("a string is never closed")
  }

  private mutating func escape(_ result: inout [UInt8]) throws(TemplateError) {
    guard place < bytes.count else { throw error("a string is never closed") }
    let byte = bytes[place]
    place += 1
    switch byte {
    case UInt8(ascii: "n"): result.append(10)
    case UInt8(ascii: "t"): result.append(9)
    case UInt8(ascii: "r"): result.append(13)
    case UInt8(ascii: "b"): result.append(8)
    case UInt8(ascii: "f"): result.append(12)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
    case UInt8(ascii: "u"):
      var value = try unit()
      if (0xD800..<0xDC00).contains(value), bytes[place...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) {
        let before = place
        place += 2
        let low = try unit()
        if (0xDC00..<0xE000).contains(low) {
          value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00)
        } else {
          place = before
        }
      }
      // Half a pair has no character: as decoders that keep text whole, the replacement character.
      let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
      result += Array(String(Character(scalar)).utf8)
    default: throw error("an unknown escape")
    }
  }

  private mutating func unit() throws(TemplateError) -> UInt32 {
    let text = String(decoding: bytes[place...].prefix(4), as: UTF8.self)
    guard text.utf8.count == 4, text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
      let value = UInt32(text, radix: 16)
    else { throw error("`\\u` without four digits") }
    place += 4
    return value
  }
}
