import Checkpoints
import KernelTable
import Tokenizers
import TrainingJobs
import Transformer

/// A model as an evaluation uses it: its scoring, and its tokenizer.
struct EvaluatedModel {
  let scoring: any LanguageModelScoring
  let tokenizer: any Tokenizer

  init(scoring: any LanguageModelScoring, tokenizer: any Tokenizer) {
    self.scoring = scoring
    self.tokenizer = tokenizer
  }

  /// Opens a model's directory or GGUF file.
  init(directory: String, threads: Int, batchTokens: Int) throws {
    let source = try openModel(directory)
    tokenizer = try loadTokenizer(of: source).tokenizer
    try tokenizer.checkFits(vocabSize: source.configuration.vocabularySize)
    scoring = try CachedScoring(
      source, kernels: try Kernels(InstructionSet.choose()), pool: ThreadPool(threads: threads),
      batchTokens: batchTokens)
  }
}
