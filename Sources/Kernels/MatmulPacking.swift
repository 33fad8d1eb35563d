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

// Rows are read eight steps at a time: whole cache lines in, `width` columns out.
@inline(__always) private func packTransposedPanel(
  _ depth: Int, _ source: UnsafePointer<Float>, _ rowStride: Int, _ depthStride: Int, _ width: Int,
  _ panel: UnsafeMutablePointer<Float>
) {
  var k = 0
  if depthStride == 1 {
    while k + 8 <= depth {
      let target = panel + k * width
      var r = 0
      while r < width {
        let v = UnsafeRawPointer(source + r * rowStride + k).loadUnaligned(as: SIMD8<Float>.self)
        target[r] = v[0]
        target[width + r] = v[1]
        target[2 * width + r] = v[2]
        target[3 * width + r] = v[3]
        target[4 * width + r] = v[4]
        target[5 * width + r] = v[5]
        target[6 * width + r] = v[6]
        target[7 * width + r] = v[7]
        r += 1
      }
      k += 8
    }
  }
  while k < depth {
    let target = panel + k * width
    var r = 0
    while r < width {
      target[r] = source[r * rowStride + k * depthStride]
      r += 1
    }
    k += 1
  }
}
