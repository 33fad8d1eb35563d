import Checkpoints
import Corpora
import Crypto
import Foundation
import JobKit
import Tokenizers

extension CPTJob {
  /// The phase `prepare`: one input file becomes a token shard and its 13-grams.
  func prepareShard(_ context: ShardContext) throws -> ShardResult {
    let payload = try decodePayload(PreparePayload.self, from: context.payload)
    let input = try onlyFile(in: try context.inputs.directory(InputTree.file))
    let loaded = try loadTokenizer(ofTree: try context.inputs.directory(InputTree.tokenizer))
    let directory = context.scratchDirectory + "/tokens"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let paths = PreparedPaths(inTree: directory)
    do {
      _ = try prepareFile(
        input: input, tokenizer: loaded.tokenizer, tokenizerSHA256: Array(SHA256.hash(data: loaded.fileBytes)),
        options: payload.options, shard: paths.shard, grams: paths.grams
      ) { progress in
        context.progress(
          "tokenizing", Double(progress.inputBytes) / Double(max(1, progress.inputBytesTotal)))
      }
    } catch var error as CorpusError where error.file == input {
      error.file = payload.file
      throw error
    }
    return ShardResult(outputs: [OutputTree(name: payload.outputTree, directory: directory)])
  }

  /// The phase `index`: which documents are held out, what repeats, what overlaps.
  func indexShard(_ context: ShardContext) throws -> ShardResult {
    let corpus = try decodePayload(CorpusPayload.self, from: context.payload)
    let directory = context.scratchDirectory + "/index"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    context.progress("indexing", 0)
    let loaded = try loadTokenizer(ofTree: try context.inputs.directory(InputTree.tokenizer))
    let summary = try buildCorpusIndex(
      sources: try corpus.sourcePlans(inputs: context.inputs),
      sets: try corpus.validationPlans(inputs: context.inputs), validationSeed: corpus.validationSeed,
      tokenizer: loaded.tokenizer, output: directory + "/" + InputTree.indexFile)
    return ShardResult(
      outputs: [OutputTree(name: InputTree.index, directory: directory)],
      result: String(decoding: try encodePayload(["corpus": CorpusReport(summary)]), as: UTF8.self))
  }
}

extension PreparePayload {
  var options: DocumentOptions { DocumentOptions(textField: textField, documents: documents) }
}

extension PreparedPaths {
  /// Where a shard's two files lie in its tree.
  init(inTree directory: String) { self.init(shard: directory + "/tokens.shard", grams: directory + "/tokens.grams") }
}

extension CorpusPayload {
  func sourcePlans(inputs: [String: String]) throws -> [SourcePlan] {
    try sources.map { source in
      SourcePlan(
        name: source.name, role: source.role, weight: source.weight,
        files: try source.shardTrees.map { PreparedPaths(inTree: try inputs.directory($0)) })
    }
  }

  func validationPlans(inputs: [String: String]) throws -> [ValidationPlan] {
    try sets.map { set in
      let origin: ValidationPlan.Origin =
        if let source = set.heldOutFrom, let fraction = set.fraction {
          .heldOut(from: source, fraction: fraction)
        } else {
          .files(try set.shardTrees.map { PreparedPaths(inTree: try inputs.directory($0)) })
        }
      return ValidationPlan(name: set.name, role: set.role, origin: origin, tokenBudget: set.tokens)
    }
  }
}

/// What the index adds to `result.json`: how much text there is, what was held out, what overlaps.
struct CorpusReport: Codable {
  struct Source: Codable {
    let name: String
    let role: SourceRole
    let training: TextCounts
    let heldOut: TextCounts
    let duplicates: Int
    let duplicatesOfOtherSources: Int
    let tokensPerByte: Double?
    let tokensPerCharacter: Double?
  }
  struct Set: Codable {
    let name: String
    let role: SourceRole
    /// The source it was held out from; nil for a set with texts of its own.
    let from: String?
    let text: TextCounts
    let exactCopiesRemoved: Int
    let grams: Int
    let sharedGrams: Int
    let overlapShare: Double?
  }
  let sources: [Source]
  let sets: [Set]

  init(_ summary: CorpusSummary) {
    sources = summary.sources.map { source in
      Source(
        name: source.name, role: source.role, training: source.training, heldOut: source.heldOut,
        duplicates: source.duplicates, duplicatesOfOtherSources: source.duplicatesOfOtherSources,
        tokensPerByte: source.all.tokensPerByte, tokensPerCharacter: source.all.tokensPerCharacter)
    }
    sets = summary.sets.map { set in
      Set(
        name: set.name, role: set.role, from: set.from, text: set.counts,
        exactCopiesRemoved: set.overlaps.reduce(0) { $0 + $1.exactCopiesRemoved }, grams: set.grams,
        sharedGrams: set.sharedGrams, overlapShare: set.overlapShare)
    }
  }
}

/// The one file of an input tree that is a file.
func onlyFile(in directory: String) throws -> String {
  let names = try FileManager.default.contentsOfDirectory(atPath: directory)
  guard names.count == 1 else { throw MissingInput(tree: directory) }
  return directory + "/" + names[0]
}
