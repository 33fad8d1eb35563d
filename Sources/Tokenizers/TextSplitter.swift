/// Where a text is cut into words before byte pairs are merged.
enum SplittingRule: Hashable, Sendable {
  /// GPT-2: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  case gpt2
  /// First at every digit (or run of digits), then as GPT-2 within the parts: SmolLM, StarCoder.
  case gpt2AfterDigits(individual: Bool)
  /// Llama 3 (three digits at most) and Qwen2 (one):
  /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}`
  /// `| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
  case cl100k(digitsMax: Int)
  /// The whole text is one word.
  case whole
}

/// Cuts one text by a rule, as the regular expression would, without one: every alternative begins with a class of
/// characters that no earlier one accepts, so the class of the first character or two picks the alternative.
struct TextSplitter {
  let text: UnsafePointer<UInt8>
  let end: Int
  let rule: SplittingRule
  let classes = UnicodeClasses.shared

  private typealias Classes = UnicodeClasses

  /// End of the word that starts at `start`. Precondition: the text is UTF-8 and `start < end`.
  @inline(__always)
  func wordEnd(_ start: Int) -> Int {
    switch rule {
    case .gpt2: gpt2(start, boundary: 0)
    case .gpt2AfterDigits(let individual):
      classes(at: start).flags & Classes.digit == 0
        ? gpt2(start, boundary: Classes.digit) : digits(start, individual: individual)
    case .cl100k(let digitsMax): cl100k(start, digitsMax)
    case .whole: end
    }
  }

  @inline(__always)
  private func classes(at position: Int) -> (flags: UInt8, count: Int) {
    let first = text[position]
    if first < 0x80 { return (classes.flags(ascii: first), 1) }
    let second = UInt32(text[position + 1] & 0x3F)
    if first < 0xE0 { return (classes.flags(UInt32(first & 0x1F) << 6 | second), 2) }
    let third = UInt32(text[position + 2] & 0x3F)
    if first < 0xF0 { return (classes.flags(UInt32(first & 0x0F) << 12 | second << 6 | third), 3) }
    let fourth = UInt32(text[position + 3] & 0x3F)
    return (classes.flags(UInt32(first & 0x07) << 18 | second << 12 | third << 6 | fourth), 4)
  }

  /// End of the run of characters that have one of the flags.
  @inline(__always)
  private func run(_ start: Int, with flags: UInt8) -> Int {
    var position = start
    while position < end {
      let next = classes(at: position)
      if next.flags & flags == 0 { break }
      position += next.count
    }
    return position
  }

  @inline(__always)
  private func run(_ start: Int, without flags: UInt8) -> Int {
    var position = start
    while position < end {
      let next = classes(at: position)
      if next.flags & flags != 0 { break }
      position += next.count
    }
    return position
  }

  /// `boundary`: flags of what the text is cut at before this rule.
  @inline(__always)
  private func gpt2(_ start: Int, boundary: UInt8) -> Int {
    let first = text[start]
    if first == UInt8(ascii: "'"), let count = contraction(start, ignoringCase: false) { return start + count }
    var (flags, count) = classes(at: start)
    var position = start
    if first == 0x20, start + 1 < end {
      let next = classes(at: start + 1)
      if next.flags & (Classes.space | boundary) == 0 {
        position = start + 1
        (flags, count) = next
      }
    }
    if flags & Classes.letter != 0 { return run(position + count, with: Classes.letter) }
    if flags & Classes.number != 0 { return run(position + count, with: Classes.number) }
    if flags & Classes.space != 0 { return spaces(start, boundary: boundary) }
    return run(position + count, without: Classes.space | Classes.letter | Classes.number | boundary)
  }

  /// `\s+(?!\S)|\s+`: the last space is left to the word after it, unless it is the only one.
  @inline(__always)
  private func spaces(_ start: Int, boundary: UInt8) -> Int {
    var position = start
    var last = start
    while position < end {
      let next = classes(at: position)
      if next.flags & Classes.space == 0 {
        if next.flags & boundary != 0 { return position }
        return last == start ? position : last
      }
      last = position
      position += next.count
    }
    return position
  }

  /// A digit, or a run of digits cut by the GPT-2 rule: a digit that it does not know for a number is a symbol to it.
  private func digits(_ start: Int, individual: Bool) -> Int {
    let (flags, count) = classes(at: start)
    if individual { return start + count }
    var position = start + count
    while position < end {
      let next = classes(at: position)
      if next.flags & Classes.digit == 0 || next.flags & Classes.number != flags & Classes.number { break }
      position += next.count
    }
    return position
  }

  @inline(__always)
  private func cl100k(_ start: Int, _ digitsMax: Int) -> Int {
    let first = text[start]
    if first == UInt8(ascii: "'"), let count = contraction(start, ignoringCase: true) { return start + count }
    let (flags, count) = classes(at: start)
    if flags & Classes.letter != 0 { return run(start + count, with: Classes.letter) }
    if flags & Classes.number != 0 {
      var position = start + count
      var digits = 1
      while digits < digitsMax, position < end {
        let next = classes(at: position)
        if next.flags & Classes.number == 0 { break }
        position += next.count
        digits += 1
      }
      return position
    }
    var symbols = flags & Classes.space == 0 ? start + count : start
    if flags & Classes.lineEnd == 0, start + count < end {
      let next = classes(at: start + count)
      if next.flags & Classes.letter != 0 { return run(start + count + next.count, with: Classes.letter) }
      let isSymbol = next.flags & (Classes.space | Classes.letter | Classes.number) == 0
      if first == 0x20, isSymbol { symbols = start + count + next.count }
    }
    if symbols > start {
      symbols = run(symbols, without: Classes.space | Classes.letter | Classes.number)
      return run(symbols, with: Classes.lineEnd)
    }
    return spacesAndLineEnds(start)
  }

  /// `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line end of the run if it has one.
  @inline(__always)
  private func spacesAndLineEnds(_ start: Int) -> Int {
    var position = start
    var last = start
    var afterLineEnd = start
    while position < end {
      let next = classes(at: position)
      if next.flags & Classes.space == 0 {
        if afterLineEnd > start { return afterLineEnd }
        return last == start ? position : last
      }
      last = position
      position += next.count
      if next.flags & Classes.lineEnd != 0 { afterLineEnd = position }
    }
    return afterLineEnd > start ? afterLineEnd : position
  }

  /// Length of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll`, `'d`. Ignoring case, U+017F is an s as well: it is the only
  /// character beyond ASCII that folds to one of these letters.
  @inline(__always)
  private func contraction(_ start: Int, ignoringCase: Bool) -> Int? {
    guard start + 1 < end else { return nil }
    let fold: UInt8 = ignoringCase ? 0x20 : 0
    let second = text[start + 1]
    switch second | fold {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return start + 2 < end && text[start + 2] | fold == UInt8(ascii: "e") ? 3 : nil
    case UInt8(ascii: "l"): return start + 2 < end && text[start + 2] | fold == UInt8(ascii: "l") ? 3 : nil
    default:
      return ignoringCase && second == 0xC5 && start + 2 < end && text[start + 2] == 0xBF ? 3 : nil
    }
  }
}
