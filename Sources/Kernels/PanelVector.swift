// A panel of the right operand holds as many columns as a register tile, [k][columns]: here one step of it as a value,
// two registers in each build. What follows reads whole panels, so the two builds share their source.

#if ISA_AVX512
  /// `SIMD32<Float>` would be 32 scalar operations: the compiler gives up on loops that long.
  struct PanelVector {
    var low: SIMD16<Float>
    var high: SIMD16<Float>

    @inline(__always) init(low: SIMD16<Float>, high: SIMD16<Float>) {
      self.low = low
      self.high = high
    }

    @inline(__always) init() {
      low = SIMD16<Float>()
      high = SIMD16<Float>()
    }

    @inline(__always) init(repeating value: Float) {
      low = SIMD16<Float>(repeating: value)
      high = low
    }

    @inline(__always) func addingProduct(_ x: PanelVector, _ y: PanelVector) -> PanelVector {
      PanelVector(low: low.addingProduct(x.low, y.low), high: high.addingProduct(x.high, y.high))
    }
  }

  struct PanelWords {
    var low: SIMD16<UInt32>
    var high: SIMD16<UInt32>
  }

  @inline(__always) func loadPanel(_ p: UnsafePointer<Float>) -> PanelVector {
    PanelVector(low: load16(p), high: load16(p + 16))
  }

  @inline(__always) func loadPanelWords(_ p: UnsafePointer<Float>) -> PanelWords {
    PanelWords(
      low: UnsafeRawPointer(p).loadUnaligned(as: SIMD16<UInt32>.self),
      high: UnsafeRawPointer(p + 16).loadUnaligned(as: SIMD16<UInt32>.self))
  }

  @inline(__always) func storePanel(_ v: PanelVector, _ p: UnsafeMutablePointer<Float>) {
    store16(v.low, p)
    store16(v.high, p + 16)
  }

  /// Weights of one step from the codes in the bits from `shift` on: code · scale + offset, rounded once.
  @inline(__always) func affineWeights(
    _ words: PanelWords, _ shift: UInt32, _ mask: UInt32, _ scales: PanelVector, _ offsets: PanelVector
  ) -> PanelVector {
    PanelVector(
      low: affine16(words.low, shift, mask, scales.low, offsets.low),
      high: affine16(words.high, shift, mask, scales.high, offsets.high))
  }

  /// The bfloat16 in the upper half of each word moved left by `shift`.
  @inline(__always) func bfloat16Weights(_ words: PanelWords, _ shift: UInt32) -> PanelVector {
    PanelVector(low: upperHalves16(words.low, shift), high: upperHalves16(words.high, shift))
  }
#else
  typealias PanelVector = SIMD16<Float>
  typealias PanelWords = SIMD16<UInt32>

  @inline(__always) func loadPanel(_ p: UnsafePointer<Float>) -> PanelVector { load16(p) }

  @inline(__always) func loadPanelWords(_ p: UnsafePointer<Float>) -> PanelWords {
    UnsafeRawPointer(p).loadUnaligned(as: PanelWords.self)
  }

  @inline(__always) func storePanel(_ v: PanelVector, _ p: UnsafeMutablePointer<Float>) { store16(v, p) }

  /// Weights of one step from the codes in the bits from `shift` on: code · scale + offset, rounded once.
  @inline(__always) func affineWeights(
    _ words: PanelWords, _ shift: UInt32, _ mask: UInt32, _ scales: PanelVector, _ offsets: PanelVector
  ) -> PanelVector { affine16(words, shift, mask, scales, offsets) }

  /// The bfloat16 in the upper half of each word moved left by `shift`.
  @inline(__always) func bfloat16Weights(_ words: PanelWords, _ shift: UInt32) -> PanelVector {
    upperHalves16(words, shift)
  }
#endif

/// A float's bits with a code below 2^23 in the low bits of 2^23 are 2^23 + code.
@inline(__always) private func affine16(
  _ words: SIMD16<UInt32>, _ shift: UInt32, _ mask: UInt32, _ scales: SIMD16<Float>, _ offsets: SIMD16<Float>
) -> SIMD16<Float> {
  let moved = words &>> SIMD16<UInt32>(repeating: shift)
  let codes = (moved & SIMD16<UInt32>(repeating: mask)) | SIMD16<UInt32>(repeating: 0x4B00_0000)
  let exact = unsafeBitCast(codes, to: SIMD16<Float>.self) - SIMD16<Float>(repeating: 8_388_608)
  return offsets.addingProduct(exact, scales)
}

@inline(__always) private func upperHalves16(_ words: SIMD16<UInt32>, _ shift: UInt32) -> SIMD16<Float> {
  let moved = words &<< SIMD16<UInt32>(repeating: shift)
  return unsafeBitCast(moved & SIMD16<UInt32>(repeating: 0xFFFF_0000), to: SIMD16<Float>.self)
}
