import Metering

/// Bounds on a JSON text, so that no document can cost more than its reader expects.
struct JSONLimits: Sendable {
  var bytes: Int
  /// Arrays and objects inside one another; bounds the parser's recursion.
  var depth: Int
  /// Values in all; bounds memory, as "1," costs two bytes of text but a whole value.
  var values: Int
  /// No number of ours needs more; a million digits would only cost time.
  static let numberLiteralBytes = 64
  /// Keys are hashed and compared as text, which costs more than their bytes when they are hostile Unicode.
  static let keyBytes = 4096
}

/// RFC 8259, strictly: one value, no duplicate keys, no NaN, no control characters, no unpaired surrogates.
struct JSONParser {
  struct SyntaxError: Error {
    var byteOffset: Int
    var found: String
    var expected: String
  }

  private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

  private let bytes: UnsafeRawBufferPointer
  private let limits: JSONLimits
  private var position = 0
  private var valueCount = 0

  private init(bytes: UnsafeRawBufferPointer, limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  /// Parses the JSON in `bytes`, which stand in `file`.
  static func parse(_ bytes: UnsafeRawBufferPointer, file: String, limits: JSONLimits) throws -> JSONValue {
    guard bytes.count <= limits.bytes else {
      throw CheckpointError(
        .tooLarge, file: file, found: "\(bytes.count) bytes of JSON", expected: "at most \(limits.bytes)")
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw CheckpointError(.malformedJSON, file: file, found: "bytes that are not UTF-8", expected: "JSON in UTF-8")
    }
    var parser = JSONParser(bytes: bytes, limits: limits)
    defer {
      ReadMeter.current?.stepped(parser.valueCount + parser.position)
      ReadMeter.current?.allocated(parser.valueCount * MemoryLayout<JSONValue.Member>.stride + parser.position)
    }
    do {
      let value = try parser.parseValue(depth: 0)
      parser.skipSpace()
      guard parser.position == bytes.count else { throw parser.unexpected("the end of the JSON text") }
      return value
    } catch let error as SyntaxError {
      let line = bytes[..<error.byteOffset].count { $0 == UInt8(ascii: "\n") } + 1
      throw CheckpointError(
        .malformedJSON, file: file, field: "JSON line \(line), byte \(error.byteOffset)", found: error.found,
        expected: error.expected)
    }
  }

  private func unexpected(_ expected: String) -> SyntaxError {
    guard position < bytes.count else {
      return SyntaxError(byteOffset: bytes.count, found: "the end of the text", expected: expected)
    }
    let end = min(position + 16, bytes.count)
    let text = String(decoding: bytes[position..<end], as: UTF8.self)
    return SyntaxError(byteOffset: position, found: "\"\(text)\"", expected: expected)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func take(word: StaticString) -> Bool {
    guard bytes.count - position >= word.utf8CodeUnitCount else { return false }
    for offset in 0..<word.utf8CodeUnitCount where bytes[position + offset] != word.utf8Start[offset] { return false }
    position += word.utf8CodeUnitCount
    return true
  }

  private mutating func parseValue(depth: Int) throws -> JSONValue {
    skipSpace()
    valueCount += 1
    guard valueCount <= limits.values else {
      throw SyntaxError(byteOffset: position, found: "more values", expected: "at most \(limits.values)")
    }
    switch next {
    case UInt8(ascii: "{"): return .object(try parseMembers(depth: try deeper(depth)))
    case UInt8(ascii: "["): return .array(try parseElements(depth: try deeper(depth)))
    case UInt8(ascii: "\""): return .string(try parseString())
    case let byte? where byte == UInt8(ascii: "-") || Self.digits.contains(byte): return .number(try parseNumber())
    default: break
    }
    if take(word: "true") { return .bool(true) }
    if take(word: "false") { return .bool(false) }
    if take(word: "null") { return .null }
    throw unexpected("a JSON value (NaN and Infinity are none)")
  }

  private func deeper(_ depth: Int) throws -> Int {
    guard depth < limits.depth else {
      throw SyntaxError(byteOffset: position, found: "deeper nesting", expected: "at most \(limits.depth) levels")
    }
    return depth + 1
  }

  private mutating func parseMembers(depth: Int) throws -> [JSONValue.Member] {
    position += 1
    var members: [JSONValue.Member] = []
    var keys: Set<String> = []
    skipSpace()
    if take(UInt8(ascii: "}")) { return members }
    repeat {
      skipSpace()
      let start = position
      guard next == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
      let key = try parseString()
      guard key.utf8.count <= JSONLimits.keyBytes else {
        throw SyntaxError(
          byteOffset: start, found: "a key of \(key.utf8.count) bytes", expected: "at most \(JSONLimits.keyBytes)")
      }
      guard keys.insert(key).inserted else {
        throw SyntaxError(byteOffset: start, found: "key \"\(key)\" twice", expected: "each key once")
      }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw unexpected("a colon") }
      members.append(.init(key: key, value: try parseValue(depth: depth)))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw unexpected("a comma or }") }
    return members
  }

  private mutating func parseElements(depth: Int) throws -> [JSONValue] {
    position += 1
    var elements: [JSONValue] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return elements }
    repeat {
      elements.append(try parseValue(depth: depth))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw unexpected("a comma or ]") }
    return elements
  }

  private mutating func parseNumber() throws -> String {
    let start = position
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { try takeDigits() }
    if take(UInt8(ascii: ".")) { try takeDigits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try takeDigits()
    }
    guard position - start <= JSONLimits.numberLiteralBytes else {
      throw SyntaxError(
        byteOffset: start, found: "a number of \(position - start) characters",
        expected: "at most \(JSONLimits.numberLiteralBytes)")
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func takeDigits() throws {
    let start = position
    while let byte = next, Self.digits.contains(byte) { position += 1 }
    guard position > start else { throw unexpected("a digit") }
  }

  private mutating func parseString() throws -> String {
    position += 1
    var text: [UInt8] = []
    var runStart = position
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        text.append(contentsOf: bytes[runStart..<position])
        position += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        text.append(contentsOf: bytes[runStart..<position])
        position += 1
        text.append(contentsOf: String(Character(try parseEscape())).utf8)
        runStart = position
      case 0..<0x20:
        throw unexpected("no control character in a string")
      default:
        position += 1
      }
    }
    throw unexpected("a closing quote")
  }

  private mutating func parseEscape() throws -> Unicode.Scalar {
    guard let byte = next else { throw unexpected("an escape") }
    if let scalar = Self.simpleEscape(byte) {
      position += 1
      return scalar
    }
    guard take(UInt8(ascii: "u")) else { throw unexpected("one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u") }
    let first = try parseHex()
    if let scalar = Unicode.Scalar(first) { return scalar }
    // A high surrogate is half a character; only with its low half is it one.
    guard first < 0xDC00, take(word: "\\u") else { throw unexpected("a surrogate pair") }
    let second = try parseHex()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    else { throw unexpected("a surrogate pair") }
    return scalar
  }

  private static func simpleEscape(_ byte: UInt8) -> Unicode.Scalar? {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): Unicode.Scalar(byte)
    case UInt8(ascii: "b"): "\u{08}"
    case UInt8(ascii: "f"): "\u{0C}"
    case UInt8(ascii: "n"): "\n"
    case UInt8(ascii: "r"): "\r"
    case UInt8(ascii: "t"): "\t"
    default: nil
    }
  }

  private mutating func parseHex() throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw unexpected("four hex digits")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }
}
