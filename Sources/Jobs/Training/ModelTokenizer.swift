public import Checkpoints
import Foundation
public import Tokenizers

/// The tokenizer of a model in whichever form.
///
/// A GGUF file's embedded vocabulary goes through the tokenizer files that are also written beside the trained weights:
/// what was trained with is what is read back later, byte for byte.
public func loadTokenizer(of model: any ModelSource) throws -> LoadedTokenizer {
  guard let embedded = model as? GGUFModel else { return try loadTokenizer(modelDirectory: model.path) }
  if let failure = embedded.tokenizerFailure { throw failure }
  guard embedded.vocabulary != nil else {
    throw CheckpointError(
      .missingField, file: embedded.path, field: "tokenizer.ggml.model", found: "no tokenizer in the file",
      expected: "the model's vocabulary", wayOut: "take a GGUF file with its tokenizer, or the Hugging Face directory")
  }
  let directory = FileManager.default.temporaryDirectory
    .appendingPathComponent("admix-tokenizer-\(UUID().uuidString)", isDirectory: true)
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  let configuration = CompanionFile(name: "config.json", contents: embedded.configuration.json)
  for file in embedded.companions + [configuration] {
    try Data(file.contents).write(to: directory.appendingPathComponent(file.name))
  }
  do {
    return try loadTokenizer(modelDirectory: directory.path)
  } catch var error as TokenizerError {
    // The user has never heard of the temporary file, nor of places in it.
    error.file = embedded.path
    error.offset = nil
    throw error
  }
}

/// The tokenizer in an input tree: a model's files without the weights, or a GGUF file.
func loadTokenizer(ofTree directory: String) throws -> LoadedTokenizer {
  guard let file = try onlyGGUF(in: directory) else { return try loadTokenizer(modelDirectory: directory) }
  return try loadTokenizer(of: GGUFModel(path: directory + "/" + file))
}

/// The tokenizer embedded in a GGUF file.
/// - Throws: `CheckpointError` or `TokenizerError` naming the file.
public func loadTokenizer(gguf path: String) throws -> LoadedTokenizer { try loadTokenizer(of: GGUFModel(path: path)) }
