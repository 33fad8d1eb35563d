import KernelTable

/// Rows computed together, their tokens one after another.
struct Microbatch {
  /// Indices into the rows of the call.
  let rows: Range<Int>
  let tokens: [Int32]
  let targets: [Int32]
  /// Position of each token in its document.
  let positions: [Int32]
  let documents: [DocumentSpan]
  /// Where each row begins, and the end.
  let rowBounds: [Int]

  var count: Int { tokens.count }
  var longestDocument: Int { documents.reduce(0) { max($0, $1.length) } }

  init(_ all: [TokenRow], _ rows: Range<Int>) {
    var tokens: [Int32] = []
    var targets: [Int32] = []
    var positions: [Int32] = []
    var documents: [DocumentSpan] = []
    var bounds = [0]
    for row in all[rows] {
      let base = tokens.count
      for (start, end) in zip(row.documentStarts, row.documentStarts.dropFirst() + [row.tokens.count]) {
        documents.append(DocumentSpan(start: base + start, length: end - start))
        positions.append(contentsOf: (0..<Int32(end - start)))
      }
      tokens.append(contentsOf: row.tokens)
      targets.append(contentsOf: row.targets)
      bounds.append(tokens.count)
    }
    self.rows = rows
    self.tokens = tokens
    self.targets = targets
    self.positions = positions
    self.documents = documents
    rowBounds = bounds
  }

  /// Cuts rows, in order, into microbatches of at most `limit` tokens (a longer row stands alone). Where the cuts lie
  /// changes no bit of losses or gradients. Rows of a group, `group` in number, stay together.
  static func cut(_ rows: [TokenRow], limit: Int, group: Int = 1) -> [Microbatch] {
    precondition(rows.count % group == 0, "\(rows.count) rows in groups of \(group)")
    func tokens(from first: Int) -> Int { rows[first..<first + group].reduce(0) { $0 + $1.tokens.count } }
    var result: [Microbatch] = []
    var first = 0
    while first < rows.count {
      var end = first + group
      var count = tokens(from: first)
      while end < rows.count && count + tokens(from: end) <= limit {
        count += tokens(from: end)
        end += group
      }
      result.append(Microbatch(rows, first..<end))
      first = end
    }
    return result
  }
}
