// Products whose operands are packed once for all threads. `matmul` packs for itself, so threads that share a product
// by strips would each pack the whole of the other operand: a third of a step's time when two threads took three strips
// each. Here threads first share the packing, then the tiles. The order of additions is that of Matmul.swift.
//
// A packed operand holds blocks of `depthStep` steps of k one after another; a block holds panels of a tile's width,
// a panel [k][width]. Rows are padded to whole panels.

/// Rows of a panel of the left operand.
public func leftPanelRows() -> Int { tileRows }

/// Columns of a panel of the right operand.
public func rightPanelColumns() -> Int { tileColumns }

/// Packs `count` rows of X[count, depth] (element (r, k) at x[r · rowStride + k · depthStride], one of the strides 1)
/// as the rows from `first` of a packed operand that has `padded` rows, in panels of `width`; `first` and `padded` are
/// multiples of `width`.
@inline(never) public func packOperand(
  _ count: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ rowStride: Int, _ depthStride: Int, _ width: Int,
  _ first: Int, _ padded: Int, _ packed: UnsafeMutablePointer<Float>
) {
  let step = depthStep(depth)
  var k = 0
  while k < depth {
    let depths = depth - k < step ? depth - k : step
    let source = x + k * depthStride
    let target = packed + k * padded + first * depths
    // The width as a constant makes the loops over a panel straight code.
    if width == tileRows {
      packPanels(count, depths, source, rowStride, depthStride, tileRows, target)
    } else {
      packPanels(count, depths, source, rowStride, depthStride, tileColumns, target)
    }
    k += depths
  }
}

/// A rectangle of C (+)= A·B from packed operands: `rows` and `columns` of them from firstRow of A's paddedRows and
/// firstColumn of B's paddedColumns, all multiples of a panel but the counts. `c` is the rectangle's first element,
/// `edge` holds a tile. accumulate: 0 starts from zero, 1 from C; 2, for at most `blockDepth` steps, starts from zero
/// and adds C.
@inline(never) public func multiplyPacked(
  _ rows: Int, _ columns: Int, _ depth: Int, _ packedA: UnsafePointer<Float>, _ firstRow: Int, _ paddedRows: Int,
  _ packedB: UnsafePointer<Float>, _ firstColumn: Int, _ paddedColumns: Int, _ c: UnsafeMutablePointer<Float>,
  _ cRow: Int, _ accumulate: Int, _ edge: UnsafeMutablePointer<Float>
) {
  let step = depthStep(depth)
  var column = 0
  while column < columns {
    let width = columns - column < blockColumns ? columns - column : blockColumns
    var k = 0
    while k < depth {
      let depths = depth - k < step ? depth - k : step
      var row = 0
      while row < rows {
        let height = rows - row < blockRows ? rows - row : blockRows
        multiplyBlock(
          height, width, depths, packedA + k * paddedRows + (firstRow + row) * depths,
          packedB + k * paddedColumns + (firstColumn + column) * depths, depths, c + row * cRow + column, cRow,
          k == 0 ? accumulate : accumulatesInOrder, edge)
        row += height
      }
      k += depths
    }
    column += width
  }
}

/// Columns of whole panels that hold `columns`.
@inline(__always) func paddedColumns(_ columns: Int) -> Int {
  (columns + tileColumns - 1) / tileColumns * tileColumns
}

/// Floats of a packed right operand of `columns` columns and `depth` steps.
@inline(__always) func packedRightFloats(_ columns: Int, _ depth: Int) -> Int { paddedColumns(columns) * depth }

/// C[m, columns] = A·B, serial, for m of at most `blockRows`, with B packed before by `packOperand` for `n` ≥ columns
/// columns and `packedDepth` ≥ depth steps: of a longer operand the first columns and steps are used. A as in `matmul`.
/// `scratch` has `matmulScratchFloats()` floats.
@inline(never) func multiplyRowsByPacked(
  _ m: Int, _ columns: Int, _ depth: Int, _ a: UnsafePointer<Float>, _ aRow: Int, _ aDepth: Int,
  _ packedB: UnsafePointer<Float>, _ n: Int, _ packedDepth: Int, _ c: UnsafeMutablePointer<Float>, _ cRow: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let packedA = scratch + tileRows * tileColumns
  let padded = paddedColumns(n)
  let step = depthStep(packedDepth)
  var k = 0
  while k < depth {
    let depths = depth - k < step ? depth - k : step
    let depthsB = packedDepth - k < step ? packedDepth - k : step
    packPanels(m, depths, a + k * aDepth, aRow, aDepth, tileRows, packedA)
    multiplyBlock(
      m, columns, depths, packedA, packedB + k * padded, depthsB, c, cRow, k == 0 ? 0 : accumulatesInOrder, scratch)
    k += depths
  }
}
