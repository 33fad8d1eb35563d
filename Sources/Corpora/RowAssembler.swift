/// Reads rows of one stream of documents from the mapped shards.
struct RowAssembler: Sendable {
  let index: CorpusIndex
  let shards: [TokenShard]
  let stream: CorpusSummary.Stream
  let sequenceLength: Int

  /// The row that starts at a position of the stream; behind the stream's end it starts again.
  /// Precondition: 0 ≤ position < stream.tokens.
  func row(at position: Int, source: Int) throws -> SampledRow {
    var row = SampledRow(
      source: source, tokens: [], targets: [], documentStarts: [], byteCount: 0, validTargets: 0)
    row.tokens.reserveCapacity(sequenceLength + 1)
    row.targets.reserveCapacity(sequenceLength)
    var number = index.entryIndex(stream, at: position)
    var offset = position - index.entry(stream, number).start
    while row.tokens.count < sequenceLength {
      try append(document: number, from: offset, to: &row)
      number = number + 1 == stream.entries ? 0 : number + 1
      offset = 0
    }
    return row
  }

  /// Appends what fits of one document from its token `offset` on.
  private func append(document number: Int, from offset: Int, to row: inout SampledRow) throws {
    let entry = index.entry(stream, number)
    let end = number + 1 < stream.entries ? index.entry(stream, number + 1).start : stream.tokens
    let shard = shards[entry.shard]
    let document = try shard.document(entry.document).tokens
    guard document.count == end - entry.start else {
      throw CorpusError(
        .corruptIndex, "document \(entry.document) has \(document.count) tokens, the index says \(end - entry.start)",
        file: shard.path)
    }
    let first = row.tokens.count
    let count = min(sequenceLength - first, document.count - offset)
    let targets = min(count, document.count - offset - 1)
    // One token more than the inputs where the document goes on: it is the last input's target.
    let start = document.lowerBound + offset
    try shard.appendTokens(start..<start + max(count, targets + 1), to: &row.tokens)
    row.documentStarts.append(first)
    row.targets.append(contentsOf: row.tokens[first + 1..<first + 1 + targets])
    for position in 0..<targets { row.byteCount += index.byteCount(of: row.tokens[first + 1 + position]) }
    if targets < count { row.targets.append(SampledRow.noTarget) }
    row.tokens.removeLast(row.tokens.count - first - count)
    row.validTargets += targets

    // The tokenizer's own space in front of the text is part of the first text token, which is a target only where the
    // beginning-of-text id stands before it.
    let summary = index.summary
    if summary.addsLeadingSpace, summary.startsWithBeginningOfText, offset == 0, targets > 0 { row.byteCount -= 1 }
  }
}
