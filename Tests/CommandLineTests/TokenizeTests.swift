import Foundation
import Results
import TestSupport
import Testing

/// `admix tokenize` and `admix tokenizer train` as a user types them.
@Suite("Tokenize")
struct TokenizeTests {
  private static let fixtures = TestData.package.appendingPathComponent("Tests/TokenizerTests/Fixtures").path

  private func run(_ arguments: [String], in directory: TemporaryDirectory) throws -> (Int32, String, String) {
    let child = try Subprocess(Subprocess.admix, arguments, name: "tokenize", in: directory.url)
    let status = try child.waitForExit(seconds: 60)
    return (status, child.outputText, child.errorText)
  }

  @Test("Counts, fertility and ids of a text, by source")
  func counts() throws {
    let directory = try TemporaryDirectory()
    try directory.write("{\"text\": \"the dog\"}\n{\"text\": \"狐狸\"}\n", to: "a.jsonl")
    try directory.write("a\nb\n", to: "b.txt")
    let model = Self.fixtures + "/bytes-gpt2.json"
    let (status, output, error) = try run(
      ["tokenize", "--model", model, "--json", "--ids", "a.jsonl", "b.txt"], in: directory)
    #expect(status == 0, "\(error)")
    let object = try #require(JSONNode(parsing: output))
    guard case .array(let sources)? = object["sources"] else {
      Issue.record("no sources: \(output)")
      return
    }
    #expect(sources.map { $0["documents"] } == [.integer(2), .integer(1)])
    #expect(sources.map { $0["characters"] } == [.integer(9), .integer(3)])
    #expect(sources.map { $0["bytes"] } == [.integer(13), .integer(3)])
    let (_, ids, _) = try run(["tokenize", "--model", model, "--ids", "a.jsonl"], in: directory)
    let lines = ids.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(sources[0]["tokens"] == .integer(Int64(lines.reduce(0) { $0 + $1.split(separator: " ").count })))
    let (_, table, _) = try run(["tokenize", "--model", model, "a.jsonl"], in: directory)
    #expect(table.contains("TOKENS/CHARACTER") && table.contains("a.jsonl"))
  }

  @Test("A vocabulary is learned, the same with any number of threads, and a file that is there stays")
  func trains() throws {
    let directory = try TemporaryDirectory()
    let texts = Self.fixtures + "/training-text.txt"
    let command = ["tokenizer", "train", "--vocab-size", "500", texts]
    let (status, _, error) = try run(command + ["-o", "one"], in: directory)
    #expect(status == 0, "\(error)")
    #expect(try run(command + ["-o", "two", "--threads", "3"], in: directory).0 == 0)
    let one = try Data(contentsOf: directory.url.appendingPathComponent("one/tokenizer.json"))
    #expect(try Data(contentsOf: directory.url.appendingPathComponent("two/tokenizer.json")) == one)
    let (again, _, sentence) = try run(command + ["-o", "one"], in: directory)
    #expect(again == 2 && sentence.contains("--force"))
    #expect(try run(["tokenize", "--model", "one", texts], in: directory).0 == 0)
  }

  @Test("What is wrong is said in one sentence, with exit code 2")
  func mistakes() throws {
    let directory = try TemporaryDirectory()
    try directory.write("{}", to: "tokenizer.json")
    try directory.write("a", to: "a.parquet")
    let model = Self.fixtures + "/bytes-gpt2.json"
    for (arguments, sentence) in [
      (["tokenize", "--model", "none", "a.txt"], "none: there is no such file or directory"),
      (["tokenize", "--model", ".", "a.txt"], "./tokenizer.json: model: no field \"model\""),
      (["tokenize", "--model", model, "none.txt"], "none.txt: there is no such file"),
      (["tokenize", "--model", model, "a.parquet"], "pandas.read_parquet('a.parquet')"),
      (["tokenizer", "train", "--vocab-size", "100", model, "-o", "x"], "unknown kind of file"),
      (["tokenizer", "train", "--vocab-size", "500", "a.txt", "-o", "x", "--rule", "mine"], "gpt2, smollm"),
    ] {
      let (status, output, error) = try run(arguments, in: directory)
      #expect(status == 2, "\(arguments): \(error)")
      #expect(error.contains(sentence), "\(arguments): \(error)")
      #expect(output.isEmpty)
    }
  }
}
