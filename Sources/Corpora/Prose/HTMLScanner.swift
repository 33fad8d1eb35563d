/// Cuts HTML or XHTML into tags and text. It builds no tree and closes nothing by itself: what finds prose in manuals
/// needs to know where elements begin and end, and must not fall over pages that browsers read.
struct HTMLScanner {
  enum Token: Equatable {
    case text(String)
    /// `classes` are the words of the `class` attribute.
    case open(name: String, classes: [String], isClosed: Bool)
    case close(name: String)
  }

  /// Bytes of one tag with its attributes.
  static let tagBytesMax = 1 << 16

  private let bytes: [UInt8]
  private let file: String
  private var position = 0

  /// Precondition: the text is well-formed UTF-8. `file` is for messages.
  init(_ bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  /// Nil at the end.
  /// - Throws: `CorpusError.malformedHTML` for a tag or a comment that never ends: the file was cut.
  mutating func next() throws -> Token? {
    while position < bytes.count {
      guard bytes[position] == UInt8(ascii: "<"), startsMarkup(at: position + 1) else { return .text(text()) }
      if starts(with: "<!--") {
        position = try end(of: "-->", what: "comment")
      } else if bytes[position + 1] == UInt8(ascii: "!") || bytes[position + 1] == UInt8(ascii: "?") {
        position = try end(of: ">", what: "declaration")
      } else if let tag = try tag() {
        return tag
      }
    }
    return nil
  }

  /// Passes over the content of an element whose content is no markup (`script`, `style`).
  mutating func skipRaw(_ name: String) {
    let end = Array("</\(name)".utf8)
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "<"), position + end.count <= bytes.count,
        zip(bytes[position...], end).allSatisfy({ $0 == $1 || $0 | 0x20 == $1 })
      {
        return
      }
      position += 1
    }
  }

  private func startsMarkup(at index: Int) -> Bool {
    guard index < bytes.count else { return false }
    switch bytes[index] {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "/"),
      UInt8(ascii: "!"), UInt8(ascii: "?"):
      return true
    default: return false
    }
  }

  /// Up to the next `<` that begins markup; one that does not is text, too.
  private mutating func text() -> String {
    let start = position
    position += 1
    while position < bytes.count, !(bytes[position] == UInt8(ascii: "<") && startsMarkup(at: position + 1)) {
      position += 1
    }
    return HTMLEntities.decoded(String(decoding: bytes[start..<position], as: UTF8.self))
  }

  private func starts(with prefix: StaticString) -> Bool {
    let length = prefix.utf8CodeUnitCount
    return position + length <= bytes.count && (0..<length).allSatisfy { bytes[position + $0] == prefix.utf8Start[$0] }
  }

  private func end(of mark: StaticString, what: String) throws -> Int {
    let length = mark.utf8CodeUnitCount
    var index = position
    while index + length <= bytes.count {
      if (0..<length).allSatisfy({ bytes[index + $0] == mark.utf8Start[$0] }) { return index + length }
      index += 1
    }
    throw unended(what)
  }

  private func unended(_ what: String) -> CorpusError {
    CorpusError(
      .malformedHTML, "the \(what) that starts here never ends; the file is cut short, or it is not HTML", file: file,
      offset: position)
  }

  /// Nil for what only looked like a tag (`</>`).
  private mutating func tag() throws -> Token? {
    var index = position + 1
    let closes = bytes[index] == UInt8(ascii: "/")
    if closes { index += 1 }
    let nameStart = index
    while index < bytes.count, !isSpace(bytes[index]), bytes[index] != UInt8(ascii: ">"),
      bytes[index] != UInt8(ascii: "/")
    {
      index += 1
    }
    let name = String(decoding: bytes[nameStart..<index], as: UTF8.self).lowercased()
    let attributesStart = index
    var quote: UInt8 = 0
    while true {
      guard index < bytes.count, index - position < Self.tagBytesMax else { throw unended("tag") }
      let byte = bytes[index]
      if quote != 0 {
        if byte == quote { quote = 0 }
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        quote = byte
      } else if byte == UInt8(ascii: ">") {
        break
      }
      index += 1
    }
    let attributes = bytes[attributesStart..<index]
    position = index + 1
    guard !name.isEmpty else { return nil }
    if closes { return .close(name: name) }
    let isClosed = attributes.last == UInt8(ascii: "/")
    return .open(name: name, classes: classes(attributes), isClosed: isClosed)
  }

  private func classes(_ attributes: ArraySlice<UInt8>) -> [String] {
    let text = String(decoding: attributes, as: UTF8.self)
    for mark in [" class=\"", " class='"] {
      guard let start = range(of: mark, in: text) else { continue }
      let quote: Character = mark.last ?? "\""
      return text[start...].prefix { $0 != quote }.split { $0.isWhitespace }.map(String.init)
    }
    return []
  }

  /// Where the text after `mark` begins.
  private func range(of mark: String, in text: String) -> String.Index? {
    var rest = text[...]
    while !rest.isEmpty {
      if rest.hasPrefix(mark) { return rest.index(rest.startIndex, offsetBy: mark.count) }
      rest = rest.dropFirst()
    }
    return nil
  }

  private func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D || byte == 0x0C
  }
}

/// Character references: all numeric ones, and the named ones that manuals use. Unknown ones stay as they are.
enum HTMLEntities {
  private static let named: [Substring: String] = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "hellip": "…", "mdash": "—",
    "ndash": "–", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "copy": "©", "times": "×", "rarr": "→",
  ]

  /// The longest reference that is looked for, in characters.
  private static let lengthMax = 10

  static func decoded(_ text: String) -> String {
    guard text.contains("&") else { return text }
    var result = ""
    var rest = text[...]
    while let mark = rest.firstIndex(of: "&") {
      result += rest[..<mark]
      let after = rest[rest.index(after: mark)...]
      let window = after.prefix(lengthMax)
      if let end = window.firstIndex(of: ";"), let character = character(window[..<end]) {
        result += character
        rest = after[after.index(after: end)...]
      } else {
        result += "&"
        rest = after
      }
    }
    return result + rest
  }

  private static func character(_ name: Substring) -> String? {
    guard name.first == "#" else { return named[name] }
    let digits = name.dropFirst()
    let isHex = digits.first == "x" || digits.first == "X"
    guard let value = isHex ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits), value != 0 else { return nil }
    return Unicode.Scalar(value).map { String(Character($0)) }
  }
}
