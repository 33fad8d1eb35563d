// Packing from bfloat16 weights, which widen exactly: the packed panels, and so every bit of a product, are those of
// the widened fp32 weights. The register tile never knows what a weight was stored as; another storage needs a packer
// like this one, no more.

/// Sixteen bfloat16 values as floats: their bits are the upper half of a float's.
@inline(__always) func widen16(_ p: UnsafePointer<UInt16>) -> SIMD16<Float> {
  let v = UnsafeRawPointer(p).loadUnaligned(as: SIMD16<UInt16>.self)
  let zero = SIMD16<UInt16>()
  // Interleaved with zeros below: a widening without a lane conversion, which would be a weak scalar call.
  let low = SIMD16<UInt16>(
    zero[0], v[0], zero[1], v[1], zero[2], v[2], zero[3], v[3], zero[4], v[4], zero[5], v[5], zero[6], v[6], zero[7],
    v[7])
  let high = SIMD16<UInt16>(
    zero[8], v[8], zero[9], v[9], zero[10], v[10], zero[11], v[11], zero[12], v[12], zero[13], v[13], zero[14], v[14],
    zero[15], v[15])
  return SIMD16<Float>(
    lowHalf: unsafeBitCast(low, to: SIMD8<Float>.self), highHalf: unsafeBitCast(high, to: SIMD8<Float>.self))
}

@inline(__always) func widenRow(_ count: Int, _ x: UnsafePointer<UInt16>, _ target: UnsafeMutablePointer<Float>) {
  var i = 0
  while i + 16 <= count {
    store16(widen16(x + i), target + i)
    i += 16
  }
  while i < count {
    target[i] = Float(bitPattern: UInt32(truncatingIfNeeded: x[i]) &<< 16)
    i += 1
  }
}

/// As `packOperand`, from bfloat16. `scratch` holds `packScratchFloats()`.
@inline(never) public func packOperandBFloat16(
  _ count: Int, _ depth: Int, _ x: UnsafePointer<UInt16>, _ rowStride: Int, _ depthStride: Int, _ width: Int,
  _ first: Int, _ padded: Int, _ packed: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  let step = depthStep(depth)
  var k = 0
  while k < depth {
    let depths = depth - k < step ? depth - k : step
    var row = 0
    while row < count {
      let rows = count - row < width ? count - row : width
      let source = x + row * rowStride + k * depthStride
      let target = packed + k * padded + (first + row) * depths
      if depthStride == 1 {
        var r = 0
        while r < rows {
          widenRow(depths, source + r * rowStride, scratch + r * depths)
          r += 1
        }
        packOnePanel(rows, depths, scratch, depths, 1, width, target)
      } else {
        var p = 0
        while p < depths {
          widenRow(rows, source + p * depthStride, scratch + p * rows)
          p += 1
        }
        packOnePanel(rows, depths, scratch, 1, rows, width, target)
      }
      row += width
    }
    k += depths
  }
}

/// Floats of scratch for the packers that widen: a panel.
public func packScratchFloats() -> Int { tileColumns * blockDepth }

@inline(never) func packOnePanel(
  _ rows: Int, _ depth: Int, _ x: UnsafePointer<Float>, _ rowStride: Int, _ depthStride: Int, _ width: Int,
  _ packed: UnsafeMutablePointer<Float>
) {
  if width == tileRows {
    packPanels(rows, depth, x, rowStride, depthStride, tileRows, packed)
  } else {
    packPanels(rows, depth, x, rowStride, depthStride, tileColumns, packed)
  }
}
