// Sixteen lanes are the unit of every row reduction, in every build: lane l sums the elements l, l+16, l+32, … in
// order, and one fixed tree (8+8, 4+4, 2+2, 1+1) joins the lanes. So AVX2 (two registers) and AVX-512 (one) agree to
// the bit.
//
// Rules of this module (they keep its objects free of weak symbols, which a linker may take from the wrong build):
// top-level functions over pointers, integers and floats; on SIMD only + - * /, addingProduct, squareRoot,
// comparisons, replace(with:where:), halves, bit casts and wrapping integer operations. `.rounded`, `.clamped`,
// `pointwiseMax`, `.max()` and lane conversions become weak scalar calls, 40 to 100 times slower.

/// Lanes of a row reduction; part of the numerics, never a tuning knob.
@inline(__always) var laneCount: Int { 16 }

@inline(__always) func load16(_ p: UnsafePointer<Float>) -> SIMD16<Float> {
  UnsafeRawPointer(p).loadUnaligned(as: SIMD16<Float>.self)
}

@inline(__always) func load16(_ p: UnsafeMutablePointer<Float>) -> SIMD16<Float> {
  UnsafeRawPointer(p).loadUnaligned(as: SIMD16<Float>.self)
}

@inline(__always) func store16(_ v: SIMD16<Float>, _ p: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: SIMD16<Float>.self)
}

/// The first `count` (< 16) elements, the other lanes `fill`.
@inline(__always) func loadTail(_ p: UnsafePointer<Float>, _ count: Int, fill: Float = 0) -> SIMD16<Float> {
  var v = SIMD16<Float>(repeating: fill)
  var i = 0
  while i < count {
    v[i] = p[i]
    i += 1
  }
  return v
}

@inline(__always) func storeTail(_ v: SIMD16<Float>, _ p: UnsafeMutablePointer<Float>, _ count: Int) {
  var i = 0
  while i < count {
    p[i] = v[i]
    i += 1
  }
}

/// Sixteen lanes from p, `count` of them when fewer remain. Loops with one call site for whole and partial vectors
/// keep the bodies inlined: a second one makes the compiler emit them as weak functions.
@inline(__always) func loadUpTo16(_ p: UnsafePointer<Float>, _ count: Int, fill: Float = 0) -> SIMD16<Float> {
  count >= 16 ? load16(p) : loadTail(p, count, fill: fill)
}

@inline(__always) func storeUpTo16(_ v: SIMD16<Float>, _ p: UnsafeMutablePointer<Float>, _ count: Int) {
  if count >= 16 {
    store16(v, p)
  } else {
    storeTail(v, p, count)
  }
}

/// The fixed tree over the lanes.
@inline(__always) func sumLanes(_ v: SIMD16<Float>) -> Float {
  let eight = v.lowHalf + v.highHalf
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two[0] + two[1]
}

/// The largest lane; NaN lanes lose (a later exp of them is NaN and shows it).
@inline(__always) func maximumLane(_ v: SIMD16<Float>) -> Float {
  var eight = v.lowHalf
  let eightHigh = v.highHalf
  eight.replace(with: eightHigh, where: eightHigh .> eight)
  var four = eight.lowHalf
  let fourHigh = eight.highHalf
  four.replace(with: fourHigh, where: fourHigh .> four)
  var two = four.lowHalf
  let twoHigh = four.highHalf
  two.replace(with: twoHigh, where: twoHigh .> two)
  return two[1] > two[0] ? two[1] : two[0]
}

/// Σ x[i]·y[i] over `count` elements by lanes and tree.
@inline(__always) func dotRow(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Float {
  var lanes = SIMD16<Float>()
  var i = 0
  while i < count {
    lanes = lanes.addingProduct(loadUpTo16(x + i, count - i), loadUpTo16(y + i, count - i))
    i += 16
  }
  return sumLanes(lanes)
}
