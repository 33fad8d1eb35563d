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

  /// The published vocabularies themselves: scripts/check-tokenizers.sh.
  @Test(
    "A vocabulary in a GGUF file cuts every odd text as the tokenizer.json that it was made from",
    arguments: [("llama-bpe", "bytes-llama3"), ("qwen2", "bytes-qwen2")])
  func embeddedVocabulary(rule: String, original: String) throws {
    let directory = try TemporaryDirectory()
    // Tokens that were added besides the vocabulary are no part of the GGUF file.
    var json = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: "\(Self.fixtures)/\(original).json")))
        as? [String: Any])
    let vocabulary = try #require((json["model"] as? [String: Any])?["vocab"] as? [String: Any])
    let added = try #require(json["added_tokens"] as? [[String: Any]])
    json["added_tokens"] = added.filter { vocabulary[$0["content"] as? String ?? ""] != nil }
    let file = directory.url.appending(path: "tokenizer.json")
    try JSONSerialization.data(withJSONObject: json).write(to: file)
    let texts = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: "\(Self.fixtures)/byte-level-texts.json")))
        as? [String: Any])["texts"] as? [[String: Any]]
    let lines = try #require(texts).filter { $0["text"] as? String != "" }.map { text in
      String(decoding: try JSONSerialization.data(withJSONObject: ["text": text["text"] ?? ""]), as: UTF8.self) + "\n"
    }
    #expect(lines.count > 500)
    try directory.write(lines.joined(), to: "texts.jsonl")
    let gguf = TestData.package.path + "/Tests/CheckpointTests/Fixtures/gguf/vocabulary-\(rule).gguf"
    let expected = try run(["tokenize", "--model", file.path, "--ids", "texts.jsonl"], in: directory)
    let found = try run(["tokenize", "--model", gguf, "--ids", "texts.jsonl"], in: directory)
    #expect(expected.0 == 0 && found.0 == 0, "\(expected.2) \(found.2)")
    #expect(expected.1.split(separator: "\n", omittingEmptySubsequences: false).count == lines.count + 1)
    #expect(found.1 == expected.1)
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
