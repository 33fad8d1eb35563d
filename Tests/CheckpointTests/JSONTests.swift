import Testing

@testable import Checkpoints

@Suite struct JSONTests {
  private func parse(_ text: String) throws -> JSONValue {
    let limits = JSONLimits(bytes: 10_000, depth: 4, values: 50)
    return try Array(text.utf8).withUnsafeBytes { try JSONParser.parse($0, file: "test.json", limits: limits) }
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let value = JSONValue.object([
      .init(key: "é\"\\\u{0}\n", value: .array([.null, .bool(true), .number("-1.5e+3"), .string("𝄞\u{7F}")])),
      .init(key: "", value: .object([])),
    ])
    #expect(try parse(value.text()) == value)
    #expect(try parse(value.text(indent: 2)) == value)
  }

  @Test func escapesAreDecoded() throws {
    #expect(try parse(#""\u0041\ud834\uDD1E\/\b\t""#) == .string("A𝄞/\u{8}\t"))
  }

  @Test(
    arguments: [
      "", " ", "{", "[1", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "01", "-", "1.", ".5", "1e", "+1", "nul", "truex",
      "NaN", "Infinity", "-Infinity", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud834\"", "\"\\ud834\\u0041\"", "\"\\udd1e\"",
      "\"a\nb\"", "[[[[[1]]]]]", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "1 2", "[1]]", "'a'", "// a\n1",
      "[" + String(repeating: "1,", count: 60) + "1]", String(repeating: "1", count: 65),
      "{\"" + String(repeating: "a", count: 4097) + "\":1}",
    ])
  func brokenTextIsAnErrorWithItsPlace(text: String) throws {
    let error = try checkpointError { _ = try parse(text) }
    #expect(error.code == .malformedJSON && error.file == "test.json")
    #expect(error.field?.hasPrefix("JSON line") == true)
  }

  @Test func aTextBeyondTheLimitIsNotParsed() throws {
    let error = try checkpointError { _ = try parse(String(repeating: " ", count: 10_001)) }
    #expect(error.code == .tooLarge)
  }

  @Test func hostileTextDoesNotReachTheTerminal() {
    let error = CheckpointError(
      .malformedJSON, file: "f", found: "\u{1B}[2J\u{202E}" + String(repeating: "a", count: 500), expected: "e")
    #expect(!error.description.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{202E}" })
    #expect(error.description.count < 300)
  }
}
