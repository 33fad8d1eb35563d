import Corpora
import Foundation
import KernelTable
import Synchronization
public import Tokenizers

/// Learns a byte-level BPE vocabulary from files of text: what `admix tokenizer train` and `job: tokenizer` do. The
/// same texts give the same bytes with any number of threads.
public struct VocabularyLearning: Codable, Sendable {
  /// Ids in all: special tokens, 256 bytes, merges.
  public var vocabularySize: Int
  /// Pairs that are rarer are not merged.
  public var minimumFrequency = 0
  /// The first closes documents.
  public var specialTokens = ["<|endoftext|>"]
  /// The JSON field that holds the text.
  public var textField = "text"
  private var ruleName = TrainedRule.gpt2.rawValue

  public init(vocabularySize: Int) { self.vocabularySize = vocabularySize }

  /// How text is cut into words.
  public var rule: TrainedRule {
    get { TrainedRule(rawValue: ruleName) ?? .gpt2 }
    set { ruleName = newValue.rawValue }
  }

  /// Documents are read in batches, which are shared out among the threads.
  /// - Throws: `CorpusError` naming the file.
  public func count(_ files: [String], threads: Int) throws -> WordCounts {
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

  /// - Throws: `TokenizerError` when the vocabulary has no room for bytes and special tokens, or there are no words.
  public func learn(_ words: WordCounts) throws -> BytePairTrainer.Result {
    var options = BytePairTrainer.Options(vocabularySize: vocabularySize)
    options.minimumFrequency = minimumFrequency
    options.specialTokens = specialTokens
    return try BytePairTrainer.train(words, rule: rule, options: options)
  }

  /// Writes tokenizer.json and tokenizer_config.json, as Hugging Face's library loads them. The directory is made.
  public func write(_ result: BytePairTrainer.Result, to directory: String) throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    var configuration = try encodePayload(TokenizerConfiguration(endToken: specialTokens.first))
    configuration.append(0x0A)
    try Data(configuration).write(to: URL(filePath: directory + "/tokenizer_config.json"), options: .atomic)
    try Data(result.json).write(to: URL(filePath: directory + "/tokenizer.json"), options: .atomic)
  }
}

/// One thread's words.
private final class WordCounter: Sendable {
  private let words: Mutex<WordCounts>
  init(_ rule: TrainedRule) { words = Mutex(WordCounts(rule: rule)) }
  var result: WordCounts { words.withLock { $0 } }
  func add(_ text: [UInt8]) { words.withLock { words in text.withUnsafeBufferPointer { words.add($0) } } }
}

private struct TokenizerConfiguration: Encodable {
  let endToken: String?

  enum CodingKeys: String, CodingKey {
    case tokenizerClass = "tokenizer_class"
    case cleansUp = "clean_up_tokenization_spaces"
    case beginning = "bos_token"
    case end = "eos_token"
    case lengthMax = "model_max_length"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode("PreTrainedTokenizerFast", forKey: .tokenizerClass)
    try container.encode(false, forKey: .cleansUp)
    try container.encodeNil(forKey: .beginning)
    try container.encode(endToken, forKey: .end)
    try container.encode(1_000_000_000, forKey: .lengthMax)
  }
}
