// What scoring and greedy choice need of a row of logits: the log-probability of any token l_t is
// l_t − maximum − ln Σ exp(l − maximum).

/// statistics[rows][2] = (maximum, Σ exp(l − maximum)) of logits[rows, width], rowStride apart, with the bits of
/// `crossEntropy`; best[rows] = the first column of the maximum, 0 if there is none (NaN).
@inline(never) public func logitStatistics(
  _ rows: Int, _ width: Int, _ logits: UnsafePointer<Float>, _ rowStride: Int,
  _ statistics: UnsafeMutablePointer<Float>, _ best: UnsafeMutablePointer<Int32>
) {
  var row = 0
  while row < rows {
    let l = logits + row * rowStride
    let maximum = rowMaximum(l, width)
    statistics[2 * row] = maximum
    statistics[2 * row + 1] = sumOfExponentials(l, width, maximum)
    var column = 0
    while column < width && l[column] != maximum {
      column += 1
    }
    best[row] = column < width ? Int32(truncatingIfNeeded: column) : 0
    row += 1
  }
}

@inline(never) func sumOfExponentials(_ x: UnsafePointer<Float>, _ count: Int, _ maximum: Float) -> Float {
  let maxima = SIMD16<Float>(repeating: maximum)
  var sum = SIMD16<Float>()
  var i = 0
  while i < count {
    sum += exponential(loadUpTo16(x + i, count - i, fill: -Float.infinity) - maxima)
    i += 16
  }
  return sumLanes(sum)
}
