import KernelTable

/// Tokens of several documents for one forward pass. Keys and values of all of them are written in a layer before its
/// attention runs, so a span may continue a document that another span of the batch begins.
struct ForwardBatch {
  private(set) var tokens: [Int32] = []
  private(set) var positions: [Int32] = []
  private(set) var places: [PagePlace] = []
  private(set) var spans: [PagedSpan] = []
  /// Rows whose logits are wanted, ascending.
  private(set) var outputs: [Int] = []
  /// Holds the pages until the pass is over.
  private var prefixes: [CachedPrefix] = []

  var isEmpty: Bool { tokens.isEmpty }

  /// Adds the last `tokens.count` tokens of the document that `prefix` holds. `outputs` are indices into `tokens`,
  /// ascending. Returns the row of the first token.
  @discardableResult
  mutating func add(
    _ tokens: ArraySlice<Int32>, prefix: CachedPrefix, places: [PagePlace], outputs: [Int]
  ) -> Int {
    precondition(!tokens.isEmpty && places.count == tokens.count, "\(tokens.count) tokens in \(places.count) places")
    let firstRow = self.tokens.count
    let firstPosition = prefix.count - tokens.count
    self.tokens += tokens
    self.places += places
    positions += (firstPosition..<prefix.count).map { Int32($0) }
    spans.append(
      PagedSpan(
        firstRow: firstRow, tokens: tokens.count, firstPosition: firstPosition,
        pages: prefix.uses.map { UnsafePointer($0.page.start) }, counts: prefix.uses.map(\.count)))
    self.outputs += outputs.map { firstRow + $0 }
    prefixes.append(prefix)
    return firstRow
  }
}
