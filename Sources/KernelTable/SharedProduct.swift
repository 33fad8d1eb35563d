/// A group of products that share an operand or a sum, computed in two steps that threads share: packing, then tiles.
/// Each operand is packed once, for all threads and all products of the group, and the group has one pair of wake-ups.
///
/// C_ij (+)= Σ_p A_pi · B_pj: the rows of A come in `rows.count` segments i, the columns of B in `columns.count`
/// segments j, the sum's steps in `depths.count` parts p in order; one of segments i and j is single. Large groups go
/// through packed memory of at most `operandFloats` an operand, so that it stays in the last-level cache. Neither the
/// grouping nor the limits change a bit.
struct SharedProduct {
  /// An operand's rectangle: element (r, k) at base[r · rowStride + k · depthStride]; one of the strides is 1.
  struct Operand<Base> {
    let base: Base
    let rowStride, depthStride: Int
  }

  let kernels: Kernels
  let pool: ThreadPool
  /// Lengths of the segments and parts.
  let rows, columns, depths: [Int]
  /// A's rectangle of (part, row segment).
  let left: (Int, Int) -> Operand<UnsafePointer<Float>>
  /// B's rectangle of (part, column segment).
  let right: (Int, Int) -> Operand<WeightSource>
  /// C_ij and the distance of its rows.
  let target: (Int, Int) -> (start: UnsafeMutablePointer<Float>, rowStride: Int)

  /// Whether each part p is a sum of its own, from zero, and then added to C; such parts have `partLength` steps, the
  /// last one perhaps fewer. Else the steps of all parts are one sum in order.
  var sumsParts = false

  /// Floats of a packed operand: 8 MiB.
  var operandFloats = 2 << 20
  /// Steps that are packed at a time even where few rows of them fit; C is read and written once more for each.
  var depthAtLeast = 1024

  /// Steps of a part that is a sum of its own: a block of the kernels, which therefore costs nothing. Part of the
  /// numerics.
  static let partLength = 256

  /// A piece of a segment or part, and where it lies among the packed rows (in whole panels) or steps.
  struct Stretch {
    var segment, first, count, place: Int
  }

  private var entries: KernelEntries { kernels.entries }
  private var leftPanel: Int { entries.leftPanelRows() }
  private var rightPanel: Int { entries.rightPanelColumns() }

  func run(accumulate: Bool) {
    let longest = max(rows.reduce(0, +), columns.reduce(0, +), 1)
    let depthLimit = max(depthAtLeast, operandFloats / longest / 256 * 256)
    // Whole panels of both builds: 96 is a multiple of 6, 12, 16 and 32.
    let side = max(96, operandFloats / min(depthLimit, depths.reduce(0, +)) / 96 * 96)
    let rowBlocks = Self.blocks(rows, limit: side, panel: leftPanel)
    let columnBlocks = Self.blocks(columns, limit: side, panel: rightPanel)
    precondition(
      !sumsParts || depths.dropLast().allSatisfy { $0 == Self.partLength } && depths.last! <= Self.partLength,
      "parts of \(depths) steps")
    let depthBlocks = Self.blocks(depths, limit: depthLimit, panel: 1, unit: sumsParts ? Self.partLength : 96)
    let depth = depthBlocks.map(Self.extent).max() ?? 0
    let leftFloats = (rowBlocks.map { Self.extent($0, panel: leftPanel) }.max() ?? 0) * depth
    let rightFloats = (columnBlocks.map { Self.extent($0, panel: rightPanel) }.max() ?? 0) * depth
    pool.withSharedScratch(floats: leftFloats + rightFloats) { memory in
      for depths in depthBlocks {
        var packedRows = -1
        for columns in columnBlocks {
          var columnsPacked = false
          for (index, rows) in rowBlocks.enumerated() {
            pack(
              packedRows == index ? [] : rows, columnsPacked ? [] : columns, depths, rows, columns, memory,
              memory + leftFloats)
            (packedRows, columnsPacked) = (index, true)
            multiply(rows, columns, depths, memory, memory + leftFloats, accumulate: accumulate)
          }
        }
      }
    }
  }

  /// Cuts segments, in order, into blocks of at most `limit`, of about equal size. Blocks are multiples of `unit` steps
  /// or rows, except the last: of 96, whole panels and whole groups of a transposition.
  static func blocks(_ lengths: [Int], limit: Int, panel: Int, unit: Int = 96) -> [[Stretch]] {
    let total = lengths.reduce(0, +)
    let count = max(1, (total + limit - 1) / limit)
    let size = min(limit, ((total + count - 1) / count + unit - 1) / unit * unit)
    var result: [[Stretch]] = []
    var block: [Stretch] = []
    var filled = 0
    for (segment, length) in lengths.enumerated() {
      var first = 0
      while first < length {
        let count = min(length - first, size - filled)
        block.append(Stretch(segment: segment, first: first, count: count, place: filled))
        filled += (count + panel - 1) / panel * panel
        first += count
        if filled >= size {
          result.append(block)
          (block, filled) = ([], 0)
        }
      }
    }
    return block.isEmpty ? result : result + [block]
  }

  /// Packed rows, or steps, of a block.
  static func extent(_ block: [Stretch], panel: Int) -> Int {
    block.last.map { $0.place + ($0.count + panel - 1) / panel * panel } ?? 0
  }

  static func extent(_ block: [Stretch]) -> Int { extent(block, panel: 1) }

  /// Cuts stretches of one side in pieces of whole panels, a few for each thread, the longest first.
  private func pieces(_ block: [Stretch], panel: Int) -> [Stretch] {
    let panels = Self.extent(block, panel: panel) / panel
    let share = max(1, (panels + 4 * pool.threads - 1) / (4 * pool.threads)) * panel
    return block.flatMap { stretch in
      stride(from: 0, to: stretch.count, by: share).map { offset in
        Stretch(
          segment: stretch.segment, first: stretch.first + offset, count: min(share, stretch.count - offset),
          place: stretch.place + offset)
      }
    }.sorted { ($1.count, $0.place) < ($0.count, $1.place) }
  }

  /// Packs `newRows` and `newColumns`, all of a block or, where it is packed already, none.
  private func pack(
    _ newRows: [Stretch], _ newColumns: [Stretch], _ depths: [Stretch], _ rows: [Stretch], _ columns: [Stretch],
    _ packedA: UnsafeMutablePointer<Float>, _ packedB: UnsafeMutablePointer<Float>
  ) {
    let left = pieces(newRows, panel: leftPanel)
    let right = pieces(newColumns, panel: rightPanel)
    let paddedRows = Self.extent(rows, panel: leftPanel)
    let paddedColumns = Self.extent(columns, panel: rightPanel)
    pool.run(left.count + right.count, scratchFloats: entries.packScratchFloats()) { index, scratch in
      for part in depths {
        if index < left.count {
          let piece = left[index]
          let a = self.left(part.segment, piece.segment)
          entries.packOperand(
            piece.count, part.count, a.base + piece.first * a.rowStride + part.first * a.depthStride, a.rowStride,
            a.depthStride, leftPanel, piece.place, paddedRows, packedA + part.place * paddedRows)
        } else {
          let piece = right[index - left.count]
          let b = self.right(part.segment, piece.segment)
          let offset = piece.first * b.rowStride + part.first * b.depthStride
          let target = packedB + part.place * paddedColumns
          switch b.base {
          case .fp32(let base):
            entries.packOperand(
              piece.count, part.count, base + offset, b.rowStride, b.depthStride, rightPanel, piece.place,
              paddedColumns, target)
          case .bf16(let base):
            entries.packOperandBFloat16(
              piece.count, part.count, base + offset, b.rowStride, b.depthStride, rightPanel, piece.place,
              paddedColumns, target, scratch)
          }
        }
      }
    }
  }

  private func multiply(
    _ rows: [Stretch], _ columns: [Stretch], _ depths: [Stretch], _ packedA: UnsafePointer<Float>,
    _ packedB: UnsafePointer<Float>, accumulate: Bool
  ) {
    let paddedRows = Self.extent(rows, panel: leftPanel)
    let paddedColumns = Self.extent(columns, panel: rightPanel)
    let byColumns = paddedColumns >= paddedRows
    let rowPieces = byColumns ? rows : pieces(rows, panel: leftPanel)
    let columnPieces = byColumns ? pieces(columns, panel: rightPanel) : columns
    let edge = leftPanel * rightPanel
    pool.run(rowPieces.count * columnPieces.count, scratchFloats: edge) { index, edge in
      let row = rowPieces[index / columnPieces.count]
      let column = columnPieces[index % columnPieces.count]
      let c = target(row.segment, column.segment)
      for part in depths {
        let adds = accumulate || part.segment > 0 || part.first > 0
        entries.multiplyPacked(
          row.count, column.count, part.count, packedA + part.place * paddedRows, row.place, paddedRows,
          packedB + part.place * paddedColumns, column.place, paddedColumns,
          c.start + row.first * c.rowStride + column.first, c.rowStride, adds ? (sumsParts ? 2 : 1) : 0, edge)
      }
    }
  }
}
