import Corpora
import Crypto
import Foundation
import Transformer

/// Which examples training sees in which slot of which step, and those of the validation sets.
final class TuningCorpus {
  /// A row with the number of its source: a sequence of one or more packed conversations, or the answers of a pair.
  struct Row {
    let source: Int
    let places: [ExampleSource.Place]
  }

  let sources: [ExampleSource]
  private let corpus: TuningCorpusPayload
  private let recipe: Recipe
  private let schedule: MixtureSchedule
  private let sets: [(shards: [ConversationShard], places: [ExampleSource.Place])]

  init(_ corpus: TuningCorpusPayload, recipe: Recipe, inputs: [String: String], vocabularySize: Int) throws {
    self.corpus = corpus
    self.recipe = recipe
    let file = try inputs.directory(InputTree.index) + "/" + TuningIndex.file
    let index = try decodePayload(TuningIndex.self, from: [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))))
    let sources = try zip(corpus.sources, index.sources).map { source, indexed in
      let shards = try ConversationShards.openShards(source.shardTrees, inputs: inputs)
      for shard in shards where shard.vocabularySize > vocabularySize {
        throw CorpusError(
          .mismatch, "the tokenizer has \(shard.vocabularySize) ids, the model's vocab_size is \(vocabularySize)",
          file: shard.path)
      }
      return try ExampleSource(
        name: source.name, shards: shards, heldOut: indexed.heldOut, rowLength: recipe.sequenceLength,
        packs: corpus.packs, seed: recipe.seed)
    }
    self.sources = sources
    let names = corpus.sources.map(\.name)
    let tokens = sources.map { source in source.shards.reduce(0) { $0 + $1.tokenCount } }
    let total = tokens.reduce(0, +)
    let shares = try MixtureShares(
      shares: corpus.shares ?? tokens.map { Double($0) / Double(total) }, names: names)
    schedule = MixtureSchedule(shares: shares)
    sets = try corpus.sets.map { set in
      var shards = try ConversationShards.openShards(set.shardTrees, inputs: inputs)
      var held: HeldOutExamples?
      if let source = corpus.sources.firstIndex(where: { $0.name == set.heldOutFrom }) {
        shards = sources[source].shards
        held = index.sources[source].heldOut
      }
      return (shards, Self.evaluated(shards, held, rows: set.rows))
    }
  }

  /// In the order of their hashes, each once: not a matter of files or their order.
  private static func evaluated(
    _ shards: [ConversationShard], _ held: HeldOutExamples?, rows: Int
  ) -> [ExampleSource.Place] {
    var found: [(hash: [UInt8], place: ExampleSource.Place)] = []
    var seen: Set<[UInt8]> = []
    for (number, shard) in shards.enumerated() {
      for example in 0..<shard.exampleCount {
        let hash = shard.hash(example: example)
        guard held?.contains(hash) != false, seen.insert(hash).inserted else { continue }
        found.append((hash, ExampleSource.Place(shard: number, example: example)))
      }
    }
    found.sort { $0.hash.lexicographicallyPrecedes($1.hash) }
    return Array(found.map(\.place).prefix(rows))
  }

  /// The row in slot `slot` of step `step`, which counts from 1.
  func row(step: UInt64, slot: Int) -> Row {
    let draw = schedule.draw(slot: (Int(step) - 1) * recipe.globalBatchSize + slot)
    return Row(source: draw.source, places: sources[draw.source].places(ofRow: draw.row))
  }

  /// One sequence of packed conversations; documents do not see each other.
  func packed(_ row: Row) -> TokenRow {
    packedRow(row.places.map { sources[row.source].shards[$0.shard].sequence(example: $0.example) })
  }

  /// Both answers of a pair, the preferred one first.
  func pair(_ place: ExampleSource.Place, in shards: [ConversationShard]) -> [TokenRow] {
    (0..<2).map { packedRow([shards[place.shard].sequence(example: place.example, sequence: $0)]) }
  }

  /// The example at row `row` of all validation sets' rows; nil where the set has fewer rows than it may have.
  func validationExample(
    _ row: Int
  ) -> (set: Int, shards: [ConversationShard], place: ExampleSource.Place?) {
    var first = 0
    for (set, payload) in corpus.sets.enumerated() {
      if row < first + payload.rows {
        let places = sets[set].places
        return (set, sets[set].shards, row - first < places.count ? places[row - first] : nil)
      }
      first += payload.rows
    }
    preconditionFailure("row \(row) of \(first) validation rows")
  }

  /// Input positions of a step's rows.
  func tokens(step: UInt64) -> Int {
    (0..<recipe.globalBatchSize).reduce(0) { $0 + length(row(step: step, slot: $1)) }
  }

  private func length(_ row: Row) -> Int {
    let shards = sources[row.source].shards
    return row.places.reduce(0) { sum, place in
      (0..<corpus.kind.sequencesPerExample).reduce(sum) {
        $0 + shards[place.shard].tokenCount(example: place.example, sequence: $1) - 1
      }
    }
  }

  /// What steps 1 … `steps` drew from each source.
  func ledger(steps: UInt64) -> TuningLedger {
    let rows = schedule.counts(slots: Int(steps) * recipe.globalBatchSize)
    var entries: [TuningLedger.Entry] = []
    for (number, source) in sources.enumerated() {
      var (examples, tokens, learned) = (0, 0, 0)
      for row in 0..<rows[number] {
        for place in source.places(ofRow: row) {
          examples += 1
          for sequence in 0..<corpus.kind.sequencesPerExample {
            let text = source.shards[place.shard].sequence(example: place.example, sequence: sequence)
            tokens += text.tokens.count - 1
            learned += text.isLearned.dropFirst().count { $0 }
          }
        }
      }
      entries.append(
        TuningLedger.Entry(
          name: source.name, requestedShare: schedule.shares.share(number), rows: rows[number], examples: examples,
          tokens: tokens, learnedTokens: learned, passes: source.passes(rows: rows[number])))
    }
    return TuningLedger(steps: Int(steps), entries: entries)
  }
}

/// Conversations one after the other; a conversation's last token predicts nothing and is left out.
func packedRow(_ conversations: [LearnedTokens]) -> TokenRow {
  var row = TokenRow(tokens: [], targets: [], documentStarts: [])
  for conversation in conversations {
    row.documentStarts.append(row.tokens.count)
    row.tokens += conversation.tokens.dropLast()
    row.targets += zip(conversation.tokens, conversation.isLearned).dropFirst().map { $1 ? $0 : -1 }
  }
  return row
}

/// What a tuning asked for and what it got, source by source. Shares are of rows.
struct TuningLedger: Codable {
  struct Entry: Codable {
    let name: String
    let requestedShare: Double
    let rows: Int
    /// Conversations, or pairs.
    let examples: Int
    /// Input positions.
    let tokens: Int
    let learnedTokens: Int
    let passes: Double
  }
  var schema = 1
  let steps: Int
  let rows: Int
  let tokens: Int
  let entries: [Entry]

  init(steps: Int, entries: [Entry]) {
    self.steps = steps
    self.entries = entries
    rows = entries.reduce(0) { $0 + $1.rows }
    tokens = entries.reduce(0) { $0 + $1.tokens }
  }

  var json: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      return [UInt8](try encoder.encode(self))
    }
  }
}

/// What a finished tuning adds to `result.json`.
struct TuningResult: Encodable {
  struct Mixture: Encodable {
    struct Source: Encodable {
      let name: String
      let requested: Double
      let achieved: Double
      let rows: Int
      let tokens: Int
      let learned: Int
      let passes: Double
    }
    let sources: [Source]
  }
  let weightsSHA256: String
  let parameters: Int
  let mixture: Mixture
  /// Any of these ends an answer.
  let stopTokens: [Int32]

  enum CodingKeys: String, CodingKey {
    case weightsSHA256 = "weights_sha256"
    case parameters, mixture
    case stopTokens = "stop_tokens"
  }

  init(weightsSHA256: String, parameters: Int, ledger: TuningLedger, stopTokens: [Int32]) {
    self.weightsSHA256 = weightsSHA256
    self.parameters = parameters
    self.stopTokens = stopTokens
    mixture = Mixture(
      sources: ledger.entries.map { entry in
        Mixture.Source(
          name: entry.name, requested: entry.requestedShare,
          achieved: Double(entry.rows) / Double(max(1, ledger.rows)), rows: entry.rows, tokens: entry.tokens,
          learned: entry.learnedTokens, passes: entry.passes)
      })
  }
}
