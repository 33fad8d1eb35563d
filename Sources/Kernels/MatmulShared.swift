// Products whose operands are packed once for all threads. `matmul` packs for itself, so threads that share a product
// by strips would each pack the whole of the other operand: a third of a step's time when two threads took three strips
// each. Here threads first share the packing, then the tiles. The order of additions is that of Matmul.swift.
//
// A packed operand holds blocks of `blockDepth` steps of k one after another; a block holds panels of a tile's width,
// a panel [k][width]. Rows are padded to whole panels.

/// Rows of a panel of the left operand.
public func leftPanelRows() -> Int { tileRows }

/// Columns of a panel of the right operand.
public func rightPanelColumns() -> Int { tileColumns }

/// Packs rows first ..< first + count of X[rows, depth] (element (r, k) at x[r · rowStride + k · depthStride], one of
/// the strides 1), of all its `rows`, into panels of `width`; `first` is a multiple of `width`.
@inline(never) public func packOperand(
  _ first: Int, _ count: Int, _ rows: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ rowStride: Int,
  _ depthStride: Int, _ width: Int, _ packed: UnsafeMutablePointer<Float>
) {
  let padded = (rows + width - 1) / width * width
  var k = 0
  while k < depth {
    let depths = depth - k < blockDepth ? depth - k : blockDepth
    let source = x + first * rowStride + k * depthStride
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

/// A rectangle of C[m,n] (+)= A·B from whole packed operands: rows firstRow ..< firstRow + rows, columns likewise, both
/// firsts multiples of a panel. `edge` holds a tile.
@inline(never) public func multiplyPacked(
  _ firstRow: Int, _ rows: Int, _ firstColumn: Int, _ columns: Int, _ m: Int, _ n: Int, _ depth: Int,
  _ packedA: UnsafePointer<Float>, _ packedB: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ cRow: Int,
  _ accumulate: Int, _ edge: UnsafeMutablePointer<Float>
) {
  let paddedRows = (m + tileRows - 1) / tileRows * tileRows
  let paddedColumns = (n + tileColumns - 1) / tileColumns * tileColumns
  var column = firstColumn
  while column < firstColumn + columns {
    let width = firstColumn + columns - column < blockColumns ? firstColumn + columns - column : blockColumns
    var k = 0
    while k < depth {
      let depths = depth - k < blockDepth ? depth - k : blockDepth
      var row = firstRow
      while row < firstRow + rows {
        let height = firstRow + rows - row < blockRows ? firstRow + rows - row : blockRows
        multiplyBlock(
          height, width, depths, packedA + k * paddedRows + row * depths, packedB + k * paddedColumns + column * depths,
          depths, c + row * cRow + column, cRow, k == 0 ? accumulate : 1, edge)
        row += height
      }
      k += depths
    }
    column += width
  }
}

/// Floats of a packed right operand of `columns` columns and `depth` steps.
@inline(__always) func packedRightFloats(_ columns: Int, _ depth: Int) -> Int {
  (columns + tileColumns - 1) / tileColumns * tileColumns * depth
}

/// C[m, columns] = A·B, serial, for m of at most `blockRows`, with B packed before by `packOperand` for `n` ≥ columns
/// columns and `packedDepth` ≥ depth steps: of a longer operand the first columns and steps are used. A as in `matmul`.
/// `scratch` has `matmulScratchFloats()` floats.
@inline(never) func multiplyRowsByPacked(
  _ m: Int, _ columns: Int, _ depth: Int, _ a: UnsafePointer<Float>, _ aRow: Int, _ aDepth: Int,
  _ packedB: UnsafePointer<Float>, _ n: Int, _ packedDepth: Int, _ c: UnsafeMutablePointer<Float>, _ cRow: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let packedA = scratch + tileRows * tileColumns
  let paddedColumns = (n + tileColumns - 1) / tileColumns * tileColumns
  var k = 0
  while k < depth {
    let depths = depth - k < blockDepth ? depth - k : blockDepth
    let depthsB = packedDepth - k < blockDepth ? packedDepth - k : blockDepth
    packPanels(m, depths, a + k * aDepth, aRow, aDepth, tileRows, packedA)
    multiplyBlock(
      m, columns, depths, packedA, packedB + k * paddedColumns, depthsB, c, cRow, k == 0 ? 0 : 1, scratch)
    k += depths
  }
}
