/// Floating-point operations from which a product's operands are packed for all threads together, at the price of a
/// second wake-up; below, threads pack for themselves.
let sharedPackingWork = 64_000_000

/// A product C (+)= A·B by two steps that threads share: packing, then tiles. Large ones go through packed memory of at
/// most `operandFloats` an operand, so that it stays in the last-level cache. The limits change no bit.
struct SharedProduct {
  let kernels: Kernels
  let pool: ThreadPool
  let m, n, k: Int
  let a: UnsafePointer<Float>
  let aRow, aDepth: Int
  let b: UnsafePointer<Float>
  let bDepth, bColumn: Int
  let c: UnsafeMutablePointer<Float>

  /// Floats of a packed operand: 8 MiB.
  var operandFloats = 2 << 20
  /// Steps of k packed at a time, a multiple of the kernels' block.
  var depthLimit = 4096

  private struct Block {
    var first, count: Int
  }

  private var entries: KernelEntries { kernels.entries }

  func run(accumulate: Bool) {
    let depth = min(k, depthLimit)
    // Whole panels of both builds: 96 is a multiple of 6, 12, 16 and 32.
    let side = max(96, operandFloats / depth / 96 * 96)
    let padded = (min(m, side) + min(n, side) + 2 * 96) * depth
    pool.withSharedScratch(floats: padded) { memory in
      let packedB = memory + (min(m, side) + 96) * depth
      for k in blocks(self.k, of: depth) {
        var packedRows = -1
        for columns in blocks(n, of: side) {
          var columnsPacked = false
          for rows in blocks(m, of: side) {
            pack(
              rows: packedRows == rows.first ? nil : rows, columns: columnsPacked ? nil : columns, k,
              packedA: memory, packedB: packedB)
            (packedRows, columnsPacked) = (rows.first, true)
            multiply(rows, columns, k, memory, packedB, accumulate: accumulate || k.first > 0)
          }
        }
      }
    }
  }

  private func blocks(_ length: Int, of size: Int) -> [Block] {
    stride(from: 0, to: length, by: size).map { Block(first: $0, count: min(size, length - $0)) }
  }

  /// Packs rows of A and columns of B, either nil if it is packed already.
  private func pack(
    rows: Block?, columns: Block?, _ k: Block, packedA: UnsafeMutablePointer<Float>,
    packedB: UnsafeMutablePointer<Float>
  ) {
    let left = pieces(rows?.count ?? 0, panel: entries.leftPanelRows())
    let right = pieces(columns?.count ?? 0, panel: entries.rightPanelColumns())
    pool.run(left.count + right.count) { index in
      if index < left.count, let rows {
        entries.packOperand(
          left[index].first, left[index].count, rows.count, k.count, a + rows.first * aRow + k.first * aDepth, aRow,
          aDepth, entries.leftPanelRows(), packedA)
      } else if let columns {
        let piece = right[index - left.count]
        entries.packOperand(
          piece.first, piece.count, columns.count, k.count, b + columns.first * bColumn + k.first * bDepth, bColumn,
          bDepth, entries.rightPanelColumns(), packedB)
      }
    }
  }

  /// Cuts of one side in whole panels, a few for each thread.
  private func pieces(_ length: Int, panel: Int) -> [Block] {
    guard length > 0 else { return [] }
    let panels = (length + panel - 1) / panel
    let share = (panels + 3 * pool.threads - 1) / (3 * pool.threads)
    return blocks(length, of: share * panel)
  }

  private func multiply(
    _ rows: Block, _ columns: Block, _ k: Block, _ packedA: UnsafePointer<Float>, _ packedB: UnsafePointer<Float>,
    accumulate: Bool
  ) {
    let byColumns = columns.count >= rows.count
    let side = pieces(
      byColumns ? columns.count : rows.count,
      panel: byColumns ? entries.rightPanelColumns() : entries.leftPanelRows())
    let target = c + rows.first * n + columns.first
    let edge = entries.leftPanelRows() * entries.rightPanelColumns()
    pool.run(side.count, scratchFloats: edge) { index, edge in
      let piece = side[index]
      entries.multiplyPacked(
        byColumns ? 0 : piece.first, byColumns ? rows.count : piece.count, byColumns ? piece.first : 0,
        byColumns ? piece.count : columns.count, rows.count, columns.count, k.count, packedA, packedB, target, n,
        accumulate ? 1 : 0, edge)
    }
  }
}
