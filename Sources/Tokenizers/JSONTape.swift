import Metering

/// A JSON file (RFC 8259) as a flat list of its values, sixteen bytes each, in the order of the file. A tokenizer.json
/// holds half a million strings of which most are looked at once: a tree of dictionaries would take a second and hide
/// repeated keys. Text stays in the file until it is asked for.
///
/// An object is followed by its keys and values in turn, an array by its elements; `end` is the entry after the last.
struct JSONTape {
  enum Kind: UInt8 {
    case object, array, string, number, boolean, null

    var name: String {
      switch self {
      case .object: "an object"
      case .array: "an array"
      case .string: "a string"
      case .number: "a number"
      case .boolean: "true or false"
      case .null: "null"
      }
    }
  }

  struct Entry {
    /// First byte of the value; of a string, the one after the quote.
    var start: Int32
    /// Bytes of a string without quotes, of a number, true or false.
    var count: Int32
    var end: Int32
    var kind: Kind
    var hasEscapes: Bool
  }

  enum Limit {
    static let fileBytesMax = 512 << 20
    static let depthMax = 64
  }

  let file: [UInt8]
  let entries: [Entry]

  /// - Throws: `TokenizerError` with the offset at which the file stops being JSON.
  init(parsing file: [UInt8]) throws {
    guard file.count <= Limit.fileBytesMax else {
      throw TokenizerError(.malformed, "\(file.count) bytes; at most \(Limit.fileBytesMax) expected")
    }
    self.file = file
    entries = try file.withUnsafeBufferPointer { bytes in
      var parser = JSONTapeParser(bytes: bytes)
      defer {
        ReadMeter.current?.stepped(parser.position)
        ReadMeter.current?.allocated(parser.entries.count * MemoryLayout<Entry>.stride)
      }
      try parser.parse()
      return parser.entries
    }
  }

  /// The string's UTF-8 bytes, escapes resolved.
  func appendString(_ entry: Entry, to output: inout [UInt8]) {
    precondition(entry.kind == .string)
    let range = Int(entry.start)..<Int(entry.start) + Int(entry.count)
    guard entry.hasEscapes else {
      output.append(contentsOf: file[range])
      return
    }
    file.withUnsafeBufferPointer { bytes in
      var position = range.lowerBound
      while position < range.upperBound {
        if bytes[position] == 0x5C {
          guard let (scalar, count) = JSONTapeParser.escape(bytes, position, range.upperBound) else {
            preconditionFailure("escapes were checked by the parser")
          }
          output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
          position += count
        } else {
          output.append(bytes[position])
          position += 1
        }
      }
    }
  }
}

/// Fills a `JSONTape`. Every byte is looked at once.
struct JSONTapeParser {
  let bytes: UnsafeBufferPointer<UInt8>
  private(set) var entries: [JSONTape.Entry] = []
  private(set) var position = 0

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func parse() throws {
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
    skipSpace()
    try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw malformed("something follows the JSON value") }
  }

  private mutating func value(depth: Int) throws {
    guard depth <= JSONTape.Limit.depthMax else { throw malformed("nested deeper than \(JSONTape.Limit.depthMax)") }
    guard position < bytes.count else { throw malformed("the file ends where a JSON value is expected") }
    switch bytes[position] {
    case UInt8(ascii: "{"): try items(.object, closing: UInt8(ascii: "}"), depth: depth)
    case UInt8(ascii: "["): try items(.array, closing: UInt8(ascii: "]"), depth: depth)
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "t"): try word("true", .boolean)
    case UInt8(ascii: "f"): try word("false", .boolean)
    case UInt8(ascii: "n"): try word("null", .null)
    default: try number()
    }
  }

  private mutating func items(_ kind: JSONTape.Kind, closing: UInt8, depth: Int) throws {
    let own = entries.count
    append(kind, start: position, count: 0)
    position += 1
    skipSpace()
    if position < bytes.count, bytes[position] == closing {
      position += 1
    } else {
      while true {
        if kind == .object {
          guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            throw malformed("a field name in quotes expected")
          }
          try string()
          skipSpace()
          guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw malformed("\":\" expected") }
          position += 1
          skipSpace()
        }
        try value(depth: depth + 1)
        skipSpace()
        guard position < bytes.count else { throw malformed("the file ends inside \(kind.name)") }
        if bytes[position] == UInt8(ascii: ",") {
          position += 1
          skipSpace()
          continue
        }
        guard bytes[position] == closing else {
          throw malformed("\",\" or \"\(Character(Unicode.Scalar(closing)))\" expected")
        }
        position += 1
        break
      }
    }
    entries[own].end = Int32(entries.count)
  }

  private mutating func string() throws {
    position += 1
    let start = position
    var hasEscapes = false
    while position < bytes.count {
      let byte = bytes[position]
      if byte == 0x22 {
        append(.string, start: start, count: position - start, hasEscapes: hasEscapes)
        position += 1
        return
      }
      if byte == 0x5C {
        guard let (_, count) = Self.escape(bytes, position, bytes.count) else {
          throw malformed("an escape that is no character (half of a surrogate pair, or none of JSON's)")
        }
        hasEscapes = true
        position += count
      } else if byte >= 0x80 {
        let count = UTF8Scan.scalarLength(.init(rebasing: bytes[position...]))
        guard count > 0 else { throw malformed("not UTF-8") }
        position += count
      } else {
        guard byte >= 0x20 else { throw malformed("an unescaped control character in a string") }
        position += 1
      }
    }
    throw malformed("the file ends inside a string")
  }

  /// The character that the escape at `position` stands for and the escape's length; nil if it stands for none.
  static func escape(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int, _ end: Int) -> (Unicode.Scalar, Int)? {
    guard position + 1 < end else { return nil }
    switch bytes[position + 1] {
    case UInt8(ascii: "\""): return ("\"", 2)
    case UInt8(ascii: "\\"): return ("\\", 2)
    case UInt8(ascii: "/"): return ("/", 2)
    case UInt8(ascii: "b"): return ("\u{8}", 2)
    case UInt8(ascii: "f"): return ("\u{C}", 2)
    case UInt8(ascii: "n"): return ("\n", 2)
    case UInt8(ascii: "r"): return ("\r", 2)
    case UInt8(ascii: "t"): return ("\t", 2)
    case UInt8(ascii: "u"):
      guard let high = hexadecimal(bytes, position + 2, end) else { return nil }
      guard (0xD800...0xDBFF).contains(high) else { return Unicode.Scalar(high).map { ($0, 6) } }
      guard position + 7 < end, bytes[position + 6] == 0x5C, bytes[position + 7] == UInt8(ascii: "u"),
        let low = hexadecimal(bytes, position + 8, end), (0xDC00...0xDFFF).contains(low)
      else { return nil }
      return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)).map { ($0, 12) }
    default: return nil
    }
  }

  private static func hexadecimal(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> UInt32? {
    guard start + 4 <= end else { return nil }
    var value: UInt32 = 0
    for byte in bytes[start..<start + 4] {
      switch byte {
      case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
      case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
      case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
      default: return nil
      }
    }
    return value
  }

  private mutating func number() throws {
    let start = position
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
    let integer = digits()
    guard integer > 0, integer == 1 || bytes[position - integer] != UInt8(ascii: "0") else {
      position = start
      throw malformed("a JSON value expected")
    }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      guard digits() > 0 else { throw malformed("digits expected after the point") }
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < bytes.count, bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-") {
        position += 1
      }
      guard digits() > 0 else { throw malformed("digits expected in the exponent") }
    }
    append(.number, start: start, count: position - start)
  }

  private mutating func digits() -> Int {
    let start = position
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
    return position - start
  }

  private mutating func word(_ text: StaticString, _ kind: JSONTape.Kind) throws {
    let count = text.utf8CodeUnitCount
    let matches = text.withUTF8Buffer { wanted in
      position + count <= bytes.count && bytes[position..<position + count].elementsEqual(wanted)
    }
    guard matches else { throw malformed("\(text) expected") }
    append(kind, start: position, count: count)
    position += count
  }

  private mutating func append(_ kind: JSONTape.Kind, start: Int, count: Int, hasEscapes: Bool = false) {
    entries.append(
      JSONTape.Entry(
        start: Int32(start), count: Int32(count), end: Int32(entries.count + 1), kind: kind, hasEscapes: hasEscapes))
  }

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  private func malformed(_ message: String) -> TokenizerError {
    TokenizerError(.malformed, "not JSON: " + message, offset: position)
  }
}
