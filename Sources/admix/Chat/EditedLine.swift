import Results

/// A line being typed: its characters and the cursor among them. No I/O: keys in, a picture out.
struct EditedLine: Equatable {
  enum Key: Equatable {
    case character(Character)
    case backspace, delete, left, right, home, end, up, down
    case wordLeft, wordRight
    case killToEnd, killToStart, killWord
    case enter, newLine, interrupt, endOfInput, redraw
    case other
  }

  enum Answer: Equatable {
    case editing
    /// The line is finished.
    case entered
    /// Ctrl-C.
    case interrupted
    /// Ctrl-D on an empty line.
    case closed
  }

  private(set) var characters: [Character] = []
  private(set) var cursor = 0
  private var history: [String]
  /// Which line of the history is shown; `history.count` is the one being typed.
  private var shown: Int
  private var draft = ""

  init(history: [String] = []) {
    self.history = history
    shown = history.count
  }

  var text: String { String(characters) }

  mutating func take(_ key: Key) -> Answer {
    switch key {
    case .character(let character): insert(character)
    case .newLine: insert("\n")
    case .enter: return .entered
    case .interrupt: return .interrupted
    case .endOfInput:
      if characters.isEmpty { return .closed }
      remove(cursor..<min(cursor + 1, characters.count))
    case .backspace: remove(max(0, cursor - 1)..<cursor)
    case .delete: remove(cursor..<min(cursor + 1, characters.count))
    case .left: cursor = max(0, cursor - 1)
    case .right: cursor = min(characters.count, cursor + 1)
    case .wordLeft: cursor = wordStart
    case .wordRight: cursor = wordEnd
    case .home: cursor = lineStart
    case .end: cursor = lineEnd
    case .killToEnd: remove(cursor..<lineEnd)
    case .killToStart: remove(lineStart..<cursor)
    case .killWord: remove(wordStart..<cursor)
    case .up: moveUp()
    case .down: moveDown()
    case .redraw, .other: break
    }
    return .editing
  }

  private mutating func insert(_ character: Character) {
    // A combining mark joins what stands before it, so the whole is split into characters again.
    let before = String(characters[..<cursor]) + String(character)
    let after = characters[cursor...]
    characters = Array(before) + after
    cursor = characters.count - after.count
  }

  private mutating func remove(_ range: Range<Int>) {
    characters.removeSubrange(range)
    cursor = range.lowerBound
  }

  private var wordStart: Int {
    var place = cursor
    while place > 0, characters[place - 1].isWhitespace { place -= 1 }
    while place > 0, !characters[place - 1].isWhitespace { place -= 1 }
    return place
  }

  private var wordEnd: Int {
    var place = cursor
    while place < characters.count, characters[place].isWhitespace { place += 1 }
    while place < characters.count, !characters[place].isWhitespace { place += 1 }
    return place
  }

  /// Of the line that the cursor is in, where the text has several.
  private var lineStart: Int { characters[..<cursor].lastIndex(of: "\n").map { $0 + 1 } ?? 0 }
  private var lineEnd: Int { characters[cursor...].firstIndex(of: "\n") ?? characters.count }

  /// To the line above; above the first one stands the history.
  private mutating func moveUp() {
    let start = lineStart
    guard start > 0 else { return show(shown - 1) }
    let column = cursor - start
    cursor = start - 1
    cursor = min(lineStart + column, start - 1)
  }

  private mutating func moveDown() {
    let end = lineEnd
    guard end < characters.count else { return show(shown + 1) }
    let column = cursor - lineStart
    cursor = end + 1
    cursor = min(cursor + column, lineEnd)
  }

  private mutating func show(_ index: Int) {
    guard (0...history.count).contains(index) else { return }
    if shown == history.count { draft = text }
    shown = index
    characters = Array(index == history.count ? draft : history[index])
    cursor = characters.count
  }

  /// How a terminal of `columns` shows the line behind `prompt`: the text with line ends where it wraps, how many rows
  /// it takes, and where the cursor is, from 0. A wide character that does not fit a row's last column goes
  /// to the next.
  func picture(prompt: String, columns: Int) -> (text: String, rows: Int, cursorRow: Int, cursorColumn: Int) {
    var text = ""
    var (row, column) = (0, 0)
    var place = (row: 0, column: 0)
    func add(_ character: Character, shownAs shape: String) {
      let width = displayWidth(shape)
      if column + width > columns {
        text += "\r\n"
        (row, column) = (row + 1, 0)
      }
      text += shape
      column += width
    }
    for character in prompt { add(character, shownAs: String(character)) }
    for (index, character) in (characters + [" "]).enumerated() {
      if index == cursor {
        // The cursor stands where the next character will.
        let width = index < characters.count && character != "\n" ? displayWidth(String(character)) : 1
        place = column + width > columns ? (row + 1, 0) : (row, column)
      }
      guard index < characters.count else { break }
      if character == "\n" {
        text += "\r\n"
        (row, column) = (row + 1, 0)
      } else {
        add(character, shownAs: character == "\t" ? "  " : printable(String(character)))
      }
    }
    if place.row > row {
      text += "\r\n"
      row = place.row
    }
    return (text, row + 1, place.row, place.column)
  }
}
