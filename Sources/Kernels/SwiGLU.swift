// The gated feed-forward's middle (Shazeer, arXiv 2002.05202): h = silu(gate) · up, silu(z) = z · σ(z).
//   dUp = dh · silu(gate),   dGate = dh · up · σ · (1 + gate · (1 − σ))

@inline(__always) private func sigmoid(_ z: SIMD16<Float>) -> SIMD16<Float> {
  let one = SIMD16<Float>(repeating: 1)
  return one / (one + exponential(SIMD16<Float>() - z))
}

/// hidden[count] = silu(gate[count]) · up[count].
@inline(never) public func swigluForward(
  _ count: Int, _ gate: UnsafePointer<Float>, _ up: UnsafePointer<Float>, _ hidden: UnsafeMutablePointer<Float>
) {
  var i = 0
  while i < count {
    let z = loadUpTo16(gate + i, count - i)
    storeUpTo16(z * sigmoid(z) * loadUpTo16(up + i, count - i), hidden + i, count - i)
    i += 16
  }
}

/// Overwrites gate and up [count] by their gradients, given dHidden[count].
@inline(never) public func swigluBackward(
  _ count: Int, _ gate: UnsafeMutablePointer<Float>, _ up: UnsafeMutablePointer<Float>,
  _ dHidden: UnsafePointer<Float>
) {
  let one = SIMD16<Float>(repeating: 1)
  var i = 0
  while i < count {
    let n = count - i
    let z = loadUpTo16(gate + i, n)
    let u = loadUpTo16(up + i, n)
    let dh = loadUpTo16(dHidden + i, n)
    let s = sigmoid(z)
    let dUp = dh * (z * s)
    let dGate = dh * u * (s * (one + z * (one - s)))
    storeUpTo16(dGate, gate + i, n)
    storeUpTo16(dUp, up + i, n)
    i += 16
  }
}
