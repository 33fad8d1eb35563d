// A panel of the right operand holds as many columns as a register tile, [k][columns]: here one step of it as a value,
// two registers in each build. What follows reads whole panels, so the two builds share their source.

import CPrefetch

/// Floats of a page of the processor's memory, 4096 bytes: it fetches ahead by itself to the end of one and no further,
/// and a panel of weights has but few.
@inline(__always) var prefetchDistance: Int { 1024 }

/// Asks for what lies a page, and `further` floats, behind this step of a panel. That need not be a panel's, nor exist.
@inline(__always) func prefetchPanel(_ p: UnsafePointer<Float>, further: Int = 0) {
  admix_prefetch(p, 4 &* (prefetchDistance &+ further))
  if tileColumns > 16 { admix_prefetch(p, 4 &* (prefetchDistance &+ further) &+ 64) }
}

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

  /// Weights of the 4-bit code `index` of each word where `raisesExactly` holds, from raised scales and offsets.
  @inline(__always) func raisedWeights(
    _ words: PanelWords, _ index: Int, _ scales: PanelVector, _ offsets: PanelVector
  ) -> PanelVector {
    (
      raised16(words.low, index, scales.low, offsets.low),
      raised16(words.high, index, scales.high, offsets.high)
    )
  }

  /// Scales of a group as `raisedWeights` (raised: 1) or `affineWeights` take them.
  @inline(__always) func rowScales(_ raised: Int, _ p: UnsafePointer<Float>) -> PanelVector {
    let scales = loadPanel(p)
    guard raised == 1 else { return scales }
    let factor = SIMD16<Float>(repeating: raisingFactor)
    return (scales.low * factor, scales.high * factor)
  }

  /// As `rowScales`, of offsets; `scales` are those that it gave.
  @inline(__always) func rowOffsets(_ raised: Int, _ p: UnsafePointer<Float>, _ scales: PanelVector) -> PanelVector {
    let offsets = loadPanel(p)
    return raised == 1 ? (offsets.low - scales.low, offsets.high - scales.high) : offsets
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

  /// Weights of the 4-bit code `index` of each word where `raisesExactly` holds, from raised scales and offsets.
  @inline(__always) func raisedWeights(
    _ words: PanelWords, _ index: Int, _ scales: PanelVector, _ offsets: PanelVector
  ) -> PanelVector { raised16(words, index, scales, offsets) }

  /// Scales of a group as `raisedWeights` (raised: 1) or `affineWeights` take them.
  @inline(__always) func rowScales(_ raised: Int, _ p: UnsafePointer<Float>) -> PanelVector {
    raised == 1 ? loadPanel(p) * PanelVector(repeating: raisingFactor) : loadPanel(p)
  }

  /// As `rowScales`, of offsets; `scales` are those that it gave.
  @inline(__always) func rowOffsets(_ raised: Int, _ p: UnsafePointer<Float>, _ scales: PanelVector) -> PanelVector {
    raised == 1 ? loadPanel(p) - scales : loadPanel(p)
  }

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

/// What raises the scales of 4-bit codes.
@inline(__always) var raisingFactor: Float { 16 }

/// With a 4-bit code as the highest bits of its fraction a float is 1 + code / 16: one subtraction less than above.
/// Then code · scale + offset = (1 + code / 16) · s + o with s = 16 · scale and o = offset − s.
@inline(__always) func raised16(
  _ words: SIMD16<UInt32>, _ index: Int, _ scales: SIMD16<Float>, _ offsets: SIMD16<Float>
) -> SIMD16<Float> {
  let left = 19 &- 4 &* index
  let moved =
    left >= 0
    ? words &<< SIMD16<UInt32>(repeating: UInt32(truncatingIfNeeded: left))
    : words &>> SIMD16<UInt32>(repeating: UInt32(truncatingIfNeeded: 0 &- left))
  let values = (moved & SIMD16<UInt32>(repeating: 0x0078_0000)) | SIMD16<UInt32>(repeating: 0x3F80_0000)
  return offsets.addingProduct(unsafeBitCast(values, to: SIMD16<Float>.self), scales)
}

/// 1 when the weights of a group of 4-bit codes have the same bits by `raisedWeights` as by code · scale + offset: the
/// raised offset is exact, nothing comes near the ends of the range, and no zero is a negative one.
public func raisesExactly(_ scale: Float, _ offset: Float) -> Int {
  let raised = offset - raisingFactor * scale
  // Zero, or a magnitude from 2^-60 to 2^60.
  func isPlain(_ value: Float) -> Bool {
    let magnitude = value.bitPattern & 0x7FFF_FFFF
    return value.bitPattern == 0 || (magnitude >= 0x2180_0000 && magnitude <= 0x5D80_0000)
  }
  guard isPlain(scale), isPlain(offset), isPlain(raised) else { return 0 }
  // Neither term is lost in the difference, and it is a float.
  let raisedScale = Double(raisingFactor) * Double(scale)
  let difference = Double(offset) - raisedScale
  let isExact = difference + raisedScale == Double(offset) && Double(offset) - difference == raisedScale
  return isExact && Double(raised) == difference ? 1 : 0
}

@inline(__always) func upperHalves16(_ words: SIMD16<UInt32>, _ shift: UInt32) -> SIMD16<Float> {
  let moved = words &<< SIMD16<UInt32>(repeating: shift)
  return unsafeBitCast(moved & SIMD16<UInt32>(repeating: 0xFFFF_0000), to: SIMD16<Float>.self)
}
