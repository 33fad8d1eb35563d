import Checkpoints
import KernelTable
import Tokenizers
import TrainingJobs
import Transformer

/// A model as an evaluation uses it: its scoring, and its tokenizer.
struct EvaluatedModel {
  let scoring: any LanguageModelScoring
  let tokenizer: any Tokenizer
  /// Nil where it is asked in plain text.
  let chat: ChatPrompting?

  /// Opens a model's directory or GGUF file.
  ///
  /// - Throws: also `ChatError` where it is to be talked to and has no chat template.
  init(directory: String, threads: Int, batchTokens: Int, chat way: ChatPrompting.Way? = nil) throws {
    let source = try openModel(directory)
    tokenizer = try loadTokenizer(of: source).tokenizer
    try tokenizer.checkFits(vocabSize: source.configuration.vocabularySize)
    let loaded = tokenizer
    chat = try way.map { try ChatPrompting(source, loaded, $0) }
    scoring = try CachedScoring(
      source, kernels: try Kernels(InstructionSet.choose()), pool: ThreadPool(threads: threads),
      batchTokens: batchTokens)
  }
}
