extension Kernels {
  /// Columns of a panel: what widths of `PanelMatrix` are padded to.
  public var panelColumns: Int { entries.rightPanelColumns() }

  /// output[rows, matrix.paddedWidth] = x[rows, depth] · matrixᵀ: every element starts from 0 and adds its products for
  /// k = 0, 1, 2, … one FMA each, as `multiply(.nt, …)` does; the padding's columns become 0. Row r of x lies at
  /// x + r · xRow, of the output at output + r · outputRow.
  public func multiply(
    rows: Int, _ x: UnsafePointer<Float>, xRow: Int, by matrix: PanelMatrix, into output: UnsafeMutablePointer<Float>,
    outputRow: Int, pool: ThreadPool
  ) {
    precondition(rows >= 0 && xRow >= matrix.depth && outputRow >= matrix.paddedWidth, "a product's shape")
    precondition(matrix.columns == entries.rightPanelColumns(), "a matrix packed for another build")
    guard rows > 0 else { return }
    if rows <= 2 * entries.fewRowsLimit() {
      multiplyFew(rows, x, xRow, matrix, output, outputRow, pool)
    } else {
      multiplyMany(rows, x, xRow, matrix, output, outputRow, pool)
    }
  }

  /// Panels a thread takes at a time: up to four pieces for each thread, as many as leave the least to the busiest.
  private func panelsAtOnce(_ panels: Int, _ pool: ThreadPool) -> Int {
    var share = panels
    var least = panels
    for pieces in [4, 3, 2, 1] where pool.threads > 1 {
      let size = (panels + pieces * pool.threads - 1) / (pieces * pool.threads)
      let rounds = ((panels + size - 1) / size + pool.threads - 1) / pool.threads
      if rounds * size < least { (share, least) = (size, rounds * size) }
    }
    return share
  }

  private func multiplyFew(
    _ rows: Int, _ x: UnsafePointer<Float>, _ xRow: Int, _ matrix: PanelMatrix, _ output: UnsafeMutablePointer<Float>,
    _ outputRow: Int, _ pool: ThreadPool
  ) {
    let (storage, group) = matrix.kind
    let share = panelsAtOnce(matrix.panels, pool)
    pool.run((matrix.panels + share - 1) / share) { piece in
      let first = piece * share
      entries.multiplyFewRowsStored(
        rows, min(share, matrix.panels - first), matrix.depth, x, xRow, storage, group,
        matrix.buffer.start + first * matrix.panelStride, matrix.panelStride, output + first * matrix.columns,
        outputRow, matrix.raisesExactly ? 1 : 0)
    }
  }

  private func multiplyMany(
    _ rows: Int, _ x: UnsafePointer<Float>, _ xRow: Int, _ matrix: PanelMatrix, _ output: UnsafeMutablePointer<Float>,
    _ outputRow: Int, _ pool: ThreadPool
  ) {
    let (storage, group) = matrix.kind
    let tile = entries.leftPanelRows()
    let padded = (rows + tile - 1) / tile * tile
    pool.withSharedScratch(floats: padded * matrix.depth) { packed in
      let rowShare = ((padded / tile) + 4 * pool.threads - 1) / (4 * pool.threads) * tile
      pool.run((padded + rowShare - 1) / rowShare) { piece in
        let first = piece * rowShare
        entries.packRowsForPanels(
          min(rowShare, rows - first), matrix.depth, x + first * xRow, xRow, first, padded, packed)
      }
      let share = panelsAtOnce(matrix.panels, pool)
      pool.run((matrix.panels + share - 1) / share, scratchFloats: entries.panelScratchFloats()) { piece, scratch in
        let first = piece * share
        entries.multiplyByPanels(
          rows, min(share, matrix.panels - first), matrix.depth, packed, padded, storage, group,
          matrix.buffer.start + first * matrix.panelStride, matrix.panelStride, output + first * matrix.columns,
          outputRow, scratch)
      }
    }
  }

  /// For each row of logits[rows, vocabulary], rowStride apart: statistics[rows, 2] = (maximum, Σ exp(l − maximum))
  /// with the bits of `crossEntropy`, and best[rows], the lowest token of the maximum.
  public func logitStatistics(
    rows: Int, vocabulary: Int, _ logits: UnsafePointer<Float>, rowStride: Int,
    statistics: UnsafeMutablePointer<Float>, best: UnsafeMutablePointer<Int32>, pool: ThreadPool
  ) {
    precondition(rows >= 0 && vocabulary > 0 && rowStride >= vocabulary, "statistics of \(rows) × \(vocabulary)")
    pool.split(rows, grain: elementsPerPiece / 4 / vocabulary) { first, count in
      entries.logitStatistics(
        count, vocabulary, logits + first * rowStride, rowStride, statistics + 2 * first, best + first)
    }
  }
}

// The layers' parts for rows that do not lie behind one another: several layers' outputs share a row.
extension Kernels {
  /// Rotates heads[T, heads, headDimension], rowStride apart, in place, as `rotate` does.
  public func rotate(
    tokens: Int, heads: Int, headDimension: Int, _ x: UnsafeMutablePointer<Float>, rowStride: Int,
    cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>, positions: [Int32], pool: ThreadPool
  ) {
    precondition(headDimension % 2 == 0 && headDimension > 0, "head dimension \(headDimension) is not even")
    precondition(positions.count == tokens && rowStride >= heads * headDimension, "rotation of \(tokens) tokens")
    pool.split(tokens, grain: elementsPerPiece / max(1, heads * headDimension)) { first, count in
      positions.withUnsafeBufferPointer { positions in
        guard let start = positions.baseAddress else { return }
        entries.rotate(
          count, heads, headDimension / 2, x + first * rowStride, rowStride, cosines, sines, start + first, 0)
      }
    }
  }

  /// hidden[T, width] = silu(gate) · up; gate and up lie rowStride apart.
  public func swiglu(
    tokens: Int, width: Int, gate: UnsafePointer<Float>, up: UnsafePointer<Float>, rowStride: Int,
    into hidden: UnsafeMutablePointer<Float>, pool: ThreadPool
  ) {
    precondition(tokens >= 0 && width > 0 && rowStride >= width, "SwiGLU of \(tokens) rows of \(width)")
    pool.split(tokens, grain: elementsPerPiece / width) { first, count in
      for row in first..<first + count {
        entries.swigluForward(width, gate + row * rowStride, up + row * rowStride, hidden + row * width)
      }
    }
  }

  /// sum[T, width] += branch[T, width], whose rows lie rowStride apart.
  public func add(
    tokens: Int, width: Int, _ branch: UnsafePointer<Float>, rowStride: Int, to sum: UnsafeMutablePointer<Float>,
    pool: ThreadPool
  ) {
    precondition(tokens >= 0 && width > 0 && rowStride >= width, "a sum of \(tokens) rows of \(width)")
    pool.split(tokens, grain: elementsPerPiece / width) { first, count in
      for row in first..<first + count {
        entries.addRows(width, sum + row * width, branch + row * rowStride, sum + row * width)
      }
    }
  }

  /// x[T, width] += bias[width], rows rowStride apart.
  public func addBias(
    tokens: Int, width: Int, bias: UnsafePointer<Float>, to x: UnsafeMutablePointer<Float>, rowStride: Int,
    pool: ThreadPool
  ) {
    precondition(tokens >= 0 && width > 0 && rowStride >= width, "a bias of \(tokens) rows of \(width)")
    pool.split(tokens, grain: elementsPerPiece / width) { first, count in
      for row in first..<first + count {
        entries.addRows(width, x + row * rowStride, bias, x + row * rowStride)
      }
    }
  }
}
