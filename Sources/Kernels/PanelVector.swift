// A panel of the right operand holds as many columns as a register tile, [k][columns]: here one step of it as a value,
// two registers in each build. What follows reads whole panels, so the two builds share their source.

#if ISA_AVX512
  typealias PanelVector = SIMD32<Float>
  typealias PanelWords = SIMD32<UInt32>
#else
  typealias PanelVector = SIMD16<Float>
  typealias PanelWords = SIMD16<UInt32>
#endif

@inline(__always) func loadPanel(_ p: UnsafePointer<Float>) -> PanelVector {
  UnsafeRawPointer(p).loadUnaligned(as: PanelVector.self)
}

@inline(__always) func loadPanelWords(_ p: UnsafePointer<Float>) -> PanelWords {
  UnsafeRawPointer(p).loadUnaligned(as: PanelWords.self)
}

@inline(__always) func storePanel(_ v: PanelVector, _ p: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: PanelVector.self)
}
