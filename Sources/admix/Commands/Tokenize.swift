import ArgumentParser
import Corpora
import Foundation
import Results
import Tokenizers
import TrainingJobs

/// Counts tokens, so that nobody has to guess what a text costs a model.
struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows how a model cuts texts into tokens: counts, fertility, ids.",
    discussion: """
      FILE is .jsonl or .txt, plain or compressed (.gz, .zst); a .txt is one document. Without FILE the standard input
      is one document. Counts are of the text alone, without the tokens that open and close documents.
      """)

  @Argument(help: "Texts.", completion: .file()) var files: [String] = []
  @OptionGroup var tokenizer: TokenizerArgument
  @Option(help: "The JSON field that holds the text.") var textField = "text"
  @Flag(help: "Print the ids, one line a document.") var ids = false
  @Flag(help: "Take special tokens such as <|endoftext|> inside a text for text.") var plain = false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let loaded = try tokenizer.load()
    var encoder = plain ? loaded.tokenizer.makeEncoder(specialTokens: .asText) : loaded.tokenizer.makeEncoder()
    let listener: (([Int32]) -> Void)? = ids ? { show($0) } : nil
    var sources: [TokenizedSource] = []
    if files.isEmpty {
      var source = TokenizedSource(name: "standard input")
      source.add(Array(try FileHandle.standardInput.readToEnd() ?? Data()), &encoder, listener)
      sources.append(source)
    }
    for file in files {
      var source = TokenizedSource(name: file)
      var reader = try DocumentReader(
        path: file, options: DocumentOptions(textField: textField, documents: .file))
      var text: [UInt8] = []
      while try reader.next(into: &text) { source.add(text, &encoder, listener) }
      sources.append(source)
    }
    if json {
      let object: JSONNode = [
        "schema": .integer(schemaVersion), "tokenizer": .string(loaded.path),
        "vocabulary_size": .integer(Int64(loaded.tokenizer.vocabularySize)), "sources": .array(sources.map(\.json)),
      ]
      Console.shared.print(object.text(indented: true))
    } else if !ids {
      Console.shared.print(TokenizedSource.table(sources).lines)
    }
  }

  private func show(_ tokens: [Int32]) {
    if !json { Console.shared.print(tokens.map(String.init).joined(separator: " ")) }
  }
}

/// Where a command finds the tokenizer.
struct TokenizerArgument: ParsableArguments {
  @Option(help: "The model's directory or GGUF file, or its tokenizer.json or tokenizer.model.", completion: .file())
  var model: String

  func load() throws -> LoadedTokenizer {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: model, isDirectory: &isDirectory) else {
      throw CommandFailure(.usage, "\(model): there is no such file or directory")
    }
    if model.hasSuffix(".gguf") {
      do { return try loadTokenizer(gguf: model) } catch { throw CommandFailure(.usage, "\(error)") }
    }
    return isDirectory.boolValue ? try loadTokenizer(modelDirectory: model) : try loadTokenizer(file: model)
  }
}

/// What became of one source's text.
struct TokenizedSource {
  let name: String
  private(set) var documents = 0
  private(set) var characters = 0
  private(set) var bytes = 0
  private(set) var tokens = 0
  /// Spent on encoding alone, on one thread.
  private(set) var seconds = 0.0
  /// Kept only where they are asked for.
  private(set) var ids: [[Int32]] = []

  init(name: String) { self.name = name }

  mutating func add(_ text: [UInt8], _ encoder: inout any TextEncoder, _ show: (([Int32]) -> Void)?) {
    var found: [Int32] = []
    let time = ContinuousClock().measure { text.withUnsafeBufferPointer { encoder.encode($0, into: &found) } }
    seconds += time / .seconds(1)
    documents += 1
    characters += text.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
    bytes += text.count
    tokens += found.count
    if let show {
      show(found)
      ids.append(found)
    }
  }

  private func per(_ count: Int) -> Double? { count > 0 ? Double(tokens) / Double(count) : nil }

  var json: JSONNode {
    var object: JSONNode = [
      "source": .string(name), "documents": .integer(Int64(documents)), "characters": .integer(Int64(characters)),
      "bytes": .integer(Int64(bytes)), "tokens": .integer(Int64(tokens)),
      "tokens_per_character": per(characters).map(JSONNode.number) ?? .null,
      "tokens_per_byte": per(bytes).map(JSONNode.number) ?? .null, "seconds": .number(seconds),
    ]
    if !ids.isEmpty {
      let lists = ids.map { JSONNode.array($0.map { JSONNode.integer(Int64($0)) }) }
      object = object.merged(with: ["ids": .array(lists)])
    }
    return object
  }

  static func table(_ sources: [TokenizedSource]) -> Table {
    var table = Table([
      ("SOURCE", .left), ("DOCUMENTS", .right), ("CHARACTERS", .right), ("BYTES", .right), ("TOKENS", .right),
      ("TOKENS/CHARACTER", .right), ("TOKENS/BYTE", .right),
    ])
    for source in sources {
      let counts = [source.documents, source.characters, source.bytes, source.tokens].map { grouped(UInt64($0)) }
      let rates = [source.per(source.characters), source.per(source.bytes)].map { rate in
        rate.map { fixed($0, digits: 4) } ?? "–"
      }
      table.add([source.name] + counts + rates)
    }
    return table
  }
}
