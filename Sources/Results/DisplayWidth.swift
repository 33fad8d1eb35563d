/// How many columns of a terminal the text takes: two for a wide character (UAX #11), none for a combining one.
public func displayWidth(_ text: String) -> Int { text.reduce(0) { $0 + width(of: $1) } }

private func width(of character: Character) -> Int {
  guard let first = character.unicodeScalars.first else { return 0 }
  if first.properties.generalCategory == .nonspacingMark || first.properties.generalCategory == .format { return 0 }
  let isEmojiStyle = character.unicodeScalars.contains { $0.value == 0xFE0F }
  return isEmojiStyle || wideRanges.contains { $0.contains(first.value) } ? 2 : 1
}

/// The wide and full-width blocks, from EastAsianWidth.txt, joined where only unassigned code points lie between.
private let wideRanges: [ClosedRange<UInt32>] = [
  0x1100...0x115F, 0x231A...0x231B, 0x23E9...0x23EC, 0x25FD...0x25FE, 0x2614...0x2615, 0x2648...0x2653, 0x26A1...0x26A1,
  0x2705...0x2705, 0x274C...0x274C, 0x2753...0x2755, 0x2795...0x2797, 0x2B1B...0x2B1C, 0x2E80...0x303E, 0x3041...0x33FF,
  0x3400...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
  0xFFE0...0xFFE6, 0x16FE0...0x18AFF, 0x1B000...0x1B2FF, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF,
  0x20000...0x3FFFD,
]

/// The text on one line, without control characters: names and reasons come from other hosts, and a terminal would act
/// on what they hold.
public func printable(_ text: String) -> String {
  String(
    String.UnicodeScalarView(
      text.unicodeScalars.map { scalar in
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: " "
        // Marks that turn the writing direction can make a line read as something else.
        case .format where (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value): " "
        default: scalar
        }
      }))
}
