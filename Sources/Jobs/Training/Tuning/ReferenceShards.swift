import Checkpoints
import Corpora
import Crypto
import Foundation
import JobKit
import KernelTable
import Tokenizers
import Transformer
import WireProtocol

/// One shard of the phase `reference`: log-probabilities of some pairs under the model that stays as it is.
struct ReferencePayload: Codable {
  /// Tree of the pairs.
  let shardTree: String
  let part: Int
  let parts: Int
  let sequenceLength: Int
  let outputTree: String

  static let model = "reference"
  static let file = "reference.json"

  /// The part's examples of a shard of `count`.
  func examples(of count: Int) -> Range<Int> { count * part / parts..<count * (part + 1) / parts }
}

/// What such a shard leaves.
struct ReferenceValues: Codable {
  /// Identity of the shard that the pairs are in.
  let shard: String
  let first: Int
  let chosen: [Double]
  let rejected: [Double]
}

/// Makes the phase `reference`: a shard some hundred kilobytes of rows, each found again by what it was made of.
struct ReferencePlanner {
  let specification: TuningSpecification
  let context: any PlanningContext
  let start: PlannedStart

  /// Some thirty pairs of a few hundred tokens: minutes of one worker with a model of a billion parameters.
  private static let bytesPerPart: UInt64 = 1 << 16
  private static let partsMax: UInt64 = 64

  func plan(
    _ files: TuningPlanner.FileShards
  ) throws -> (shards: [ShardPlan], trees: [String: [String]]) {
    let model = try referenceModel()
    var shards: [ShardPlan] = []
    var trees: [String: [String]] = [:]
    for (tree, known) in files.trees {
      let parts = Int(min(Self.partsMax, max(1, known.byteCount / Self.bytesPerPart)))
      for part in 0..<parts {
        var name = "reference-\(shards.count)"
        var cacheKey: WireProtocol.Digest?
        if let key = known.cacheKey, case .files(let files) = model {
          let made = contentKey(
            "reference \(numericsVersion) \(key.hex) \(part)/\(parts) \(specification.recipe.sequenceLength)",
            files.files)
          cacheKey = made
          name = "reference-\(made.hex.prefix(16))"
        }
        let payload = ReferencePayload(
          shardTree: tree, part: part, parts: parts, sequenceLength: specification.recipe.sequenceLength,
          outputTree: name)
        trees[tree, default: []].append(name)
        shards.append(
          ShardPlan(
            name: "\(tree) \(part + 1)/\(parts)", payload: try encodePayload(payload),
            inputs: [model, start.tokenizer, .phase(0)], cacheKey: cacheKey))
      }
    }
    return (shards, trees)
  }

  /// The model that training starts from, or one with the same tokenizer.
  private func referenceModel() throws -> InputReference {
    guard let path = specification.preference?.reference else {
      return start.inputs[0].renamed(ReferencePayload.model)
    }
    let input = try context.input(named: ReferencePayload.model, path: path, kind: .fileOrDirectory)
    if let local = input.localPath {
      try naming(path) {
        let model = try openModel(local)
        try model.check(ParameterLayout(LlamaShape(model.configuration)).placements)
        if let policy = start.opened?.tokenizer { try checkReference(loadTokenizer(of: model), policy: policy) }
      }
    }
    return input.reference
  }
}

/// A reference that reads other tokens than the policy.
struct ForeignReference: Error, CustomStringConvertible {
  let description: String
}

/// Log-probabilities can be compared only over the same tokens.
private func checkReference(_ reference: LoadedTokenizer, policy: LoadedTokenizer) throws {
  let sizes = (reference.tokenizer.vocabularySize, policy.tokenizer.vocabularySize)
  guard sizes.0 == sizes.1 else {
    throw ForeignReference(
      description: "the reference has another tokenizer: \(sizes.0) ids, the model that is trained has \(sizes.1); "
        + "take a reference of the same family")
  }
  guard reference.fileBytes == policy.fileBytes else {
    throw ForeignReference(
      description: "the reference has another tokenizer: as many ids, but its file has SHA-256 "
        + "\(hexadecimal(SHA256.hash(data: reference.fileBytes)).prefix(16))…, that of the model that is trained "
        + "\(hexadecimal(SHA256.hash(data: policy.fileBytes)).prefix(16))…; take a reference of the same family")
  }
}

extension DPOJob {
  /// The phase `reference`: forward passes alone.
  func referenceShard(_ context: ShardContext) throws -> ShardResult {
    let payload = try decodePayload(ReferencePayload.self, from: context.payload)
    context.progress("loading", 0)
    let source = try openModel(try context.inputs.directory(ReferencePayload.model))
    try checkReference(
      loadTokenizer(of: source), policy: loadTokenizer(ofTree: context.inputs.directory(InputTree.tokenizer)))
    let shape = try LlamaShape(source.configuration)
    let layout = ParameterLayout(shape)
    let weights = FloatBuffer(count: layout.count)
    try source.loadWeights(layout.placements, into: weights.whole)
    let model = LlamaModel(
      shape: shape, pool: ThreadPool(threads: context.threads), kernels: try Kernels.forThisProcessor(),
      maximumTokensPerMicrobatch: max(2048, 2 * payload.sequenceLength))
    let directory = try context.inputs.directory(payload.shardTree)
    let shard = try ConversationShard(path: ConversationShards.file(inTree: directory))
    let examples = payload.examples(of: shard.exampleCount)
    var (chosen, rejected): ([Double], [Double]) = ([], [])
    for example in examples {
      let rows = (0..<2).map { packedRow([shard.sequence(example: example, sequence: $0)]) }
      let losses = model.losses(weights: weights.start, rows: rows)
      chosen.append(-losses[0].sum)
      rejected.append(-losses[1].sum)
      context.progress("reference", Double(chosen.count) / Double(examples.count))
    }
    let output = context.scratchDirectory + "/reference"
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    let values = ReferenceValues(
      shard: shard.identity, first: examples.lowerBound, chosen: chosen, rejected: rejected)
    try Data(try encodePayload(values)).write(to: URL(fileURLWithPath: output + "/" + ReferencePayload.file))
    return ShardResult(outputs: [OutputTree(name: payload.outputTree, directory: output)])
  }
}

/// The reference's log-probabilities of all pairs, by shard and example.
struct ReferenceTable {
  private var values: [String: [(chosen: Double, rejected: Double)]] = [:]

  init(_ corpus: TuningCorpusPayload, _ preference: PreferencePayload, inputs: [String: String]) throws {
    let trees = corpus.sources.flatMap(\.shardTrees) + corpus.sets.flatMap(\.shardTrees)
    for tree in Set(trees).sorted() {
      for part in preference.referenceTrees[tree] ?? [] {
        let file = try inputs.directory(part) + "/" + ReferencePayload.file
        let read = try decodePayload(
          ReferenceValues.self, from: [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))))
        guard values[read.shard, default: []].count == read.first, read.chosen.count == read.rejected.count else {
          throw CorpusError(
            .mismatch, "the reference's values begin at pair \(read.first), \(values[read.shard, default: []].count) "
              + "come before; run the job again", file: file)
        }
        values[read.shard, default: []] += zip(read.chosen, read.rejected).map { ($0, $1) }
      }
    }
  }

  func logProbabilities(
    _ shard: ConversationShard, example: Int
  ) throws -> (chosen: Double, rejected: Double) {
    guard let all = values[shard.identity], example < all.count else {
      throw CorpusError(.mismatch, "pair \(example) has no reference; run the job again", file: shard.path)
    }
    return all[example]
  }
}
