import JobKit

// The YAML library hashes keys to find doubled ones. A key that is a collection of aliases of aliases would be hashed
// in full, which can take for ever ("billion laughs"); values are only shared, and bounded where they are expanded. So
// files that use many aliases must not have collections as keys; no job file needs either.

let aliasCountMax = 500

func refuseAliasBombs(_ text: String, file: String) throws {
  var scan = TokenScan()
  for byte in text.utf8 { scan.read(byte) }
  let position = SpecPosition(file: file, line: scan.suspectLine ?? 1, column: 1)
  if scan.aliasCount > aliasCountMax {
    throw SpecError(
      position: nil, path: "", problem: "\(file): more than \(aliasCountMax) aliases (`*name`)",
      remedy: "Write the values out")
  }
  if scan.aliasCount > 0, scan.suspectLine != nil {
    throw SpecError(
      position: position, path: "", problem: "a list, mapping or alias as a key, in a file with aliases",
      remedy: "Write `key: value`"
        + (file.hasSuffix(".yaml") || file.hasSuffix(".yml") ? "" : "; or is this no job file?"))
  }
}

/// Finds aliases and keys that are no words, outside of comments and quotes. It errs on the side of finding too many.
private struct TokenScan {
  private enum Mode {
    case plain
    case comment
    case single
    case double
    case escape
  }

  var aliasCount = 0
  var suspectLine: Int?
  private var mode = Mode.plain
  private var line = 1
  /// Whether a token may begin here: at the line's start, after an indicator or a blank.
  private var atTokenStart = true
  private var inAlias = false
  /// What ended last, for a `:` that would make it a key.
  private var keyCandidate = false
  private var afterColonOfCandidate = false
  private var afterQuestionMark = false

  mutating func read(_ byte: UInt8) {
    let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    switch mode {
    case .comment: if byte == UInt8(ascii: "\n") { mode = .plain }
    case .single: if byte == UInt8(ascii: "'") { mode = .plain }
    case .escape: mode = .double
    case .double:
      if byte == UInt8(ascii: "\\") { mode = .escape } else if byte == UInt8(ascii: "\"") { mode = .plain }
    case .plain: readPlain(byte, isBlank: isBlank)
    }
    if byte == UInt8(ascii: "\n") {
      line += 1
      atTokenStart = true
    }
  }

  private mutating func readPlain(_ byte: UInt8, isBlank: Bool) {
    if isBlank || ",]}".utf8.contains(byte) {
      if afterColonOfCandidate || (afterQuestionMark && isBlank) { suspectLine = suspectLine ?? line }
    }
    (afterColonOfCandidate, afterQuestionMark) = (false, false)
    if inAlias, isBlank || ",]}:".utf8.contains(byte) {
      inAlias = false
      keyCandidate = true
    }
    switch byte {
    case UInt8(ascii: "#") where atTokenStart: mode = .comment
    case UInt8(ascii: "'") where atTokenStart: mode = .single
    case UInt8(ascii: "\"") where atTokenStart: mode = .double
    case UInt8(ascii: "*") where atTokenStart:
      aliasCount += 1
      inAlias = true
    case UInt8(ascii: "?") where atTokenStart: afterQuestionMark = true
    case UInt8(ascii: "]"), UInt8(ascii: "}"): keyCandidate = true
    case UInt8(ascii: ":"):
      afterColonOfCandidate = keyCandidate
      keyCandidate = false
    case _ where isBlank: break
    default: if !inAlias { keyCandidate = false }
    }
    atTokenStart = isBlank || "[{,:-?".utf8.contains(byte)
  }
}
