import Checkpoints
import Corpora
import Crypto
import JobKit
import Tokenizers
import Transformer
import WireProtocol

/// Makes the plan of a `cpt` job: tokenize every file (`prepare`), index what came of it (`index`), train (`train`).
struct CPTPlanner {
  let specification: TrainingSpecification
  let context: any PlanningContext

  func plan() throws -> JobPlan {
    let texts = try planTexts()
    return JobPlan(
      jobType: "cpt", pluginVersion: CPTJob.version, name: specification.header.name,
      phases: [
        PhasePlan(name: "prepare", work: .sharded(texts.prepare)),
        PhasePlan(name: "index", work: .sharded([texts.index(payload: try encodePayload(texts.corpus))])),
        PhasePlan(name: "train", work: .stepped(try planTraining(texts))),
      ],
      outputs: ["model", "checkpoint", "ledger"], notes: texts.base.notes)
  }

  /// What a training starts from, the shards that tokenize its files, and what the index and the trainer know of them.
  struct Texts {
    let base: Base
    let prepare: [ShardPlan]
    let corpus: CorpusPayload

    /// The one shard of the phase after `prepare`.
    func index(payload: [UInt8]) -> ShardPlan {
      ShardPlan(name: "index", payload: payload, inputs: [base.tokenizer, .phase(0)])
    }
  }

  func planTexts() throws -> Texts {
    let base = try planStart()
    var prepare = PreparePhase(tokenizer: base.tokenizer)
    let sources = try specification.sources.map { source in
      SourcePayload(
        name: source.name, role: source.role, weight: source.weight,
        shardTrees: try source.paths.map {
          try prepare.add($0, textField: source.textField, documents: source.documents, context: context)
        })
    }
    let sets = try specification.validationSets.map { try plan($0, &prepare) }
    let corpus = CorpusPayload(
      sources: sources, sets: sets, validationSeed: specification.validationSeed,
      sequenceLength: specification.recipe.sequenceLength)
    return Texts(base: base, prepare: prepare.shards, corpus: corpus)
  }

  struct Base {
    let inputs: [InputReference]
    let start: MemberPayload.Start
    /// The files that decide what a token is.
    let tokenizer: InputReference
    let stateBytes: UInt64
    let notes: [String]
    /// A config.json that the job file has written out.
    var configuration: String?
  }

  private func planStart() throws -> Base {
    switch specification.start {
    case .model(let path):
      let input = try context.input(named: InputTree.model, path: path, kind: .fileOrDirectory)
      guard let localPath = input.localPath else {
        return Base(
          inputs: [input.reference], start: .model, tokenizer: input.reference.renamed(InputTree.tokenizer),
          stateBytes: 0, notes: ["The model is an earlier stage's; it is checked when that stage is done."])
      }
      let model = try naming(path) { try openModel(localPath) }
      let tokenizer = try naming(path) { try loadTokenizer(of: model) }
      let bytes = try check(model.configuration, tokenizer: tokenizer.tokenizer, at: path)
      try naming(path) { try model.check(ParameterLayout(LlamaShape(model.configuration)).placements) }
      return Base(
        inputs: [input.reference], start: .model, tokenizer: input.reference.tokenizerFiles, stateBytes: bytes,
        notes: [])
    case .random(let written, let tokenizerPath):
      let (parsed, configuration) = try planConfiguration(written)
      let tokenizer = try context.input(named: InputTree.tokenizer, path: tokenizerPath, kind: .directory)
      // One that an earlier stage makes is checked when the texts are indexed.
      let loaded = try tokenizer.localPath.map { directory in
        try naming(tokenizerPath) { try loadTokenizer(modelDirectory: directory).tokenizer }
      }
      let bytes = try check(parsed, tokenizer: loaded, at: tokenizerPath)
      let files = tokenizer.reference.tokenizerFiles
      let notes =
        tokenizer.localPath == nil ? ["The tokenizer is an earlier stage's; it is checked when it is there."] : []
      return Base(
        inputs: configuration.map { [$0] + [files] } ?? [files], start: .random, tokenizer: files, stateBytes: bytes,
        notes: notes, configuration: configuration == nil ? String(decoding: parsed.json, as: UTF8.self) : nil)
    }
  }

  /// The shape, and the input that has it; nil where the job file itself has it.
  private func planConfiguration(
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
    let length = specification.recipe.sequenceLength
    if length > configuration.contextLength {
      throw SpecError(
        position: path.position, path: "recipe.sequence_length",
        problem: "\(length) is more than the \(configuration.contextLength) positions of the model",
        remedy: "Lower it to \(configuration.contextLength) or less")
    }
    return CPTMember.stateBytes(shape: shape, recipe: specification.recipe)
  }

  private func plan(
    _ set: TrainingSpecification.ValidationSet, _ prepare: inout PreparePhase
  ) throws -> ValidationSetPayload {
    switch set.origin {
    case .heldOut(let source, let fraction):
      return ValidationSetPayload(
        name: set.name, role: set.role, tokens: set.tokens, heldOutFrom: source, fraction: fraction, shardTrees: [])
    case .files(let paths, let textField, let documents):
      return ValidationSetPayload(
        name: set.name, role: set.role, tokens: set.tokens, heldOutFrom: nil, fraction: nil,
        shardTrees: try paths.map {
          try prepare.add($0, textField: textField, documents: documents, context: context)
        })
    }
  }

  private func planTraining(_ texts: Texts) throws -> SteppedPlan {
    let recipe = specification.recipe
    let (base, corpus) = (texts.base, texts.corpus)
    let deferred = try specification.references.planned(context)
    let payload = MemberPayload(
      start: base.start, recipe: recipe, corpus: corpus, mixture: specification.mixturePayload,
      deferred: deferred.values, configuration: base.configuration)
    return SteppedPlan(
      payload: try encodePayload(payload), inputs: base.inputs + deferred.inputs + [.phase(0), .phase(1)],
      stepCount: UInt64(recipe.steps), sliceCount: UInt32(recipe.slices), measures: corpus.measures,
      evaluationRowCount: UInt32(corpus.validationRowCount),
      evaluationInterval: UInt64(specification.evaluationInterval),
      checkpointInterval: UInt64(specification.checkpointInterval),
      checkpointsKept: UInt32(specification.checkpointsKept), stateBytes: base.stateBytes, workUnit: "tok")
  }

  /// Runs `body`; what is wrong with the file at `path` becomes an error at its place in the job file.
  private func naming<Result>(_ path: SpecScalar, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as SpecError {
      throw error
    } catch {
      throw SpecError(position: path.position, path: path.path, problem: "\(error)", remedy: "")
    }
  }
}

/// The shards of the phase `prepare`, one a distinct file with its options.
private struct PreparePhase {
  let tokenizer: InputReference
  private(set) var shards: [ShardPlan] = []
  private var trees: Set<String> = []

  init(tokenizer: InputReference) { self.tokenizer = tokenizer }

  /// Returns the name of the tree that the file's token shard will have.
  mutating func add(
    _ path: SpecScalar, textField: String, documents: DocumentOptions.Boundary, context: any PlanningContext
  ) throws -> String {
    let input = try context.input(named: InputTree.file, path: path, kind: .file)
    var cacheKey: WireProtocol.Digest?
    var tree = "tokens-\(shards.count)"
    if case .files(let file) = input.reference, case .files(let tokenizer) = tokenizer {
      let key = Self.cacheKey(file: file, tokenizer: tokenizer, textField: textField, documents: documents)
      cacheKey = key
      tree = "tokens-\(key.hex.prefix(16))"
    }
    guard trees.insert(tree).inserted else { return tree }
    if let file = input.localPath { try checkBeginning(of: file, path, textField, documents) }
    let payload = PreparePayload(file: path.text, textField: textField, documents: documents, outputTree: tree)
    shards.append(
      ShardPlan(
        name: path.text, payload: try encodePayload(payload), inputs: [input.reference, tokenizer], cacheKey: cacheKey))
    return tree
  }

  /// Reads the first document, so that a file of a wrong kind or with other fields is answered before anything runs.
  private func checkBeginning(
    of file: String, _ path: SpecScalar, _ textField: String, _ documents: DocumentOptions.Boundary
  ) throws {
    do {
      var reader = try DocumentReader(path: file, options: DocumentOptions(textField: textField, documents: documents))
      var text: [UInt8] = []
      // A text file that is one document is not read twice.
      if documents != .file || file.contains(".jsonl") { _ = try reader.next(into: &text) }
    } catch let error as CorpusError {
      throw SpecError(position: path.position, path: path.path, problem: "\(error)", remedy: "")
    }
  }

  /// Everything that the bytes of a token shard depend on.
  private static func cacheKey(
    file: NamedTree, tokenizer: NamedTree, textField: String, documents: DocumentOptions.Boundary
  ) -> WireProtocol.Digest {
    var hash = SHA256()
    hash.update(data: Array("prepare \(Corpora.prepareVersion) \(documents.rawValue) \(textField)\n".utf8))
    // Other files of the model, such as its chat template, change no token.
    let deciding = tokenizer.files.filter { tokenizerFileNames.contains($0.path) || $0.path.hasSuffix(".gguf") }
    for (file, name) in file.files.map({ ($0, $0.path) }) + deciding.map({ ($0, $0.path) }) {
      hash.update(data: Array("\(name) \(file.digest.hex)\n".utf8))
    }
    guard let key = WireProtocol.Digest(Array(hash.finalize())) else { preconditionFailure("SHA-256 has 32 bytes") }
    return key
  }
}

extension InputReference {
  fileprivate func renamed(_ name: String) -> InputReference {
    switch self {
    case .files(let tree): .files(NamedTree(name: name, files: tree.files))
    case .stage(_, let stage, let output): .stage(name: name, stage: stage, output: output)
    case .phase, .output: self
    }
  }

  /// Without the weights, so that tokenizing waits for no large file; a GGUF file is its model's tokenizer as well.
  fileprivate var tokenizerFiles: InputReference {
    guard case .files(let tree) = self else { return renamed(InputTree.tokenizer) }
    let weights = [".safetensors", ".safetensors.index.json"]
    let isDirectory = tree.files.contains { file in weights.contains { file.path.hasSuffix($0) } }
    let left = tree.files.filter { file in
      !(weights + [".gguf"]).contains { file.path.hasSuffix($0) }
    }
    return .files(NamedTree(name: InputTree.tokenizer, files: isDirectory ? left : tree.files))
  }
}

extension TrainingSpecification {
  var mixturePayload: MixturePayload {
    switch mixture {
    case .almr(let ratio): MixturePayload(almr: ratio, shares: nil)
    case .shares(let shares):
      MixturePayload(
        almr: nil, shares: sources.map { source in shares.first { $0.source == source.name }?.share ?? 0 })
    }
  }
}

extension CorpusPayload {
  /// Rows of all validation sets; a set may have fewer than it has places for.
  var validationRowCount: Int { sets.reduce(0) { $0 + $1.rowCount(sequenceLength: sequenceLength) } }
}

extension ValidationSetPayload {
  /// Rows that its tokens make, at most; a short text may have fewer.
  func rowCount(sequenceLength: Int) -> Int { (tokens - 1) / sequenceLength + 1 }
}
