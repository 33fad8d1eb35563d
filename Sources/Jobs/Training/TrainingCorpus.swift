import Corpora
import Foundation
import JobKit
import Transformer

/// The rows of a job: which one stands in which slot of which step, and those of the validation sets.
struct TrainingCorpus {
  /// A training row with the number of its source.
  struct Row {
    let source: Int
    let tokens: TokenRow
  }

  private let sampler: RowSampler
  private let corpus: CorpusPayload
  private let shares: [Double]

  init(_ payload: MemberPayload, inputs: [String: String], vocabularySize: Int) throws {
    corpus = payload.corpus
    let index = try CorpusIndex(path: try inputs.directory(InputTree.index) + "/" + InputTree.indexFile)
    guard index.summary.vocabularySize <= vocabularySize else {
      throw CorpusError(
        .mismatch,
        "the tokenizer has \(index.summary.vocabularySize) ids, the model's vocab_size is \(vocabularySize)",
        file: index.path)
    }
    let trees = corpus.sources.flatMap(\.shardTrees) + corpus.sets.flatMap(\.shardTrees)
    let shards = try index.openShards(trees.map { PreparedPaths(inTree: try inputs.directory($0)).shard })
    let shares =
      if let almr = payload.mixture.almr {
        try MixtureShares(almr: almr, sources: index.mixtureSources)
      } else {
        try MixtureShares(shares: payload.mixture.shares ?? [], names: corpus.sources.map(\.name))
      }
    self.shares = corpus.sources.indices.map(shares.share)
    sampler = try RowSampler(
      index: index, shards: shards, shares: shares, seed: payload.recipe.seed,
      sequenceLength: payload.recipe.sequenceLength, rowsPerStep: payload.recipe.globalBatchSize)
  }

  /// The share of rows from sources whose role is added, as it was asked for.
  var almr: Double {
    zip(corpus.sources, shares).reduce(0) { $0 + ($1.0.role == .added ? $1.1 : 0) }
  }

  /// Row `slot` of step `step`, which counts from 1.
  func row(step: UInt64, slot: Int) throws -> Row {
    let row = try sampler.row(step: Int(step), slot: slot)
    return Row(source: row.source, tokens: TokenRow(row))
  }

  /// Row `row` of all validation sets' rows in order; `tokens` is nil where the set has fewer rows than it may have.
  func validationRow(_ row: Int) throws -> (set: Int, tokens: TokenRow?, byteCount: Int) {
    var first = 0
    for (set, payload) in corpus.sets.enumerated() {
      let count = payload.rowCount(sequenceLength: corpus.sequenceLength)
      if row < first + count {
        guard row - first < sampler.validationRowCount(set: set) else { return (set, nil, 0) }
        let sampled = try sampler.validationRow(set: set, row: row - first)
        return (set, TokenRow(sampled), sampled.byteCount)
      }
      first += count
    }
    preconditionFailure("row \(row) of \(first) validation rows")
  }

  /// The share of input positions that steps 1 … `steps` drew from sources whose role is added.
  func addedShare(steps: UInt64) -> Double {
    let rows = sampler.schedule.counts(slots: Int(steps) * sampler.rowsPerStep)
    let added = zip(rows, corpus.sources).reduce(0) { $0 + ($1.1.role == .added ? $1.0 : 0) }
    return Double(added) / Double(max(1, rows.reduce(0, +)))
  }

  /// What steps 1 … `steps` drew from each source.
  func drawn(steps: UInt64) throws -> Ledger { try Ledger(sampler, steps: Int(steps)) }

  /// The same as the file `ledger.json` and for `result.json`.
  func ledger(steps: UInt64) throws -> (json: [UInt8], mixture: TrainingResult.Mixture) {
    let ledger = try drawn(steps: steps)
    let sources = ledger.entries.map { entry in
      TrainingResult.Mixture.Source(
        name: entry.name, role: entry.role, requested: entry.requestedShare, achieved: entry.achievedShare,
        rows: entry.rows, tokens: entry.tokens, bytes: entry.bytes, tokensPerByte: entry.tokensPerByte,
        tokensPerCharacter: entry.tokensPerCharacter)
    }
    let added = sources.filter { $0.role == .added }
    let mixture = TrainingResult.Mixture(
      requested: added.reduce(0) { $0 + $1.requested }, achieved: added.reduce(0) { $0 + $1.achieved },
      sources: sources)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return ([UInt8](try encoder.encode(ledger)), mixture)
  }
}

extension TokenRow {
  init(_ row: SampledRow) {
    self.init(tokens: row.tokens, targets: row.targets, documentStarts: row.documentStarts)
  }
}
