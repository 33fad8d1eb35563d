// The squared norm of one chunk of a gradient, in Double: lane l adds the squares of elements l, l+16, …, and the
// fixed tree joins the lanes. A square of two floats is exact in Double.

@inline(__always) private func widen8(_ p: UnsafePointer<Float>) -> SIMD8<Double> {
  SIMD8<Double>(
    Double(p[0]), Double(p[1]), Double(p[2]), Double(p[3]), Double(p[4]), Double(p[5]), Double(p[6]), Double(p[7]))
}

/// Σ x² over x[count].
@inline(never) public func squaredNorm(_ count: Int, _ x: UnsafePointer<Float>) -> Double {
  var low = SIMD8<Double>()
  var high = SIMD8<Double>()
  var i = 0
  while i + 16 <= count {
    let a = widen8(x + i)
    let b = widen8(x + i + 8)
    low += a * a
    high += b * b
    i += 16
  }
  var lane = 0
  while i < count {
    let value = Double(x[i])
    if lane < 8 {
      low[lane] += value * value
    } else {
      high[lane - 8] += value * value
    }
    lane += 1
    i += 1
  }
  let eight = low + high
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}
