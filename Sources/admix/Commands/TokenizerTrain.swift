import ArgumentParser
import Corpora
import Foundation
import Results
import Tokenizers
import TrainingJobs

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
    var learning = VocabularyLearning(vocabularySize: vocabSize)
    learning.rule = rule
    learning.minimumFrequency = minFrequency
    learning.specialTokens = specialTokens
    learning.textField = textField
    let words = try learning.count(files, threads: threads)
    Console.shared.progress("learning \(vocabSize) tokens from \(bytes(UInt64(words.textBytes)))")
    let result = try learning.learn(words)
    Console.shared.endProgress()
    do {
      try learning.write(result, to: output)
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
}
