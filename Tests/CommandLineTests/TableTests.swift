import Results
import Testing

@Suite("Tables")
struct TableTests {
  @Test("Columns line up whatever the width of the characters")
  func wideCharacters() {
    var table = Table([("NAME", .left), ("STEP", .right), ("REASON", .left)])
    table.add(["llama3-zh", "412/2000", ""])
    table.add(["旧的", "9/60", "等待"])
    table.add(["e\u{301}te\u{301}", "1", "x"])
    #expect(
      table.lines == [
        "NAME           STEP  REASON",
        "llama3-zh  412/2000",
        "旧的           9/60  等待",
        "e\u{301}te\u{301}               1  x",
      ])
  }

  @Test("Widths follow the terminal's: wide two, combining none")
  func widths() {
    #expect(displayWidth("") == 0)
    #expect(displayWidth("abc") == 3)
    #expect(displayWidth("三角形") == 6)
    #expect(displayWidth("ｆｕｌｌ") == 8)
    #expect(displayWidth("e\u{301}") == 1)
    #expect(displayWidth("한글") == 4)
    #expect(displayWidth("🙂") == 2)
    #expect(displayWidth("→·–") == 3)
  }

  @Test("What other hosts send cannot steer a terminal")
  func controlCharacters() {
    #expect(printable("a\u{1B}[2Jb\nc\u{202E}d") == "a [2Jb c d")
    var table = Table([("NAME", .left)])
    table.add(["a\u{1B}[31m"])
    #expect(table.lines[1] == "a [31m")
  }

  @Test("Quantities are short and keep their unit")
  func quantities() {
    #expect(rate(2940.4) == "2,940")
    #expect(rate(0.354) == "0.35")
    #expect(rate(-1) == "–")
    #expect(duration(4) == "4s")
    #expect(duration(180) == "3m00")
    #expect(duration(18_720) == "5h12")
    #expect(duration(90_000) == "1d01h")
    #expect(duration(-1) == "–")
    #expect(bytes(999) == "999 B")
    #expect(bytes(1_234_567_890) == "1.2 GB")
    #expect(percent(0.0649) == "6 %")
    #expect(fixed(2.005, digits: 2) == "2.00" || fixed(2.005, digits: 2) == "2.01")
    #expect(fixed(-0.001, digits: 2) == "0.00")
    #expect(fixed(3.14159, digits: 3) == "3.142")
  }
}
