public import ArgumentParser
public import Chat
import Checkpoints
import KernelTable
import TextGeneration
import Tokenizers
import TrainingJobs
import Transformer

/// What `chat` and `serve` load a model with.
struct ChatModelOptions: ParsableArguments {
  @Argument(help: "A Hugging Face directory or a GGUF file.", completion: .file()) var model: String
  @Option(help: "Threads that compute (default: one a processor).") var threads: Int?
  @Option(
    help: "The chat template of a base model: \(NamedTemplate.allCases.map(\.rawValue).joined(separator: ", ")).")
  var template: NamedTemplate?
  @Option(help: "Megabytes for cached keys and values.") var cacheMegabytes = 1024

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads takes a number from 1 to 1024, found \(threads)")
    }
    guard (1...1_048_576).contains(cacheMegabytes) else {
      throw ValidationError("--cache-megabytes takes a number from 1 to 1048576, found \(cacheMegabytes)")
    }
  }

  /// - Throws: `CommandFailure` for a model that cannot be used.
  func load(streams: Int, waiting: Int) throws -> (engine: TextEngine, format: Result<ChatFormat, ChatError>) {
    do {
      let source = try openModel(model)
      if source is ModelDirectory { try ModelDirectory.checkParts(model) }
      let tokenizer = try loadTokenizer(of: source).tokenizer
      try tokenizer.checkFits(vocabSize: source.configuration.vocabularySize)
      let engine = try TextEngine(
        source, shape: LlamaShape(source.configuration), tokenizer: tokenizer,
        options: TextEngine.Options(
          threads: threads ?? Machine.processorCount, cacheBytes: cacheMegabytes << 20, streams: streams,
          waiting: waiting))
      return (engine, format(source, tokenizer))
    } catch let error as CheckpointError {
      throw CommandFailure(.usage, "\(error)")
    } catch let error as LlamaShapeError {
      throw CommandFailure(.usage, "\(model): \(error)")
    }
  }

  private func format(_ source: any ModelSource, _ tokenizer: any Tokenizer) -> Result<ChatFormat, ChatError> {
    let format = Result { () throws(ChatError) in
      let named = try template.map { name throws(ChatError) in
        for token in name.neededTokens where tokenizer.id(of: token) == nil {
          throw ChatError(
            .missingTokens, "the template \(name.rawValue) needs the token \(token), which the tokenizer of this model "
              + "does not have; take zephyr, which needs none")
        }
        return try ChatTemplate(source: name.source, companions: source.companions, tokenizer: tokenizer)
      }
      return try ChatFormat(
        configuration: source.configuration, companions: source.companions, tokenizer: tokenizer, template: named)
    }
    // The way out of a job file is not that of a command.
    return format.mapError { error in
      guard error.code == .noTemplate else { return error }
      return ChatError(
        .noTemplate, "\(model) has no chat template, as base models do not; name one with --template: "
          + NamedTemplate.allCases.map(\.rawValue).joined(separator: ", "))
    }
  }
}

extension NamedTemplate: ExpressibleByArgument {}
