/// SentencePiece's normalization with the identity character map: spaces become U+2581 and are collapsed or not, a
/// space is put in front or not. Only U+0020 counts as a space here, as in SentencePiece (src/normalizer.cc).
struct TextNormalizer: Sendable {
  let addsDummyPrefix: Bool
  let removesExtraWhitespace: Bool
  let escapesWhitespace: Bool
  let userDefined: UserDefinedSymbols

  /// U+2581, LOWER ONE EIGHTH BLOCK.
  static let spaceSymbol: [UInt8] = [0xE2, 0x96, 0x81]
  private static let replacementCharacter: [UInt8] = [0xEF, 0xBF, 0xBD]

  /// Replaces `output` by the normalized text, which is always well-formed UTF-8.
  func normalize(_ input: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
    output.removeAll(keepingCapacity: true)
    var position = 0
    if removesExtraWhitespace {
      // A user-defined symbol that starts with a space is not leading space, unless it is exactly one.
      while position < input.count, input[position] == 0x20 {
        if let match = userDefined.longestPrefix(of: .init(rebasing: input[position...])), match.count > 1 { break }
        position += 1
      }
    }
    guard position < input.count else { return }
    output.reserveCapacity(input.count + input.count / 4 + 8)
    if addsDummyPrefix { appendSpace(to: &output) }

    var previousIsSpace = removesExtraWhitespace
    while position < input.count {
      let rest = UnsafeBufferPointer(rebasing: input[position...])
      if let match = userDefined.longestPrefix(of: rest) {
        append(.init(rebasing: rest[..<match.count]), to: &output, previousIsSpace: &previousIsSpace)
        position += match.count
      } else if rest[0] < 0x80 {
        if rest[0] == 0x20 {
          if !previousIsSpace { appendSpace(to: &output) }
          previousIsSpace = removesExtraWhitespace
        } else {
          output.append(rest[0])
          previousIsSpace = false
        }
        position += 1
      } else {
        let count = UTF8Scan.scalarLength(rest)
        if count == 0 {
          output.append(contentsOf: Self.replacementCharacter)
          position += 1
        } else {
          for index in 0..<count { output.append(rest[index]) }
          position += count
        }
        previousIsSpace = false
      }
    }

    if removesExtraWhitespace {
      let space = escapesWhitespace ? Self.spaceSymbol : [0x20]
      while output.count >= space.count, output.suffix(space.count).elementsEqual(space) {
        output.removeLast(space.count)
      }
    }
  }

  /// A user-defined symbol: its leading spaces are collapsed like any others, and its inner ones are escaped.
  private func append(
    _ symbol: UnsafeBufferPointer<UInt8>, to output: inout [UInt8], previousIsSpace: inout Bool
  ) {
    var start = 0
    if previousIsSpace {
      while start < symbol.count, symbol[start] == 0x20 { start += 1 }
    }
    guard start < symbol.count else { return }
    for byte in symbol[start...] {
      if byte == 0x20 { appendSpace(to: &output) } else { output.append(byte) }
    }
    previousIsSpace = removesExtraWhitespace && symbol[symbol.count - 1] == 0x20
  }

  @inline(__always)
  private func appendSpace(to output: inout [UInt8]) {
    if escapesWhitespace {
      output.append(0xE2)
      output.append(0x96)
      output.append(0x81)
    } else {
      output.append(0x20)
    }
  }
}

/// Well-formedness of UTF-8, by table 3-7 of the Unicode standard.
enum UTF8Scan {
  /// Bytes of the scalar at the start of the text, or 0 if it is malformed or cut off.
  @inline(__always)
  static func scalarLength(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    guard let first = text.first else { return 0 }
    if first < 0x80 { return 1 }
    let count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    guard first >= 0xC2, first <= 0xF4, text.count >= count else { return 0 }
    for index in 1..<count where text[index] & 0xC0 != 0x80 { return 0 }
    // Overlong forms, surrogates, and what lies beyond U+10FFFF.
    switch first {
    case 0xE0: return text[1] >= 0xA0 ? 3 : 0
    case 0xED: return text[1] < 0xA0 ? 3 : 0
    case 0xF0: return text[1] >= 0x90 ? 4 : 0
    case 0xF4: return text[1] < 0x90 ? 4 : 0
    default: return count
    }
  }

  /// The scalar at `position` and its length in bytes. Precondition: the text is well-formed UTF-8.
  @inline(__always)
  static func scalar(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> (value: UInt32, count: Int) {
    let first = UInt32(text[position])
    if first < 0x80 { return (first, 1) }
    let second = UInt32(text[position + 1] & 0x3F)
    if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
    let third = UInt32(text[position + 2] & 0x3F)
    if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
    return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(text[position + 3] & 0x3F), 4)
  }
}
