// Matrix products. C[m,n] = C₀[m,n] + Σ_k A(m,k)·B(k,n), where C₀ is C itself when accumulating, else 0.
//
// Order of additions, part of the numerics: every element starts from C₀ and adds its products for k = 0, 1, 2, … by
// one FMA each. Blocks over k store the running sum as fp32 and load it again, which is exact; so tile shape,
// blocking, packing and threads cannot change a bit, and a gradient summed over tokens may be cut into microbatches
// anywhere.
//
// One sum is too long for that: the head's way back adds over the vocabulary, and tens of thousands of terms in order
// lose the fourth digit. It is added in parts of `blockDepth` steps, each from zero in order, then added to C.
//
// Blocking after Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (TOMS 2008): a block of B
// (kc × nc) and of A (mc × kc) are packed to sit in the second-level cache, a panel of B in the first.

/// Steps of k in a block, at most; a multiple of 16.
@inline(__always) var blockDepth: Int { 256 }

/// Steps of k in each block of a product of `depth` steps: equal blocks, since a short last one would load and store C
/// for little work.
@inline(__always) func depthStep(_ depth: Int) -> Int {
  if depth <= blockDepth { return blockDepth }
  let blocks = (depth + blockDepth - 1) / blockDepth
  return ((depth + blocks - 1) / blocks + 15) & ~15
}

/// What `accumulate` may say of a block: 0 starts from zero and does not read C,
/// this goes on from C,
@inline(__always) var accumulatesInOrder: Int { 1 }
/// and this starts from zero and adds C at the end.
@inline(__always) var accumulatesPart: Int { 2 }

/// Rows of A in a block, a multiple of both tiles' rows.
@inline(__always) var blockRows: Int { 144 }
/// Columns of B in a block, a multiple of both tiles' columns.
@inline(__always) var blockColumns: Int { 512 }

/// Floats of scratch that `matmul` needs whatever the shape: packed A, packed B, one tile for the edges.
public func matmulScratchFloats() -> Int {
  (blockRows + tileRows) * blockDepth + (blockColumns + tileColumns) * blockDepth + tileRows * tileColumns
}

/// C[m,n] (+)= A·B, serial.
///
/// - a: element (i, k) at `a[i * aRow + k * aDepth]`; one of the strides is 1.
/// - b: element (k, j) at `b[k * bDepth + j * bColumn]`; one of the strides is 1.
/// - c: element (i, j) at `c[i * cRow + j]`.
/// - accumulate: 0 starts from zero and does not read C, else from C.
/// - scratch: `matmulScratchFloats()` floats of the caller's thread.
@inline(never) public func matmul(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ aRow: Int, _ aDepth: Int,
  _ b: UnsafePointer<Float>, _ bDepth: Int, _ bColumn: Int, _ c: UnsafeMutablePointer<Float>, _ cRow: Int,
  _ accumulate: Int, _ scratch: UnsafeMutablePointer<Float>
) {
  let packedB = scratch
  let packedA = packedB + (blockColumns + tileColumns) * blockDepth
  let edge = packedA + (blockRows + tileRows) * blockDepth
  let step = depthStep(k)
  var column = 0
  while column < n {
    let columns = n - column < blockColumns ? n - column : blockColumns
    var depth = 0
    repeat {
      let depths = k - depth < step ? k - depth : step
      packPanels(columns, depths, b + column * bColumn + depth * bDepth, bColumn, bDepth, tileColumns, packedB)
      var row = 0
      while row < m {
        let rows = m - row < blockRows ? m - row : blockRows
        packPanels(rows, depths, a + row * aRow + depth * aDepth, aRow, aDepth, tileRows, packedA)
        multiplyBlock(
          rows, columns, depths, packedA, packedB, depths, c + row * cRow + column, cRow,
          depth == 0 ? accumulate : accumulatesInOrder, edge)
        row += rows
      }
      depth += depths
    } while depth < k
    column += columns
  }
}

/// The tiles of one packed block; those at the edge go through a full tile beside C. Panels of B are `depthB` ≥ depth
/// steps long, of which the first count.
@inline(never) func multiplyBlock(
  _ rows: Int, _ columns: Int, _ depth: Int, _ packedA: UnsafePointer<Float>, _ packedB: UnsafePointer<Float>,
  _ depthB: Int, _ c: UnsafeMutablePointer<Float>, _ cRow: Int, _ accumulate: Int, _ edge: UnsafeMutablePointer<Float>
) {
  var column = 0
  while column < columns {
    let panelB = packedB + column * depthB
    let width = columns - column < tileColumns ? columns - column : tileColumns
    var row = 0
    while row < rows {
      let panelA = packedA + row * depth
      let height = rows - row < tileRows ? rows - row : tileRows
      let target = c + row * cRow + column
      let whole = height == tileRows && width == tileColumns
      if !whole && accumulate != 0 {
        copyTile(height, width, target, cRow, edge, tileColumns)
      }
      multiplyTile(depth, panelA, panelB, whole ? target : edge, whole ? cRow : tileColumns, accumulate)
      if !whole {
        copyTile(height, width, edge, tileColumns, target, cRow)
      }
      row += tileRows
    }
    column += tileColumns
  }
}

@inline(__always) private func copyTile(
  _ height: Int, _ width: Int, _ source: UnsafePointer<Float>, _ sourceRow: Int,
  _ target: UnsafeMutablePointer<Float>, _ targetRow: Int
) {
  var r = 0
  while r < height {
    var j = 0
    while j < width {
      target[r * targetRow + j] = source[r * sourceRow + j]
      j += 1
    }
    r += 1
  }
}
