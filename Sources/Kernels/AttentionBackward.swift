// Backward pass of AttentionForward.swift for the heads that share one key and value head, within one document.
// With P as there and D = Σ_d dO · O (FlashAttention-2, arXiv 2307.08691, algorithm 2, rows in place of tiles):
//   dV += Pᵀ dO,   dP = dO Vᵀ,   dS = scale · P · (dP − D),   dQ = dS K,   dK += dSᵀ Q
// P is computed again from the scores, the kept maximum and reciprocal: the same bits as in the forward pass.
// Order: heads of the group, then queries, both in order, each term one FMA.

/// dQueries (of `heads` heads side by side), dKeys and dValues of one key head; the latter two are overwritten.
///
/// Strides and statistics as in the forward pass; head h of the group begins h · dimension floats (2h for the
/// statistics) after the pointers.
@inline(never) public func attentionBackward(
  _ length: Int, _ heads: Int, _ dimension: Int, _ scale: Float, _ queries: UnsafePointer<Float>,
  _ queryStride: Int, _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>, _ keyStride: Int,
  _ output: UnsafePointer<Float>, _ dOutput: UnsafePointer<Float>, _ statistics: UnsafePointer<Float>,
  _ statisticsStride: Int, _ dQueries: UnsafeMutablePointer<Float>, _ dKeys: UnsafeMutablePointer<Float>,
  _ dValues: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  let stride = paddedLength(length)
  let weights = scratch + matmulScratchFloats()
  let dScores = weights + queryBlock * stride
  let packedKeys = dScores + queryBlock * stride  // for scores
  let packedValues = packedKeys + packedRightFloats(length, dimension)
  let packedKeyRows = packedValues + packedRightFloats(length, dimension)  // for dQ
  packOperand(length, dimension, keys, keyStride, 1, tileColumns, 0, paddedColumns(length), packedKeys)
  packOperand(length, dimension, values, keyStride, 1, tileColumns, 0, paddedColumns(length), packedValues)
  packOperand(dimension, length, keys, 1, keyStride, tileColumns, 0, paddedColumns(dimension), packedKeyRows)
  clearRows(length, dimension, dKeys, keyStride)
  clearRows(length, dimension, dValues, keyStride)
  var head = 0
  while head < heads {
    var first = 0
    while first < length {
      let rows = length - first < queryBlock ? length - first : queryBlock
      let visible = first + rows
      let offset = first * queryStride + head * dimension
      let q = queries + offset
      let dO = dOutput + offset
      multiplyRowsByPacked(
        rows, visible, dimension, q, queryStride, 1, packedKeys, length, dimension, weights, stride, scratch)
      multiplyRowsByPacked(
        rows, visible, dimension, dO, queryStride, 1, packedValues, length, dimension, dScores, stride, scratch)
      var row = 0
      while row < rows {
        let statistic = statistics + (first + row) * statisticsStride + 2 * head
        let p = weights + row * stride
        hideAfter(p, first + row + 1, paddedLength(visible))
        _ = exponentials(p, paddedLength(visible), statistic[0], scale)
        scaleVectors(p, paddedLength(visible), statistic[1])
        let delta = dotRow(dO + row * queryStride, output + offset + row * queryStride, dimension)
        scoreGradients(p, dScores + row * stride, first + row + 1, visible, delta, scale)
        row += 1
      }
      matmul(visible, dimension, rows, weights, 1, stride, dO, queryStride, 1, dValues, keyStride, 1, scratch)
      multiplyRowsByPacked(
        rows, dimension, visible, dScores, stride, 1, packedKeyRows, dimension, length, dQueries + offset, queryStride,
        scratch)
      matmul(visible, dimension, rows, dScores, 1, stride, q, queryStride, 1, dKeys, keyStride, 1, scratch)
      first += rows
    }
    head += 1
  }
}

@inline(__always) private func clearRows(
  _ rows: Int, _ width: Int, _ x: UnsafeMutablePointer<Float>, _ stride: Int
) {
  var row = 0
  while row < rows {
    var i = 0
    while i < width {
      x[row * stride + i] = 0
      i += 1
    }
    row += 1
  }
}

/// dS = P · (dP − D) · scale over the keys seen; exactly 0 after them, whatever dP holds there.
@inline(__always) private func scoreGradients(
  _ p: UnsafePointer<Float>, _ dp: UnsafeMutablePointer<Float>, _ seen: Int, _ visible: Int, _ delta: Float,
  _ scale: Float
) {
  let deltas = SIMD16<Float>(repeating: delta)
  let scales = SIMD16<Float>(repeating: scale)
  var j = 0
  while j < seen {
    store16(load16(p + j) * (load16(dp + j) - deltas) * scales, dp + j)
    j += 16
  }
  j = seen
  while j < visible {
    dp[j] = 0
    j += 1
  }
}
