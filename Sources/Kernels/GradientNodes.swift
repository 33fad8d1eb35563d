// The exchange's node: round(fp32(left) + fp32(right)), and bfloat16 beside fp32.
// Rounding to bfloat16 is to nearest, ties to even, in integer arithmetic: the processor's own conversion
// (AVX512_BF16) flushes denormals and is missing elsewhere. NaN stays NaN, made quiet.

@inline(__always) private func roundToBFloat16(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  let rounded = (bits &+ 0x7fff &+ ((bits &>> 16) & 1)) &>> 16
  let quiet = (bits &>> 16) | 0x40
  return UInt16(truncatingIfNeeded: (bits & 0x7fff_ffff) > 0x7f80_0000 ? quiet : rounded)
}

@inline(__always) private func widenBFloat16(_ value: UInt16) -> Float {
  Float(bitPattern: UInt32(truncatingIfNeeded: value) &<< 16)
}

/// rounded[count] = bfloat16 bits of values[count].
@inline(never) public func bfloat16Rounded(
  _ count: Int, _ values: UnsafePointer<Float>, _ rounded: UnsafeMutablePointer<UInt16>
) {
  var i = 0
  while i < count {
    rounded[i] = roundToBFloat16(values[i])
    i += 1
  }
}

/// values[count] = the fp32 values of bits[count], exactly.
@inline(never) public func bfloat16Widened(
  _ count: Int, _ bits: UnsafePointer<UInt16>, _ values: UnsafeMutablePointer<Float>
) {
  var i = 0
  while i < count {
    values[i] = widenBFloat16(bits[i])
    i += 1
  }
}

/// node[count] = round(fp32(left) + fp32(right)) in bfloat16. `node` may be either operand.
@inline(never) public func bfloat16NodeSum(
  _ count: Int, _ left: UnsafePointer<UInt16>, _ right: UnsafePointer<UInt16>, _ node: UnsafeMutablePointer<UInt16>
) {
  var i = 0
  while i < count {
    node[i] = roundToBFloat16(widenBFloat16(left[i]) + widenBFloat16(right[i]))
    i += 1
  }
}
