// AdamW (Loshchilov and Hutter, arXiv 1711.05101), in the form of torch.optim.AdamW:
//   g = (gradient / divisor) · clip
//   m = β₁ m + (1 − β₁) g,   v = β₂ v + (1 − β₂) g²
//   w = w · decay − step · m / (√v · rootScale + ε)
// where decay = 1 − rate · weightDecay, step = rate / (1 − β₁ᵗ), rootScale = 1 / √(1 − β₂ᵗ), computed in Double
// outside. Elementwise, so that any cut into ranges gives the same bits.

/// Updates weights, first and second moments [count] in place from gradient[count].
@inline(never) public func adamW(
  _ count: Int, _ weights: UnsafeMutablePointer<Float>, _ first: UnsafeMutablePointer<Float>,
  _ second: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>, _ divisor: Float, _ clip: Float,
  _ beta1: Float, _ oneMinusBeta1: Float, _ beta2: Float, _ oneMinusBeta2: Float,
  _ decay: Float, _ step: Float, _ rootScale: Float, _ epsilon: Float
) {
  typealias Lanes = SIMD16<Float>
  var i = 0
  while i < count {
    let n = count - i
    let g = loadUpTo16(gradient + i, n) / Lanes(repeating: divisor) * Lanes(repeating: clip)
    var m = loadUpTo16(first + i, n)
    var v = loadUpTo16(second + i, n)
    var w = loadUpTo16(weights + i, n)
    m = m * Lanes(repeating: beta1) + g * Lanes(repeating: oneMinusBeta1)
    v = v * Lanes(repeating: beta2) + g * g * Lanes(repeating: oneMinusBeta2)
    let denominator = v.squareRoot() * Lanes(repeating: rootScale) + Lanes(repeating: epsilon)
    w = w * Lanes(repeating: decay) - Lanes(repeating: step) * (m / denominator)
    storeUpTo16(m, first + i, n)
    storeUpTo16(v, second + i, n)
    storeUpTo16(w, weights + i, n)
    i += 16
  }
}
