// Packing: a block of an operand is copied so that the register tile reads it in order, one step of k after another.
// Panels are padded with zeros to the tile's shape; what they add is never stored.

/// Packs `rows` × `depth` of X (element (r, k) at x[r·rowStride + k·depthStride]) into panels of `width` rows:
/// panel p holds [k][width]. One of the two strides is 1.
@inline(__always) func packPanels(
  _ rows: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ rowStride: Int, _ depthStride: Int,
  _ width: Int, _ packed: UnsafeMutablePointer<Float>
) {
  var first = 0
  var panel = packed
  while first < rows {
    let filled = rows - first < width ? rows - first : width
    let source = x + first * rowStride
    if filled < width {
      packEdgePanel(filled, depth, source, rowStride, depthStride, width, panel)
    } else if rowStride == 1 {
      packContiguousPanel(depth, source, depthStride, width, panel)
    } else {
      packTransposedPanel(depth, source, rowStride, depthStride, width, panel)
    }
    first += width
    panel += width * depth
  }
}

@inline(__always) private func packEdgePanel(
  _ filled: Int, _ depth: Int, _ source: UnsafePointer<Float>, _ rowStride: Int, _ depthStride: Int,
  _ width: Int, _ panel: UnsafeMutablePointer<Float>
) {
  var k = 0
  while k < depth {
    let target = panel + k * width
    let column = source + k * depthStride
    var r = 0
    while r < filled {
      target[r] = column[r * rowStride]
      r += 1
    }
    while r < width {
      target[r] = 0
      r += 1
    }
    k += 1
  }
}

@inline(__always) private func packContiguousPanel(
  _ depth: Int, _ source: UnsafePointer<Float>, _ depthStride: Int, _ width: Int,
  _ panel: UnsafeMutablePointer<Float>
) {
  var k = 0
  while k < depth {
    let target = panel + k * width
    let column = source + k * depthStride
    var r = 0
    while r < width {
      target[r] = column[r]
      r += 1
    }
    k += 1
  }
}

// Rows are read sixteen steps of k at a time: whole cache lines in, four rows' groups out.
@inline(__always) private func packTransposedPanel(
  _ depth: Int, _ source: UnsafePointer<Float>, _ rowStride: Int, _ depthStride: Int, _ width: Int,
  _ panel: UnsafeMutablePointer<Float>
) {
  var k = 0
  if depthStride == 1 {
    while k + 16 <= depth {
      var r = 0
      while r + 4 <= width {
        transposeFourRows(source + r * rowStride + k, rowStride, panel + k * width + r, width)
        r += 4
      }
      while r < width {
        copyStrided(16, source + r * rowStride + k, 1, panel + k * width + r, width)
        r += 1
      }
      k += 16
    }
  }
  while k < depth {
    copyStrided(width, source + k * depthStride, rowStride, panel + k * width, 1)
    k += 1
  }
}

@inline(__always) private func copyStrided(
  _ count: Int, _ source: UnsafePointer<Float>, _ sourceStride: Int, _ target: UnsafeMutablePointer<Float>,
  _ targetStride: Int
) {
  var i = 0
  while i < count {
    target[i * targetStride] = source[i * sourceStride]
    i += 1
  }
}
