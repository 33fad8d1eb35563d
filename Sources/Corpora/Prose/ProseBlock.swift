/// What counts as prose in a manual that is half tables and commands.
public struct ProseRule: Sendable, Equatable {
  /// Characters other than white space that a block must have.
  public var blockCharactersMin: Int
  /// The share of letters (of any script) in them: commands, file lists and drawings have fewer.
  public var letterShareMin: Double
  /// The share of Han characters in them; 0 for languages that are not written in them.
  public var hanShareMin: Double
  /// Characters other than white space that a document must have.
  public var documentCharactersMin: Int

  public init(
    blockCharactersMin: Int = 20, letterShareMin: Double = 0.6, hanShareMin: Double = 0, documentCharactersMin: Int = 80
  ) {
    self.blockCharactersMin = blockCharactersMin
    self.letterShareMin = letterShareMin
    self.hanShareMin = hanShareMin
    self.documentCharactersMin = documentCharactersMin
  }

  enum Verdict: Equatable { case prose, tooShort, fewLetters, otherLanguage }

  func judge(_ block: String) -> Verdict {
    var characters = 0
    var letters = 0
    var han = 0
    for scalar in block.unicodeScalars where !scalar.properties.isWhitespace {
      characters += 1
      if scalar.properties.isAlphabetic { letters += 1 }
      if scalar.isHan { han += 1 }
    }
    if characters < max(1, blockCharactersMin) { return .tooShort }
    if Double(han) < hanShareMin * Double(characters) { return .otherLanguage }
    if Double(letters) < letterShareMin * Double(characters) { return .fewLetters }
    return .prose
  }

  static func characterCount(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + ($1.properties.isWhitespace ? 0 : 1) }
  }
}

/// Text as prose has it: runs of white space are one space; what was printed over itself (`_` backspace `w`, as in
/// fortune files) is what stands last; other control characters go. Where a line was broken between two characters of
/// scripts that write no spaces, nothing takes the break's place.
enum ProseText {
  static func normalized(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var pendingSpace = false
    var pendingBreak = false
    for scalar in text.unicodeScalars {
      if scalar.properties.isWhitespace {
        pendingSpace = true
        if scalar == "\n" || scalar == "\r" { pendingBreak = true }
        continue
      }
      if scalar == "\u{8}" {
        if !result.isEmpty, !pendingSpace { result.removeLast() }
        continue
      }
      if scalar.properties.generalCategory == .control { continue }
      if pendingSpace, let last = result.last, !(pendingBreak && last.isUnspaced && scalar.isUnspaced) {
        result.append(" ")
      }
      (pendingSpace, pendingBreak) = (false, false)
      result.append(scalar)
    }
    return String(result)
  }
}

extension Unicode.Scalar {
  /// Ideographs of all planes (Unicode 15, blocks CJK Unified Ideographs with extensions A to H, and compatibility).
  var isHan: Bool {
    switch value {
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF: true
    default: false
    }
  }

  /// Written without spaces between words: ideographs, kana, and the punctuation and full-width forms that go with
  /// them.
  var isUnspaced: Bool {
    isHan || (0x3000...0x30FF).contains(value) || (0xFF00...0xFF65).contains(value)
  }
}
