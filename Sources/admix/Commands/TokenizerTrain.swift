import ArgumentParser
import Corpora
import Foundation
import KernelTable
import Results
import Synchronization
import Tokenizers

struct TokenizerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenizer", abstract: "Makes tokenizers.", subcommands: [TokenizerTrain.self])
}

/// Learns a vocabulary from texts, for a model from scratch (`init: random`).
struct TokenizerTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Learns a byte-level BPE vocabulary from texts.",
    discussion: """
      Writes tokenizer.json, as Hugging Face's library loads it, and tokenizer_config.json. The merges are those of its
      BpeTrainer on the same documents; among pairs of equal count the one with the lower ids merges first. The same
      texts give the same bytes with any number of threads.
      """)

  @Argument(help: "Texts: .jsonl or .txt, plain or compressed; a .txt is one document.", completion: .file())
  var files: [String]
  @Option(help: "Ids in all: special tokens, 256 bytes, merges.") var vocabSize: Int
  @Option(name: .shortAndLong, help: "The directory for the tokenizer.", completion: .directory) var output: String
  @Option(
    help: "How text is cut into words: \(Self.ruleNames).",
    transform: { name in
      guard let rule = TrainedRule(rawValue: name) else { throw ValidationError("one of \(Self.ruleNames) expected") }
      return rule
    })
  var rule: TrainedRule = .gpt2
  @Option(help: "Pairs that are rarer are not merged.") var minFrequency = 0
  @Option(name: .customLong("special"), help: "A special token; the first closes documents (repeat for more).")
  var specialTokens: [String] = ["<|endoftext|>"]
  @Option(help: "The JSON field that holds the text.") var textField = "text"
  @Option(help: "Threads that count words.") var threads = 1
  @Flag(help: "Replace a tokenizer that is there.") var force = false

  private static let ruleNames = TrainedRule.allCases.map(\.rawValue).joined(separator: ", ")

  func validate() throws {
    guard threads >= 1, threads <= 256 else { throw ValidationError("--threads \(threads); 1 to 256 expected") }
    guard minFrequency >= 0 else { throw ValidationError("--min-frequency \(minFrequency); 0 or more expected") }
    guard Set(specialTokens).count == specialTokens.count, !specialTokens.contains("") else {
      throw ValidationError("--special: each name once, none empty")
    }
  }

  func run() throws {
    let path = output + "/tokenizer.json"
    if !force, FileManager.default.fileExists(atPath: path) {
      throw CommandFailure(.usage, "\(path) is there already; --force replaces it")
    }
    let words = try countWords()
    Console.shared.progress("learning \(vocabSize) tokens from \(bytes(UInt64(words.textBytes)))")
    var options = BytePairTrainer.Options(vocabularySize: vocabSize)
    options.minimumFrequency = minFrequency
    options.specialTokens = specialTokens
    let result = try BytePairTrainer.train(words, rule: rule, options: options)
    Console.shared.endProgress()
    let end = specialTokens.first.map { JSONNode.string($0) } ?? .null
    let configuration: JSONNode = [
      "tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": .boolean(false),
      "bos_token": .null, "eos_token": end, "model_max_length": .integer(1_000_000_000),
    ]
    do {
      try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
      try Data(configuration.text(indented: true).utf8 + [0x0A])
        .write(to: URL(filePath: output + "/tokenizer_config.json"), options: .atomic)
      try Data(result.json).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw CommandFailure(.usage, "\(output): the tokenizer cannot be written: \(error.localizedDescription)")
    }
    if result.vocabularySize < vocabSize {
      Console.shared.warn(
        "the texts gave \(grouped(UInt64(result.vocabularySize))) tokens and no more pairs to merge")
    }
    Console.shared.print(
      "\(path): \(grouped(UInt64(result.vocabularySize))) tokens, \(grouped(UInt64(result.merges))) merges, from "
        + "\(bytes(UInt64(words.textBytes))) of text")
  }

  /// Documents in batches, shared out among the threads.
  private func countWords() throws -> WordCounts {
    let pool = ThreadPool(threads: threads)
    let counters = (0..<threads).map { _ in WordCounter(rule) }
    var batch: [[UInt8]] = []
    var batchBytes = 0
    func count() {
      pool.run(threads) { thread in
        for index in stride(from: thread, to: batch.count, by: threads) { counters[thread].add(batch[index]) }
      }
      batch.removeAll(keepingCapacity: true)
      batchBytes = 0
    }
    for file in files {
      var reader = try DocumentReader(path: file, options: DocumentOptions(textField: textField, documents: .file))
      var text: [UInt8] = []
      while try reader.next(into: &text) {
        batch.append(text)
        batchBytes += text.count
        if batchBytes >= 16 << 20 { count() }
      }
    }
    count()
    var words = WordCounts(rule: rule)
    for counter in counters { words.add(counter.result) }
    return words
  }
}

/// One thread's words.
private final class WordCounter: Sendable {
  private let words: Mutex<WordCounts>
  init(_ rule: TrainedRule) { words = Mutex(WordCounts(rule: rule)) }
  var result: WordCounts { words.withLock { $0 } }
  func add(_ text: [UInt8]) { words.withLock { words in text.withUnsafeBufferPointer { words.add($0) } } }
}
