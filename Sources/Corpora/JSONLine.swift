/// Takes one string field out of one line that must be a JSON object (RFC 8259), checking the whole line. It exists
/// because a corpus is millions of lines of which one field is wanted. Of a repeated field the last counts, as in
/// Python and JavaScript.
struct JSONLine {
  enum Failure: Error, Equatable {
    case malformed(String, offset: Int)
    case notAnObject(String)
    case missingField(present: [String])
    case wrongType(String)
  }

  /// Arrays and objects inside one another.
  static let depthMax = 64

  private let line: UnsafeBufferPointer<UInt8>
  private var position = 0

  /// Replaces `text` by the field's UTF-8 bytes. Precondition: the line is well-formed UTF-8.
  /// - Throws: `Failure`.
  static func read(_ field: [UInt8], from line: UnsafeBufferPointer<UInt8>, into text: inout [UInt8]) throws {
    var reader = JSONLine(line: line)
    try reader.readObject(field, into: &text)
  }

  private init(line: UnsafeBufferPointer<UInt8>) { self.line = line }

  private mutating func readObject(_ field: [UInt8], into text: inout [UInt8]) throws {
    skipSpace()
    guard peek() == UInt8(ascii: "{") else {
      let found = try skipValue(depth: 0)
      throw Failure.notAnObject(found)
    }
    position += 1
    var present: [String] = []
    var foundType: String?
    var key: [UInt8] = []
    skipSpace()
    if peek() == UInt8(ascii: "}") {
      position += 1
    } else {
      while true {
        skipSpace()
        guard peek() == UInt8(ascii: "\"") else { throw malformed("a field name in quotes expected") }
        key.removeAll(keepingCapacity: true)
        try readString(into: &key)
        skipSpace()
        try expect(":")
        skipSpace()
        if key == field {
          if peek() == UInt8(ascii: "\"") {
            text.removeAll(keepingCapacity: true)
            try readString(into: &text)
            foundType = "a string"
          } else {
            foundType = try skipValue(depth: 1)
          }
        } else {
          if present.count < 8 { present.append(String(decoding: key, as: UTF8.self)) }
          _ = try skipValue(depth: 1)
        }
        skipSpace()
        if peek() == UInt8(ascii: ",") {
          position += 1
          continue
        }
        try expect("}")
        break
      }
    }
    skipSpace()
    guard position == line.count else { throw malformed("something follows the JSON object") }
    guard let foundType else { throw Failure.missingField(present: present) }
    guard foundType == "a string" else { throw Failure.wrongType(foundType) }
  }

  /// Checks the value and returns what it is, in words.
  private mutating func skipValue(depth: Int) throws -> String {
    guard depth <= Self.depthMax else { throw malformed("nested deeper than \(Self.depthMax)") }
    skipSpace()
    switch peek() {
    case UInt8(ascii: "\""):
      try readString()
      return "a string"
    case UInt8(ascii: "{"):
      position += 1
      try skipItems(closing: "}", depth: depth, isObject: true)
      return "an object"
    case UInt8(ascii: "["):
      position += 1
      try skipItems(closing: "]", depth: depth, isObject: false)
      return "an array"
    case UInt8(ascii: "t"):
      try expect("true")
      return "true"
    case UInt8(ascii: "f"):
      try expect("false")
      return "false"
    case UInt8(ascii: "n"):
      try expect("null")
      return "null"
    case nil: throw malformed("the line ends where a value is expected")
    default:
      try skipNumber()
      return "a number"
    }
  }

  private mutating func skipItems(closing: StaticString, depth: Int, isObject: Bool) throws {
    skipSpace()
    let close = closing.utf8Start.pointee
    if peek() == close {
      position += 1
      return
    }
    while true {
      skipSpace()
      if isObject {
        guard peek() == UInt8(ascii: "\"") else { throw malformed("a field name in quotes expected") }
        try readString()
        skipSpace()
        try expect(":")
      }
      _ = try skipValue(depth: depth + 1)
      skipSpace()
      if peek() == UInt8(ascii: ",") {
        position += 1
        continue
      }
      return try expect(closing)
    }
  }

  private mutating func skipNumber() throws {
    let start = position
    if peek() == UInt8(ascii: "-") { position += 1 }
    let integer = skipDigits()
    let hasLeadingZero = integer > 1 && line[position - integer] == UInt8(ascii: "0")
    guard integer > 0, !hasLeadingZero else {
      position = start
      throw malformed("a JSON value expected")
    }
    if peek() == UInt8(ascii: ".") {
      position += 1
      guard skipDigits() > 0 else { throw malformed("digits expected after the point") }
    }
    if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
      position += 1
      if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { position += 1 }
      guard skipDigits() > 0 else { throw malformed("digits expected in the exponent") }
    }
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = peek(), (0x30...0x39).contains(byte) { position += 1 }
    return position - start
  }

  // MARK: Strings

  private mutating func readString() throws {
    var ignored: [UInt8] = []
    try readString(into: &ignored)
  }

  private mutating func readString(into text: inout [UInt8]) throws {
    position += 1
    while true {
      let start = position
      while position < line.count, line[position] != 0x22, line[position] != 0x5C, line[position] >= 0x20 {
        position += 1
      }
      text.append(contentsOf: line[start..<position])
      guard let byte = peek() else { throw malformed("the line ends inside a string") }
      if byte < 0x20 { throw malformed("an unescaped control character in a string") }
      position += 1
      if byte == 0x22 { return }
      try readEscape(into: &text)
    }
  }

  private mutating func readEscape(into text: inout [UInt8]) throws {
    guard let byte = peek() else { throw malformed("the line ends inside a string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var value = try readHex()
      if (0xD800...0xDBFF).contains(value), peek() == 0x5C, position + 1 < line.count, line[position + 1] == 0x75 {
        let mark = position
        position += 2
        let low = try readHex()
        if (0xDC00...0xDFFF).contains(low) {
          value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        } else {
          position = mark
        }
      }
      guard let scalar = Unicode.Scalar(value) else {
        throw malformed("\\u\(String(value, radix: 16)) is half of a surrogate pair, which is no character")
      }
      text.append(contentsOf: String(scalar).utf8)
    default:
      position -= 1
      throw malformed("an unknown escape in a string")
    }
  }

  private mutating func readHex() throws -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw malformed("four hexadecimal digits expected after \\u")
      }
      value = value << 4 | UInt32(digit)
      position += 1
    }
    return value
  }

  // MARK: Bytes

  private func peek() -> UInt8? { position < line.count ? line[position] : nil }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A { position += 1 }
  }

  private mutating func expect(_ text: StaticString) throws {
    let matches = text.withUTF8Buffer { wanted in
      position + wanted.count <= line.count && line[position..<position + wanted.count].elementsEqual(wanted)
    }
    guard matches else { throw malformed("\(text) expected") }
    position += text.utf8CodeUnitCount
  }

  private func malformed(_ message: String) -> Failure { .malformed(message, offset: position) }
}
