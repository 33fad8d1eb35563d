// Softmax cross-entropy over a chunk of logits that is thrown away afterwards (the whole matrix never exists).
//   loss = ln Σ_j exp(l_j − max) + max − l_target,   dl = softmax(l) − onehot(target)
// The logarithm is taken in Double outside: here only the row's maximum, its sum and the target's logit are kept.

/// Reduces logits[rows,width] to statistics[rows][3] = (maximum, Σ exp(l − maximum), logit of the target) and, if
/// `gradient` is not 0, overwrites the logits by d(sum of losses)/d(logits). A row whose target is negative counts for
/// nothing: its third statistic is 0 and its gradient exactly 0.
@inline(never) public func crossEntropy(
  _ rows: Int, _ width: Int, _ logits: UnsafeMutablePointer<Float>, _ targets: UnsafePointer<Int32>,
  _ statistics: UnsafeMutablePointer<Float>, _ gradient: Int
) {
  var row = 0
  while row < rows {
    let l = logits + row * width
    let target = Int(targets[row])
    let maximum = rowMaximum(l, width)
    statistics[3 * row] = maximum
    statistics[3 * row + 2] = target >= 0 ? l[target] : 0
    let sum = exponentialsInPlace(l, width, maximum)
    statistics[3 * row + 1] = sum
    if gradient != 0 {
      scaleRow(l, width, target >= 0 ? 1 / sum : 0, target >= 0)
      if target >= 0 {
        l[target] -= 1
      }
    }
    row += 1
  }
}

@inline(__always) func rowMaximum(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
  var lanes = SIMD16<Float>(repeating: -Float.infinity)
  var i = 0
  while i < count {
    let v = loadUpTo16(x + i, count - i, fill: -Float.infinity)
    lanes.replace(with: v, where: v .> lanes)
    i += 16
  }
  return maximumLane(lanes)
}

/// x[count] = exp(x − maximum), returning the sum.
@inline(never) func exponentialsInPlace(
  _ x: UnsafeMutablePointer<Float>, _ count: Int, _ maximum: Float
) -> Float {
  let maxima = SIMD16<Float>(repeating: maximum)
  var sum = SIMD16<Float>()
  var i = 0
  while i < count {
    let e = exponential(loadUpTo16(x + i, count - i, fill: -Float.infinity) - maxima)
    sum += e
    storeUpTo16(e, x + i, count - i)
    i += 16
  }
  return sumLanes(sum)
}

@inline(__always) private func scaleRow(_ x: UnsafeMutablePointer<Float>, _ count: Int, _ scale: Float, _ keep: Bool) {
  let scales = SIMD16<Float>(repeating: scale)
  var i = 0
  while i + 16 <= count {
    store16(keep ? load16(x + i) * scales : SIMD16<Float>(), x + i)
    i += 16
  }
  while i < count {
    x[i] = keep ? x[i] * scale : 0
    i += 1
  }
}
