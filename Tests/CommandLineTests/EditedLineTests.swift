import Testing

@testable import admix

struct EditedLineTests {
  private func line(_ keys: [EditedLine.Key], history: [String] = []) -> EditedLine {
    var line = EditedLine(history: history)
    for key in keys { _ = line.take(key) }
    return line
  }

  private func typed(_ text: String, _ keys: [EditedLine.Key] = [], history: [String] = []) -> EditedLine {
    line(text.unicodeScalars.map { $0 == "\n" ? .newLine : .character(Character($0)) } + keys, history: history)
  }

  @Test func charactersGoInWhereTheCursorIsAndOutAsWholes() {
    #expect(typed("ac", [.left, .character("b")]).text == "abc")
    #expect(typed("你好吗", [.backspace, .left, .delete]).text == "你")
    #expect(typed("ab", [.home, .delete, .end, .backspace]).text == "")
    #expect(typed("", [.backspace, .delete, .left, .right]).text == "")
    // The parts of one character come as scalars, and go at once.
    #expect(typed("e\u{301}x", [.left, .backspace]).text == "x")
    #expect(typed("👩‍👧", [.backspace]).text == "")
    #expect(typed("👩‍👧").characters.count == 1)
  }

  @Test func wordsAreSteppedOverAndTakenAway() {
    #expect(typed("one two  three", [.killWord]).text == "one two  ")
    #expect(typed("one two  three", [.wordLeft, .wordLeft, .killWord]).text == "two  three")
    #expect(typed("one two", [.home, .wordRight, .killToEnd]).text == "one")
    #expect(typed("one two", [.wordLeft, .killToStart]).text == "two")
  }

  @Test func arrowsStayInATextOfSeveralLinesAndLeaveItForTheHistory() {
    let text = "first\nse\nthird"
    #expect(typed(text, [.up]).cursor == 8)
    #expect(typed(text, [.up, .up]).cursor == 2)
    #expect(typed(text, [.up, .up, .down, .down]).cursor == 11)
    #expect(typed(text, [.up, .up, .up], history: ["old"]).text == "old")
    #expect(typed(text, [.up, .up, .up, .down], history: ["old"]).text == text)
    #expect(typed(text, [.up, .home, .character("X")]).text == "first\nXse\nthird")
    #expect(typed(text, [.up, .killToStart]).text == "first\n\nthird")
    #expect(typed(text, [.home, .killToEnd]).text == "first\nse\n")
  }

  @Test func theHistoryGoesBackAndForthAndKeepsTheDraft() {
    let history = ["one", "two"]
    #expect(typed("new", [.up], history: history).text == "two")
    #expect(typed("new", [.up, .up, .up, .up], history: history).text == "one")
    #expect(typed("new", [.up, .up, .down, .down, .down], history: history).text == "new")
  }

  @Test func endOfInputClosesAnEmptyLineAndDeletesInOthers() {
    var line = EditedLine()
    #expect(line.take(.endOfInput) == .closed && line.take(.interrupt) == .interrupted)
    line = typed("ab", [.home])
    #expect(line.take(.endOfInput) == .editing && line.text == "b" && line.take(.enter) == .entered)
  }

  @Test func aWideCharacterThatDoesNotFitGoesToTheNextRow() {
    let picture = typed("你好吗").picture(prompt: "> ", columns: 7)
    #expect(picture.text == "> 你好\r\n吗")
    #expect((picture.rows, picture.cursorRow, picture.cursorColumn) == (2, 1, 2))
    let before = typed("你好吗", [.left]).picture(prompt: "> ", columns: 7)
    #expect((before.cursorRow, before.cursorColumn) == (1, 0))
  }

  @Test func behindAFullRowTheCursorStandsInTheNextOne() {
    let picture = typed("abcd").picture(prompt: "> ", columns: 6)
    #expect(picture.text == "> abcd\r\n")
    #expect((picture.rows, picture.cursorRow, picture.cursorColumn) == (2, 1, 0))
    #expect(typed("abc").picture(prompt: "> ", columns: 6).text == "> abc")
  }

  @Test func linesAndWhatATerminalWouldActOnAreShownAsTheyAre() {
    let picture = typed("a\nb").picture(prompt: "> ", columns: 20)
    #expect(picture.text == "> a\r\nb" && picture.cursorRow == 1 && picture.cursorColumn == 1)
    #expect(!typed("a\u{1B}[31m\tb").picture(prompt: "", columns: 20).text.contains("\u{1B}"))
  }
}

struct KeyReaderTests {
  private func keys(_ bytes: [UInt8]) -> [EditedLine.Key] {
    var rest = bytes[...]
    var reader = KeyReader { rest.popFirst() }
    var keys: [EditedLine.Key] = []
    while let key = reader.next() { keys.append(key) }
    return keys
  }

  private func keys(_ text: String) -> [EditedLine.Key] { keys(Array(text.utf8)) }

  @Test func textIsItsCharactersHoweverManyBytesTheyTake() {
    #expect(keys("aé世😀") == ["a", "é", "世", "😀"].map { .character($0) })
  }

  @Test func controlCharactersAndSequencesAreKeys() {
    #expect(
      keys("\u{1}\u{3}\u{4}\u{5}\u{7F}\r\n\u{15}\u{17}")
        == [.home, .interrupt, .endOfInput, .end, .backspace, .enter, .newLine, .killToStart, .killWord])
    #expect(keys("\u{1B}[A\u{1B}OB\u{1B}[C\u{1B}[1;5D\u{1B}[1;3C") == [.up, .down, .right, .wordLeft, .wordRight])
    #expect(keys("\u{1B}[H\u{1B}[4~\u{1B}[3~\u{1B}\r\u{1B}b") == [.home, .end, .delete, .newLine, .wordLeft])
  }

  @Test func lineEndsOfAPastedTextSendNothing() {
    #expect(
      keys("\u{1B}[200~a\rb\u{1B}[201~\r")
        == [.other, .character("a"), .newLine, .character("b"), .other, .enter])
  }

  @Test func nonsenseIsNoKeyAndNeverAnEndlessWait() {
    for length in 0...4 {
      for bytes: [UInt8] in [[0xE4, 0xB8, 0x96], [0xF0, 0x9F, 0x98, 0x80], [0x1B, 0x5B, 0x33, 0x7E]] {
        #expect(keys(Array(bytes.prefix(length))).count <= 1)
      }
    }
    #expect(keys([0xFF, 0x61]) == [.other, .character("a")])
    #expect(keys([0xE4, 0x61, 0x62]) == [.other, .character("b")])
    let endless = keys([0x1B, 0x5B] + [UInt8](repeating: 0x30, count: 30))
    #expect(endless.allSatisfy { $0 == .other || $0 == .character("0") })
  }
}
