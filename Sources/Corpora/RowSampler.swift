/// Which rows training sees: a pure function of (seed, step, slot) for given sources, shares, sequence length and
/// batch. There is no state to save: a resumed run asks for the steps that are left and gets exactly their rows.
///
/// Steps count from 1. Step s holds slots (s−1)·B … s·B−1 of the schedule for B rows a step; the schedule names the
/// source and how many of its rows came before (`MixtureSchedule`), and that number the row (`RowOrder`).
public final class RowSampler: Sendable {
  public let index: CorpusIndex
  public let schedule: MixtureSchedule
  public let sequenceLength: Int
  public let rowsPerStep: Int
  public let seed: UInt64
  let orders: [RowOrder]
  private let sourceRows: [RowAssembler]
  private let setRows: [RowAssembler]

  /// - Parameters:
  ///   - shards: as `CorpusIndex.openShards` returns them.
  ///   - seed: the recipe's.
  ///   - sequenceLength: T, input positions of a row.
  ///   - rowsPerStep: B, rows of a global batch.
  /// - Throws: `CorpusError` when a source or a validation set has less than one row.
  public init(
    index: CorpusIndex, shards: [TokenShard], shares: MixtureShares, seed: UInt64, sequenceLength: Int,
    rowsPerStep: Int
  ) throws {
    precondition(sequenceLength > 0 && rowsPerStep > 0)
    precondition(shards.count == index.summary.shards.count)
    let summary = index.summary
    guard shares.numerators.count == summary.sources.count else {
      throw CorpusError(.mixture, "\(shares.numerators.count) shares for \(summary.sources.count) sources")
    }
    for source in summary.sources where source.stream.tokens < sequenceLength {
      throw CorpusError(
        .tooSmall,
        "source \(source.name) has \(source.stream.tokens) training tokens, less than one row of \(sequenceLength); "
          + "add text, hold out less or shorten sequence_length")
    }
    for set in summary.sets where set.stream.tokens < sequenceLength {
      throw CorpusError(
        .tooSmall,
        "validation set \(set.name) has \(set.stream.tokens) tokens, less than one row of \(sequenceLength); "
          + (set.from == nil ? "add text" : "raise its fraction") + " or shorten sequence_length")
    }
    self.index = index
    self.sequenceLength = sequenceLength
    self.rowsPerStep = rowsPerStep
    self.seed = seed
    schedule = MixtureSchedule(shares: shares)
    orders = summary.sources.map {
      RowOrder(streamTokens: $0.stream.tokens, sequenceLength: sequenceLength, seed: seed, source: $0.name)
    }
    func assembler(_ stream: CorpusSummary.Stream) -> RowAssembler {
      RowAssembler(index: index, shards: shards, stream: stream, sequenceLength: sequenceLength)
    }
    sourceRows = summary.sources.map { assembler($0.stream) }
    setRows = summary.sets.map { assembler($0.stream) }
  }

  /// Source of the row in a slot of a step. Precondition: step ≥ 1, 0 ≤ slot < rowsPerStep.
  public func source(step: Int, slot: Int) -> Int { draw(step: step, slot: slot).source }

  /// The row in a slot of a step. Precondition: step ≥ 1, 0 ≤ slot < rowsPerStep.
  /// - Throws: `CorpusError` when a shard is damaged.
  public func row(step: Int, slot: Int) throws -> SampledRow {
    let draw = draw(step: step, slot: slot)
    let order = orders[draw.source]
    let position = order.position(ofRow: order.row(ofDraw: draw.row))
    return try sourceRows[draw.source].row(at: position, source: draw.source)
  }

  func draw(step: Int, slot: Int) -> MixtureSchedule.Draw {
    precondition(step >= 1 && slot >= 0 && slot < rowsPerStep)
    return schedule.draw(slot: (step - 1) * rowsPerStep + slot)
  }

  /// Rows that a validation of the set measures: its token budget in rows, rounded down, at least one, at most all.
  public func validationRowCount(set: Int) -> Int {
    let stream = index.summary.sets[set].stream
    return min(stream.tokens / sequenceLength, max(1, index.summary.sets[set].tokenBudget / sequenceLength))
  }

  /// A row of a validation set. The rows are full, and spread evenly over the set's documents in hash order, so that a
  /// budget smaller than the set still sees all of it. Precondition: 0 ≤ row < validationRowCount(set:).
  public func validationRow(set: Int, row: Int) throws -> SampledRow {
    let count = validationRowCount(set: set)
    precondition(row >= 0 && row < count)
    let all = index.summary.sets[set].stream.tokens / sequenceLength
    return try setRows[set].row(at: row * all / count * sequenceLength, source: set)
  }

  /// All rows of a validation of the set, in order.
  public func validationRows(set: Int) throws -> [SampledRow] {
    try (0..<validationRowCount(set: set)).map { try validationRow(set: set, row: $0) }
  }
}
