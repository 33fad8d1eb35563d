/// Hashes of the 13-grams of a text's words, by which overlap between training and validation text is measured.
///
/// A word is a run of letters and digits, in lower case; each CJK ideograph and each kana is a word of its own. Letters
/// are, by a fixed table and so independent of any Unicode version: ASCII letters and digits, and every scalar from
/// U+00AA on outside the blocks of punctuation, symbols, spaces, private use and emoji listed in `isSeparator`. Lower
/// case folds ASCII, Latin-1, Greek, Cyrillic and full-width Latin. A text of fewer than 13 words has no 13-gram.
struct WordGrams {
  static let words = 13

  private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15
  /// base^13: what the word leaving the window was multiplied by.
  private static let leaving = (0..<words).reduce(UInt64(1)) { power, _ in power &* base }

  private var window = [UInt64](repeating: 0, count: words)
  private var rolling: UInt64 = 0
  private var wordCount = 0
  private var grams: [UInt64] = []

  /// The sorted, unique hashes. Precondition: the text is well-formed UTF-8.
  mutating func hashes(of text: UnsafeBufferPointer<UInt8>) -> [UInt64] {
    rolling = 0
    wordCount = 0
    grams.removeAll(keepingCapacity: true)
    for index in window.indices { window[index] = 0 }
    var word: UInt64 = 0
    var position = 0
    while position < text.count {
      let (scalar, count) = Self.scalar(text, position)
      position += count
      if Self.isWordByItself(scalar) {
        end(&word)
        word = Self.mix(UInt64(scalar) | 1 << 32)
        end(&word)
      } else if Self.isSeparator(scalar) {
        end(&word)
      } else {
        word = (word ^ UInt64(Self.lowercase(scalar)) &+ 1) &* 0x0000_0100_0000_01B3 &+ 0xCBF2_9CE4_8422_2325
      }
    }
    end(&word)
    grams.sort()
    var unique: [UInt64] = []
    unique.reserveCapacity(grams.count)
    for gram in grams where gram != unique.last { unique.append(gram) }
    return unique
  }

  private mutating func end(_ word: inout UInt64) {
    guard word != 0 else { return }
    let hash = Self.mix(word)
    word = 0
    let slot = wordCount % Self.words
    rolling = rolling &* Self.base &+ hash &- window[slot] &* Self.leaving
    window[slot] = hash
    wordCount += 1
    if wordCount >= Self.words { grams.append(Self.mix(rolling)) }
  }

  private static func isWordByItself(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x3041...0x30FF, 0x31F0...0x31FF: true  // kana
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x2_0000...0x3_FFFF: true  // ideographs
    default: false
    }
  }

  private static func isSeparator(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0xAA, 0xB5, 0xBA: false
    case 0..<0xC0, 0xD7, 0xF7: true
    case 0x2000...0x206F, 0x20A0...0x20CF, 0x2190...0x2BFF, 0x2E00...0x2E7F: true
    case 0x3000...0x3004, 0x3008...0x3020, 0x3030, 0x303D...0x303F, 0xD800...0xF8FF: true
    case 0xFE00...0xFE6F, 0xFEFF, 0xFF00...0xFF0F, 0xFF1A...0xFF20, 0xFF3B...0xFF40, 0xFF5B...0xFF65: true
    case 0xFFE0...0xFFFF, 0x1_F000...0x1_FAFF, 0xE_0000...0x10_FFFF: true
    default: false
    }
  }

  private static func lowercase(_ scalar: UInt32) -> UInt32 {
    switch scalar {
    case 0x41...0x5A, 0xC0...0xD6, 0xD8...0xDE, 0x391...0x3A9, 0x410...0x42F, 0xFF21...0xFF3A: scalar + 32
    case 0x400...0x40F: scalar + 80
    default: scalar
    }
  }

  private static func scalar(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> (UInt32, Int) {
    let first = UInt32(text[position])
    if first < 0x80 { return (first, 1) }
    let second = UInt32(text[position + 1] & 0x3F)
    if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
    let third = UInt32(text[position + 2] & 0x3F)
    if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
    return ((first & 0x07) << 18 | second << 12 | third << 6 | UInt32(text[position + 3] & 0x3F), 4)
  }

  private static func mix(_ value: UInt64) -> UInt64 { SplitMix64.mix(value) }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64-bit numbers that scatters them.
enum SplitMix64 {
  @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
