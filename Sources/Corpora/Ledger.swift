/// What training asked for and what it got, source by source: rows, tokens (input positions), valid targets, bytes of
/// text. The achieved tokens add up to the tokens trained.
public struct Ledger: Codable, Hashable, Sendable {
  public struct Entry: Codable, Hashable, Sendable {
    public var name: String
    public var role: SourceRole
    public var requestedShare: Double
    /// Rows and tokens that the share means, not rounded.
    public var requestedRows: Double
    public var requestedTokens: Double
    public var rows: Int
    public var tokens: Int
    public var achievedShare: Double
    public var validTargets: Int
    /// UTF-8 bytes that the valid targets stand for.
    public var bytes: Int
    /// Passes over the source's training text so far.
    public var passes: Double
    /// Mean loss over the valid targets of the source's rows in the last step that had some; set by the trainer.
    public var loss: Double?
    /// All text of the source's files: documents, tokens, bytes, characters.
    public var text: TextCounts
    /// Tokens for a byte and for a character of that text: the tokenizer's fertility on it.
    public var tokensPerByte: Double?
    public var tokensPerCharacter: Double?
  }

  public var schema = 1
  public private(set) var steps = 0
  public let sequenceLength: Int
  public private(set) var rows = 0
  public private(set) var tokens = 0
  public private(set) var entries: [Entry]
  /// Tokens of one pass, by source.
  private let streamTokens: [Int]

  /// An empty ledger for the sampler's sources.
  public init(_ sampler: RowSampler) {
    sequenceLength = sampler.sequenceLength
    let shares = sampler.schedule.shares
    streamTokens = sampler.index.summary.sources.map(\.stream.tokens)
    entries = sampler.index.summary.sources.enumerated().map { index, source in
      Entry(
        name: source.name, role: source.role, requestedShare: shares.share(index), requestedRows: 0,
        requestedTokens: 0, rows: 0, tokens: 0, achievedShare: 0, validTargets: 0, bytes: 0, passes: 0, loss: nil,
        text: source.all, tokensPerByte: source.all.tokensPerByte, tokensPerCharacter: source.all.tokensPerCharacter)
    }
  }

  /// The ledger after `steps` steps, computed from nothing but the sampler. Reads every row.
  public init(_ sampler: RowSampler, steps: Int) throws {
    self.init(sampler)
    precondition(steps >= 0)
    for step in 0..<steps { try add(step: step + 1, of: sampler) }
  }

  /// Adds one step; steps are added in order from 1.
  public mutating func add(step: Int, of sampler: RowSampler) throws {
    add(step: step, rows: try (0..<sampler.rowsPerStep).map { try sampler.row(step: step, slot: $0) })
  }

  /// Notes the loss of a source's rows in the last step. Precondition: the source exists.
  public mutating func note(loss: Double, source: Int) { entries[source].loss = loss }

  /// Adds one step's rows. Precondition: `step` is the one after the last.
  public mutating func add(step: Int, rows sampled: [SampledRow]) {
    precondition(step == steps + 1)
    steps = step
    for row in sampled {
      rows += 1
      tokens += row.tokens.count
      entries[row.source].rows += 1
      entries[row.source].tokens += row.tokens.count
      entries[row.source].validTargets += row.validTargets
      entries[row.source].bytes += row.byteCount
    }
    for index in entries.indices {
      entries[index].requestedRows = entries[index].requestedShare * Double(rows)
      entries[index].requestedTokens = entries[index].requestedShare * Double(tokens)
      entries[index].achievedShare = tokens > 0 ? Double(entries[index].tokens) / Double(tokens) : 0
      entries[index].passes = Double(entries[index].tokens) / Double(streamTokens[index])
    }
  }
}
