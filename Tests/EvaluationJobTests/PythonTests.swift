import Testing

@testable import EvaluationJob

/// Values printed by CPython 3.11.
@Suite("Python's random numbers, literals and patterns")
struct PythonTests {
  @Test("random.Random(1234).sample draws the same examples, from few rows and from many")
  func samples() {
    var generator = MersenneTwister(seed: 1234)
    #expect(generator.sample(5, of: 7473) == PythonValues.largeSample)
    #expect(generator.sample(5, of: 7473) == PythonValues.nextLargeSample)
    var few = MersenneTwister(seed: 1234)
    #expect(few.sample(5, of: 12) == PythonValues.smallSample)
    #expect(few.sample(8, of: 70) == PythonValues.eightOf70)
    var units = MersenneTwister(seed: 0)
    #expect([units.nextUnit(), units.nextUnit()] == PythonValues.unitsOfZero)
    #expect(units.choices(10) == PythonValues.choicesOfZero)
  }

  @Test(
    "Literals are read as ast.literal_eval reads them, and nothing else is",
    arguments: [
      ("['A', \"B's\", 3]", "['A', \"B's\", 3]"), ("(1,)", "(1,)"), ("(1)", "1"),
      ("{'a': 1.5, 'b': None}", "{'a': 1.5, 'b': None}"),
      ("[True, -2, 'x\\ny']", "[True, -2, 'x\\ny']"), ("['\\u4e2d']", "['中']"), ("007", nil), ("[1, 2", nil),
      ("f(x)", nil), ("[1 2]", nil), ("[1,, 2]", nil), ("", nil),
    ] as [(String, String?)])
  func literals(text: String, expected: String?) {
    #expect(PythonLiteral.value(of: text)?.pythonRepr == expected)
  }

  @Test("findall gives matches or groups, sub takes matches out")
  func patterns() throws {
    #expect(
      try PythonPattern(#"(-?[$0-9.,]{2,})|(-?[0-9]+)"#).all(in: "a 5 and $1,200.") == [["", "5"], ["$1,200.", ""]])
    #expect(try PythonPattern(#"#### (\-?[0-9\.\,]+)"#).all(in: "x\n#### -18\n#### 4") == [["-18"], ["4"]])
    #expect(try PythonPattern(#"(?s).*#### "#).removed(from: "a\nb\n#### 18") == "18")
    #expect(try PythonPattern(#"\.$"#).removed(from: "18.") == "18")
    #expect(try PythonPattern(",").removed(from: "1,200") == "1200")
    #expect(throws: (any Error).self) { _ = try PythonPattern("(") }
  }
}
