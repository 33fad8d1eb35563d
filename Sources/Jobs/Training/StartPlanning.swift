import Checkpoints
import JobKit
import Tokenizers
import Transformer
import WireProtocol

/// What a training starts from, as the plan knows it.
struct PlannedStart {
  let inputs: [InputReference]
  let start: MemberPayload.Start
  /// The files that decide what a token is.
  let tokenizer: InputReference
  let stateBytes: UInt64
  let notes: [String]
  /// The model and its tokenizer where they are at hand; nil for an earlier stage's.
  /// A config.json that the job file has written out.
  var configuration: String? = nil
  var opened: (model: any ModelSource, tokenizer: LoadedTokenizer)? = nil
}

/// Opens what a training starts from where the job is submitted, and checks that it can be trained as asked.
struct StartPlanner {
  let recipe: Recipe
  /// The most tokens of rows that are computed together, where that is not a row.
  var rowLength: Int? = nil
  let context: any PlanningContext

  func model(_ path: SpecScalar) throws -> PlannedStart {
    let input = try context.input(named: InputTree.model, path: path, kind: .fileOrDirectory)
    guard let localPath = input.localPath else {
      return PlannedStart(
        inputs: [input.reference], start: .model, tokenizer: input.reference.renamed(InputTree.tokenizer),
        stateBytes: 0, notes: ["The model is an earlier stage's; it is checked when that stage is done."])
    }
    let model = try naming(path) { try openModel(localPath) }
    let tokenizer = try naming(path) { try loadTokenizer(of: model) }
    let bytes = try check(model.configuration, tokenizer: tokenizer.tokenizer, at: path)
    try naming(path) { try model.check(ParameterLayout(LlamaShape(model.configuration)).placements) }
    return PlannedStart(
      inputs: [input.reference], start: .model, tokenizer: input.reference.tokenizerFiles, stateBytes: bytes,
      notes: [], opened: (model, tokenizer))
  }

  func random(_ written: WrittenConfiguration, tokenizer tokenizerPath: SpecScalar) throws -> PlannedStart {
    let (parsed, configuration) = try planned(written)
    let tokenizer = try context.input(named: InputTree.tokenizer, path: tokenizerPath, kind: .directory)
    // One that an earlier stage makes is checked when the texts are indexed.
    let loaded = try tokenizer.localPath.map { directory in
      try naming(tokenizerPath) { try loadTokenizer(modelDirectory: directory).tokenizer }
    }
    let bytes = try check(parsed, tokenizer: loaded, at: tokenizerPath)
    let files = tokenizer.reference.tokenizerFiles
    let notes =
      tokenizer.localPath == nil ? ["The tokenizer is an earlier stage's; it is checked when it is there."] : []
    return PlannedStart(
      inputs: configuration.map { [$0, files] } ?? [files], start: .random, tokenizer: files, stateBytes: bytes,
      notes: notes, configuration: configuration == nil ? String(decoding: parsed.json, as: UTF8.self) : nil)
  }

  /// The shape, and the input that has it; nil where the job file itself has it.
  private func planned(
    _ written: WrittenConfiguration
  ) throws -> (configuration: ModelConfiguration, input: InputReference?) {
    switch written {
    case .inline(let json, let place):
      return (try naming(place) { try ModelConfiguration(json: Array(json.utf8), file: place.path) }, nil)
    case .file(let path):
      let input = try context.input(named: InputTree.configuration, path: path, kind: .file)
      guard let file = input.localPath else {
        throw SpecError(
          position: path.position, path: path.path,
          problem: "random weights need a configuration at hand, not a stage's output", remedy: "Write a path")
      }
      return (try naming(path) { try ModelConfiguration(path: file) }, input.reference)
    }
  }

  /// Checks that the model can be trained as asked, and returns what a worker will hold.
  private func check(
    _ configuration: ModelConfiguration, tokenizer: (any Tokenizer)?, at path: SpecScalar
  ) throws -> UInt64 {
    let shape = try naming(path) { try LlamaShape(configuration) }
    try naming(path) { try tokenizer?.checkFits(vocabSize: configuration.vocabularySize) }
    let length = recipe.sequenceLength
    if length > configuration.contextLength {
      throw SpecError(
        position: path.position, path: "recipe.sequence_length",
        problem: "\(length) is more than the \(configuration.contextLength) positions of the model",
        remedy: "Lower it to \(configuration.contextLength) or less")
    }
    return TrainedModel.stateBytes(shape: shape, recipe: recipe, rowLength: rowLength)
  }
}

/// Runs `body`; what is wrong with the file at `path` becomes an error at its place in the job file.
func naming<Result>(_ path: SpecScalar, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as SpecError {
    throw error
  } catch {
    throw SpecError(position: path.position, path: path.path, problem: "\(error)", remedy: "")
  }
}

extension InputReference {
  func renamed(_ name: String) -> InputReference {
    switch self {
    case .files(let tree): .files(NamedTree(name: name, files: tree.files))
    case .stage(_, let stage, let output): .stage(name: name, stage: stage, output: output)
    case .phase, .output: self
    }
  }

  /// Without the weights, so that tokenizing waits for no large file; a GGUF file is its model's tokenizer as well.
  var tokenizerFiles: InputReference {
    guard case .files(let tree) = self else { return renamed(InputTree.tokenizer) }
    let weights = [".safetensors", ".safetensors.index.json"]
    let isDirectory = tree.files.contains { file in weights.contains { file.path.hasSuffix($0) } }
    let left = tree.files.filter { file in
      !(weights + [".gguf"]).contains { file.path.hasSuffix($0) }
    }
    return .files(NamedTree(name: InputTree.tokenizer, files: isDirectory ? left : tree.files))
  }
}
