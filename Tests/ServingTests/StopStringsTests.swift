import Testing

@testable import TextGeneration

struct StopStringsTests {
  /// What is shown when `pieces` come one after the other, and whether a stop text ended it.
  private func shown(_ pieces: [String], _ stops: [String]) -> (pieces: [String], isStopped: Bool) {
    var search = StopStrings(stops)
    var shown: [String] = []
    for piece in pieces {
      let (text, isStopped) = search.append(piece)
      shown.append(text)
      if isStopped { return (shown, true) }
    }
    return (shown + [search.finish()], false)
  }

  @Test func withoutStopTextsEverythingPassesAtOnce() {
    let (pieces, isStopped) = shown(["Once", " upon", ""], [])
    #expect(pieces == ["Once", " upon", "", ""] && !isStopped)
  }

  @Test func aStopTextAcrossPiecesIsNeverShownInPart() {
    let (pieces, isStopped) = shown(["Hello\n", "Us", "er", ": hi"], ["\nUser:"])
    #expect(pieces == ["Hello", "", "", ""] && isStopped)
  }

  @Test func whatOnlyBeganLikeAStopTextIsShownLater() {
    let (pieces, isStopped) = shown(["a E", "N", "x", " EN"], ["END"])
    #expect(pieces == ["a ", "", "ENx", " ", "EN"] && !isStopped)
  }

  @Test func aBeginningInsideABeginningIsFound() {
    #expect(shown(["aa", "ab"], ["aab"]).pieces == ["", "a"])
    #expect(shown(["aa", "ab"], ["aab"]).isStopped)
    #expect(shown(["ababa", "c"], ["abac"]).pieces == ["ab", ""])
  }

  @Test func ofSeveralTheOneThatBeginsFirstCounts() {
    let (pieces, isStopped) = shown(["one two three"], ["three", "two"])
    #expect(pieces == ["one "] && isStopped)
    // The longer one begins first, and ends later.
    #expect(shown(["xab", "cd"], ["bc", "abcd"]).pieces == ["x", ""])
  }

  @Test func charactersOfSeveralBytesAreNeverCut() {
    // 世 and 丘 begin with the same two bytes (E4 B8).
    let (pieces, isStopped) = shown(["你好", "丘", "界", "世", "界!"], ["世界"])
    #expect(pieces == ["你好", "丘", "界", "", ""] && isStopped)
    #expect(shown(["😀", "😁"], ["😂"]).pieces == ["😀", "😁", ""])
    // A combining mark makes one character of both for Swift, and is bytes of its own here.
    #expect(shown(["e\u{301}x"], ["\u{301}x"]).pieces == ["e"])
  }

  @Test func everyWayOfCuttingATextShowsTheSame() {
    let text = Array("ab世界abab世abc界".unicodeScalars)
    for stop in ["abc", "b世", "世a", "界a", "zz", "c界"] {
      let whole = String(String.UnicodeScalarView(text))
      let expected = whole.range(of: stop).map { String(whole[..<$0.lowerBound]) } ?? whole
      for cuts in 0..<(1 << (text.count - 1)) {
        var pieces = [""]
        for (index, scalar) in text.enumerated() {
          pieces[pieces.count - 1].unicodeScalars.append(scalar)
          if cuts >> index & 1 == 1 { pieces.append("") }
        }
        guard shown(pieces, [stop]).pieces.joined() != expected else { continue }
        Issue.record("\(pieces) with \(stop)")
        return
      }
    }
  }
}

extension String {
  fileprivate func range(of part: String) -> Range<String.Index>? { ranges(of: part).first }
}
