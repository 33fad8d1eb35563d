/// A piece of a template's source.
enum Piece: Sendable {
  case text(String, line: Int)
  case output([Token], line: Int)
  case block([Token], line: Int)
}

struct Token: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case name(String)
    case integer(Int)
    case float(Double)
    case string(String)
    /// Punctuation, as it is written.
    case sign(String)
    case end
  }
  let kind: Kind
  let line: Int
}

/// Cuts a source into text, outputs and blocks, and these into tokens, with Jinja's rules for whitespace: `-` takes
/// all whitespace on its side, `+` takes none, `trim_blocks` the newline after a block or comment, `lstrip_blocks`
/// the blanks before one that begins its line.
struct Lexer {
  private let source: [UInt8]
  private let options: TemplateOptions
  private var place = 0
  private var line = 1
  /// The place follows a newline, or begins the source.
  private var isLineStart = true
  private var pieces: [Piece] = []

  static func pieces(of source: String, _ options: TemplateOptions) throws(TemplateError) -> [Piece] {
    var lexer = Lexer(source, options)
    return try lexer.run()
  }

  private init(_ text: String, _ options: TemplateOptions) {
    // As Jinja: all line ends become \n, and one at the end goes.
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var previous: UInt8 = 0
    for byte in text.utf8 {
      if byte == 10, previous == 13 {
        previous = byte
        continue
      }
      bytes.append(byte == 13 ? 10 : byte)
      previous = byte
    }
    if !options.keepTrailingNewline, bytes.last == 10 { bytes.removeLast() }
    source = bytes
    self.options = options
  }

  private mutating func run() throws(TemplateError) -> [Piece] {
    while place < source.count {
      guard let tag = nextTag() else {
        emitText(source[place...])
        break
      }
      let opening = source[tag + 1]
      let sign = tag + 2 < source.count ? source[tag + 2] : 0
      var text = source[place..<tag]
      if sign == UInt8(ascii: "-") {
        text = strippedEnd(text)
      } else if sign != UInt8(ascii: "+"), options.lstripBlocks, opening != UInt8(ascii: "{") {
        text = withoutIndentation(text)
      }
      emitText(text)
      line += source[(place + text.count)..<tag].count { $0 == 10 }
      place = tag + 2
      if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+"),
        opening != UInt8(ascii: "{") || sign == UInt8(ascii: "-")
      {
        place += 1
      }
      isLineStart = false
      switch opening {
      case UInt8(ascii: "#"): try skipComment()
      case UInt8(ascii: "{"):
        let start = line
        pieces.append(.output(try tokens(closing: "}}", isBlock: false), line: start))
      default:
        let start = line
        let tokens = try tokens(closing: "%}", isBlock: true)
        if tokens.first?.kind == .name("raw") { try readRaw(start) } else { pieces.append(.block(tokens, line: start)) }
      }
    }
    return pieces
  }

  /// Where the next `{{`, `{%` or `{#` stands.
  private func nextTag() -> Int? {
    var index = place
    while index + 1 < source.count {
      if source[index] == UInt8(ascii: "{"),
        [UInt8(ascii: "{"), UInt8(ascii: "%"), UInt8(ascii: "#")].contains(source[index + 1])
      {
        return index
      }
      index += 1
    }
    return nil
  }

  private mutating func emitText(_ text: ArraySlice<UInt8>) {
    if !text.isEmpty { pieces.append(.text(String(decoding: text, as: UTF8.self), line: line)) }
    line += text.count { $0 == 10 }
  }

  private func strippedEnd(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let kept = String(decoding: text, as: UTF8.self).pythonStripped(leading: false)
    return text.prefix(kept.utf8.count)
  }

  /// Without blanks after the last newline, when there is nothing else before the tag on its line.
  private func withoutIndentation(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let newline = text.lastIndex(of: 10)
    guard newline != nil || isLineStart else { return text }
    let start = newline.map { $0 + 1 } ?? text.startIndex
    let blanks = String(decoding: text[start...], as: UTF8.self)
    return blanks.unicodeScalars.allSatisfy(\.isPythonSpace) ? text[..<start] : text
  }

  /// After a closing tag: whitespace that goes with it.
  private mutating func finishTag(strips: Bool, keeps: Bool, isBlock: Bool) {
    let from = place
    if strips {
      let rest = String(decoding: source[place...], as: UTF8.self)
      place += rest.utf8.count - rest.pythonStripped(trailing: false).utf8.count
    } else if isBlock, options.trimBlocks, !keeps, place < source.count, source[place] == 10 {
      place += 1
    }
    line += source[from..<place].count { $0 == 10 }
    isLineStart = place > from && source[place - 1] == 10
  }

  private mutating func skipComment() throws(TemplateError) {
    let start = line
    var index = place
    while index + 1 < source.count, !(source[index] == UInt8(ascii: "#") && source[index + 1] == UInt8(ascii: "}")) {
      if source[index] == 10 { line += 1 }
      index += 1
    }
    guard index + 1 < source.count else { throw TemplateError(.syntax, line: start, "a comment `{#` is never closed") }
    let before = index > place ? source[index - 1] : 0
    place = index + 2
    finishTag(strips: before == UInt8(ascii: "-"), keeps: before == UInt8(ascii: "+"), isBlock: true)
  }

  /// `{% raw %}`: everything up to `{% endraw %}` is text.
  private mutating func readRaw(_ start: Int) throws(TemplateError) {
    var index = place
    while let tag = blockStart(from: index) {
      var inside = tag + 2
      let opening = inside < source.count ? source[inside] : 0
      if opening == UInt8(ascii: "-") || opening == UInt8(ascii: "+") { inside += 1 }
      while inside < source.count, source[inside] == 32 || source[inside] == 10 || source[inside] == 9 { inside += 1 }
      if source[inside...].starts(with: "endraw".utf8) {
        var text = source[place..<tag]
        if opening == UInt8(ascii: "-") {
          text = strippedEnd(text)
        } else if opening != UInt8(ascii: "+"), options.lstripBlocks {
          text = withoutIndentation(text)
        }
        emitText(text)
        line += source[(place + text.count)..<tag].count { $0 == 10 }
        place = inside + 6
        let rest = try tokens(closing: "%}", isBlock: true)
        guard rest.count == 1 else { throw TemplateError(.syntax, line: line, "`endraw` takes nothing") }
        return
      }
      index = tag + 2
    }
    throw TemplateError(.syntax, line: start, "`raw` is never closed by `endraw`")
  }

  private func blockStart(from start: Int) -> Int? {
    var index = start
    while index + 1 < source.count {
      if source[index] == UInt8(ascii: "{"), source[index + 1] == UInt8(ascii: "%") { return index }
      index += 1
    }
    return nil
  }

  // MARK: Tokens

  private mutating func tokens(closing: String, isBlock: Bool) throws(TemplateError) -> [Token] {
    let start = line
    let close = Array(closing.utf8)
    var tokens: [Token] = []
    var brackets: [UInt8] = []
    while place < source.count {
      let byte = source[place]
      if byte == 10 { line += 1 }
      if byte == 32 || byte == 9 || byte == 10 || byte == 11 || byte == 12 {
        place += 1
        continue
      }
      if brackets.isEmpty {
        let sign = byte == UInt8(ascii: "-") || (isBlock && byte == UInt8(ascii: "+"))
        if source[place...].starts(with: close) {
          place += 2
          tokens.append(Token(kind: .end, line: line))
          finishTag(strips: false, keeps: false, isBlock: isBlock)
          return tokens
        }
        if sign, source[(place + 1)...].starts(with: close) {
          place += 3
          tokens.append(Token(kind: .end, line: line))
          finishTag(strips: byte == UInt8(ascii: "-"), keeps: byte == UInt8(ascii: "+"), isBlock: isBlock)
          return tokens
        }
      }
      tokens.append(try token(&brackets))
    }
    throw TemplateError(.syntax, line: start, "a tag is never closed by `\(closing)`")
  }

  private mutating func token(_ brackets: inout [UInt8]) throws(TemplateError) -> Token {
    let byte = source[place]
    let start = line
    if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
      return Token(kind: .string(try string(quote: byte)), line: start)
    }
    if byte >= 48, byte <= 57 { return Token(kind: try number(), line: start) }
    if byte == UInt8(ascii: "_") || isLetter(byte) {
      let from = place
      while place < source.count,
        source[place] == UInt8(ascii: "_") || isLetter(source[place]) || isDigit(source[place])
      {
        place += 1
      }
      return Token(kind: .name(String(decoding: source[from..<place], as: UTF8.self)), line: start)
    }
    for sign in ["//", "**", "==", "!=", "<=", ">="] where source[place...].starts(with: sign.utf8) {
      place += 2
      return Token(kind: .sign(sign), line: start)
    }
    guard "+-*/%~<>=.,:|()[]{};".utf8.contains(byte) else {
      let rest = String(decoding: source[place...].prefix(4), as: UTF8.self)
      throw TemplateError(.syntax, line: start, "unexpected character `\(rest.first.map(String.init) ?? "")`")
    }
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): brackets.append(byte)
    case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"):
      let opening: UInt8 = byte == UInt8(ascii: ")") ? UInt8(ascii: "(") : byte - 2
      guard brackets.popLast() == opening else {
        throw TemplateError(.syntax, line: start, "unexpected `\(Character(Unicode.Scalar(byte)))`")
      }
    default: break
    }
    place += 1
    return Token(kind: .sign(String(Character(Unicode.Scalar(byte)))), line: start)
  }

  private func isLetter(_ byte: UInt8) -> Bool {
    (65...90).contains(byte) || (97...122).contains(byte) || byte >= 0x80
  }

  private func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private mutating func number() throws(TemplateError) -> Token.Kind {
    let from = place
    func digits(_ allowed: (UInt8) -> Bool) {
      while place < source.count, allowed(source[place]) || (source[place] == UInt8(ascii: "_") && place > from) {
        place += 1
      }
    }
    let prefix = source[from...].prefix(2).map { $0 | 0x20 }
    if prefix.count == 2, prefix[0] == 48,
      let radix = [UInt8(ascii: "x"): 16, UInt8(ascii: "o"): 8, UInt8(ascii: "b"): 2][prefix[1]]
    {
      place += 2
      digits { isDigit($0) || (97...102).contains($0 | 0x20) }
      let text = String(decoding: source[(from + 2)..<place].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
      guard let value = Int(text, radix: radix) else {
        throw TemplateError(.syntax, line: line, "`\(text)` is no number")
      }
      return .integer(value)
    }
    digits(isDigit)
    var isFloat = false
    if place + 1 < source.count, source[place] == UInt8(ascii: "."), isDigit(source[place + 1]) {
      isFloat = true
      place += 1
      digits(isDigit)
    }
    if place < source.count, source[place] | 0x20 == UInt8(ascii: "e") {
      var after = place + 1
      if after < source.count, source[after] == UInt8(ascii: "+") || source[after] == UInt8(ascii: "-") { after += 1 }
      if after < source.count, isDigit(source[after]) {
        isFloat = true
        place = after
        digits(isDigit)
      }
    }
    let text = String(decoding: source[from..<place].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    if isFloat, let value = Double(text) { return .float(value) }
    guard let value = Int(text) else {
      throw TemplateError(.unsupported, line: line, "the number \(text) is too large")
    }
    return .integer(value)
  }

  private mutating func string(quote: UInt8) throws(TemplateError) -> String {
    let start = line
    place += 1
    var result: [UInt8] = []
    while place < source.count {
      let byte = source[place]
      place += 1
      switch byte {
      case quote: return String(decoding: result, as: UTF8.self)
      case UInt8(ascii: "\\"): result += try escape()
      default:
        if byte == 10 { line += 1 }
        result.append(byte)
      }
    }
    throw TemplateError(.syntax, line: start, "a string is never closed")
  }

  /// Python's escapes; an unknown one stays as it is written.
  private mutating func escape() throws(TemplateError) -> [UInt8] {
    guard place < source.count else { return [] }
    let byte = source[place]
    place += 1
    switch byte {
    case UInt8(ascii: "n"): return [10]
    case UInt8(ascii: "t"): return [9]
    case UInt8(ascii: "r"): return [13]
    case UInt8(ascii: "b"): return [8]
    case UInt8(ascii: "f"): return [12]
    case UInt8(ascii: "v"): return [11]
    case UInt8(ascii: "a"): return [7]
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): return [byte]
    case 10:
      line += 1
      return []
    case UInt8(ascii: "x"): return try scalar(digits: 2, radix: 16)
    case UInt8(ascii: "u"): return try scalar(digits: 4, radix: 16)
    case UInt8(ascii: "U"): return try scalar(digits: 8, radix: 16)
    case UInt8(ascii: "N"): throw TemplateError(.unsupported, line: line, "characters by name (`\\N{…}`) are not there")
    case 48...55:
      place -= 1
      var count = 1
      while count < 3, place + count < source.count, (48...55).contains(source[place + count]) { count += 1 }
      return try scalar(digits: count, radix: 8)
    default: return [UInt8(ascii: "\\"), byte]
    }
  }

  private mutating func scalar(digits: Int, radix: Int) throws(TemplateError) -> [UInt8] {
    let text = String(decoding: source[place...].prefix(digits), as: UTF8.self)
    guard text.utf8.count == digits, let value = UInt32(text, radix: radix), let scalar = Unicode.Scalar(value) else {
      throw TemplateError(.syntax, line: line, "`\(text)` is no code of a character")
    }
    place += digits
    return Array(String(Character(scalar)).utf8)
  }
}
