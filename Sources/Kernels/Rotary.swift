// Rotary position embedding (Su et al., arXiv 2104.09864) in Hugging Face's order: the pairs are (i, i + d/2).
//   y[i]       = x[i] · cos − x[i+d/2] · sin
//   y[i+d/2]   = x[i+d/2] · cos + x[i] · sin
// The backward pass is the inverse rotation.

/// Rotates heads[rows, heads, 2·half] in place; rows lie `rowStride` floats apart. Row t takes line positions[t] of
/// cosines and sines [position][half]. inverse: 0 rotates forward, else back.
@inline(never) public func rotate(
  _ rows: Int, _ heads: Int, _ half: Int, _ x: UnsafeMutablePointer<Float>, _ rowStride: Int,
  _ cosines: UnsafePointer<Float>, _ sines: UnsafePointer<Float>, _ positions: UnsafePointer<Int32>, _ inverse: Int
) {
  let direction: Float = inverse == 0 ? 1 : -1
  var row = 0
  while row < rows {
    let line = Int(positions[row]) * half
    let c = cosines + line
    let s = sines + line
    var head = 0
    while head < heads {
      let low = x + row * rowStride + head * 2 * half
      let high = low + half
      var i = 0
      while i < half {
        let sine = s[i] * direction
        let a = low[i]
        let b = high[i]
        low[i] = a * c[i] - b * sine
        high[i] = b * c[i] + a * sine
        i += 1
      }
      head += 1
    }
    row += 1
  }
}
