// A panel of the right operand holds as many columns as a register tile, [k][columns]: here one step of it as a value,
// two registers in each build. What follows reads whole panels, so the two builds share their source.

#if ISA_AVX512
  /// `SIMD32<Float>` would be 32 scalar operations: the compiler gives up on loops that long. A tuple and not a
  /// structure, whose metadata would be weak symbols.
  typealias PanelVector = (low: SIMD16<Float>, high: SIMD16<Float>)
  typealias PanelWords = (low: SIMD16<UInt32>, high: SIMD16<UInt32>)

  @inline(__always) func zeroPanel() -> PanelVector { (SIMD16<Float>(), SIMD16<Float>()) }

  @inline(__always) func repeated(_ value: Float) -> PanelVector {
    (SIMD16<Float>(repeating: value), SIMD16<Float>(repeating: value))
  }

  /// sum + x · y, rounded once.
  @inline(__always) func addingProduct(_ sum: PanelVector, _ x: PanelVector, _ y: PanelVector) -> PanelVector {
    (sum.low.addingProduct(x.low, y.low), sum.high.addingProduct(x.high, y.high))
  }

  @inline(__always) func loadPanel(_ p: UnsafePointer<Float>) -> PanelVector {
    (load16(p), load16(p + 16))
  }

  @inline(__always) func loadPanelWords(_ p: UnsafePointer<Float>) -> PanelWords {
    (
      UnsafeRawPointer(p).loadUnaligned(as: SIMD16<UInt32>.self),
      UnsafeRawPointer(p + 16).loadUnaligned(as: SIMD16<UInt32>.self)
    )
  }

  @inline(__always) func storePanel(_ v: PanelVector, _ p: UnsafeMutablePointer<Float>) {
    store16(v.low, p)
    store16(v.high, p + 16)
  }

  /// Weights of one step from the codes in the bits from `shift` on: code · scale + offset, rounded once.
  @inline(__always) func affineWeights(
    _ words: PanelWords, _ shift: UInt32, _ mask: UInt32, _ scales: PanelVector, _ offsets: PanelVector
  ) -> PanelVector {
    (
      affine16(words.low, shift, mask, scales.low, offsets.low),
      affine16(words.high, shift, mask, scales.high, offsets.high)
    )
  }

  /// The bfloat16 in the upper half of each word moved left by `shift`.
  @inline(__always) func bfloat16Weights(_ words: PanelWords, _ shift: UInt32) -> PanelVector {
    (upperHalves16(words.low, shift), upperHalves16(words.high, shift))
  }
  /// Rows that one pass over a panel serves; more go through the tile of Matmul.swift. Two registers a row.
  public func fewRowsLimit() -> Int { 8 }
#else
  typealias PanelVector = SIMD16<Float>
  typealias PanelWords = SIMD16<UInt32>

  @inline(__always) func zeroPanel() -> PanelVector { PanelVector() }

  @inline(__always) func repeated(_ value: Float) -> PanelVector { PanelVector(repeating: value) }

  /// sum + x · y, rounded once.
  @inline(__always) func addingProduct(_ sum: PanelVector, _ x: PanelVector, _ y: PanelVector) -> PanelVector {
    sum.addingProduct(x, y)
  }

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

  /// Rows that one pass over a panel serves; more go through the tile of Matmul.swift. Two registers a row.
  public func fewRowsLimit() -> Int { 6 }
#endif

/// A float's bits with a code below 2^23 in the low bits of 2^23 are 2^23 + code.
@inline(__always) func affine16(
  _ words: SIMD16<UInt32>, _ shift: UInt32, _ mask: UInt32, _ scales: SIMD16<Float>, _ offsets: SIMD16<Float>
) -> SIMD16<Float> {
  let moved = words &>> SIMD16<UInt32>(repeating: shift)
  let codes = (moved & SIMD16<UInt32>(repeating: mask)) | SIMD16<UInt32>(repeating: 0x4B00_0000)
  let exact = unsafeBitCast(codes, to: SIMD16<Float>.self) - SIMD16<Float>(repeating: 8_388_608)
  return offsets.addingProduct(exact, scales)
}

@inline(__always) func upperHalves16(_ words: SIMD16<UInt32>, _ shift: UInt32) -> SIMD16<Float> {
  let moved = words &<< SIMD16<UInt32>(repeating: shift)
  return unsafeBitCast(moved & SIMD16<UInt32>(repeating: 0xFFFF_0000), to: SIMD16<Float>.self)
}
