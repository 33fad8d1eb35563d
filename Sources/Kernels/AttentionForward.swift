// Causal attention of one head within one document (Vaswani et al., arXiv 1706.03762); no T×T tensor: a block of
// queries at a time meets all keys up to its end.
//   S = Q Kᵀ,  P = exp(scale · (S − max)) / Σ,  O = P V
// The row's maximum and sum run over keys counted from the document's first token in 16 lanes, and each element of a
// product adds its terms in order, so a document gives the same bits wherever in a row it is packed. Keys after the
// query have a weight of exactly 0.

/// Queries in a block, a multiple of both tiles' rows.
@inline(__always) var queryBlock: Int { 48 }

/// Length of a block's row: a multiple of 16, so that whole vectors may be stored.
@inline(__always) func paddedLength(_ length: Int) -> Int { (length + 15) & ~15 }

/// Floats of scratch for the attention of a document of `length` tokens and heads of `dimension`, forward or backward.
public func attentionScratchFloats(_ length: Int, _ dimension: Int) -> Int {
  matmulScratchFloats() + 2 * queryBlock * paddedLength(length) + 2 * packedRightFloats(length, dimension)
    + packedRightFloats(dimension, length)
}

/// One head of one document: output[length, dimension] = attention of queries over keys and values.
///
/// Rows of queries and output lie `queryStride` floats apart, of keys and values `keyStride`. statistics[token ·
/// statisticsStride] and the next float get the row's maximum score and the reciprocal of its sum, for the backward
/// pass.
@inline(never) public func attentionForward(
  _ length: Int, _ dimension: Int, _ scale: Float, _ queries: UnsafePointer<Float>, _ queryStride: Int,
  _ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>, _ keyStride: Int,
  _ output: UnsafeMutablePointer<Float>, _ statistics: UnsafeMutablePointer<Float>, _ statisticsStride: Int,
  _ scratch: UnsafeMutablePointer<Float>
) {
  let scores = scratch + matmulScratchFloats()
  let scoreStride = paddedLength(length)
  // Keys and values are packed once, not again for each block of queries.
  let packedKeys = scores + queryBlock * scoreStride
  let packedValues = packedKeys + packedRightFloats(length, dimension)
  packOperand(length, dimension, keys, keyStride, 1, tileColumns, 0, paddedColumns(length), packedKeys)
  packOperand(dimension, length, values, 1, keyStride, tileColumns, 0, paddedColumns(dimension), packedValues)
  var first = 0
  while first < length {
    let rows = length - first < queryBlock ? length - first : queryBlock
    let visible = first + rows
    multiplyRowsByPacked(
      rows, visible, dimension, queries + first * queryStride, queryStride, 1, packedKeys, length, dimension,
      scores, scoreStride, scratch)
    var row = 0
    while row < rows {
      let s = scores + row * scoreStride
      let seen = first + row + 1
      hideAfter(s, seen, paddedLength(visible))
      let maximum = rowMaximum(s, seen)
      let reciprocal = softmaxRow(s, paddedLength(visible), maximum, scale)
      let statistic = statistics + (first + row) * statisticsStride
      statistic[0] = maximum
      statistic[1] = reciprocal
      row += 1
    }
    multiplyRowsByPacked(
      rows, dimension, visible, scores, scoreStride, 1, packedValues, dimension, length,
      output + first * queryStride, queryStride, scratch)
    first += rows
  }
}

/// Scores after the first `seen` become −∞, whose exponential is exactly 0.
@inline(__always) func hideAfter(_ s: UnsafeMutablePointer<Float>, _ seen: Int, _ end: Int) {
  var j = seen
  while j < end {
    s[j] = -Float.infinity
    j += 1
  }
}

/// exp(scale · (s − maximum)) of each score; `count` is a multiple of 16.
@inline(__always) func exponentials(
  _ s: UnsafeMutablePointer<Float>, _ count: Int, _ maximum: Float, _ scale: Float
) -> SIMD16<Float> {
  let maxima = SIMD16<Float>(repeating: maximum)
  let scales = SIMD16<Float>(repeating: scale)
  var sum = SIMD16<Float>()
  var j = 0
  while j < count {
    let e = exponential((load16(s + j) - maxima) * scales)
    sum += e
    store16(e, s + j)
    j += 16
  }
  return sum
}

@inline(__always) func scaleVectors(_ s: UnsafeMutablePointer<Float>, _ count: Int, _ scale: Float) {
  let scales = SIMD16<Float>(repeating: scale)
  var j = 0
  while j < count {
    store16(load16(s + j) * scales, s + j)
    j += 16
  }
}

@inline(never) func softmaxRow(
  _ s: UnsafeMutablePointer<Float>, _ count: Int, _ maximum: Float, _ scale: Float
) -> Float {
  let reciprocal = 1 / sumLanes(exponentials(s, count, maximum, scale))
  scaleVectors(s, count, reciprocal)
  return reciprocal
}
