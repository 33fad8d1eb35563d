// Four rows of sixteen floats become sixteen groups of four: what packing does to an operand whose rows run along k.
// Two stages, as the unpack instructions of x86 work (within 128-bit lanes, so that each is one instruction whatever
// the register's width): pairs of rows interleaved by single floats, then pairs of those by 64 bits. The second stage
// must be seen by the compiler as 64-bit elements: with floats throughout it merges both stages and takes them apart
// again into one insertion per element, three times slower.

private typealias PairLanes = SIMD8<UInt64>

/// In each quarter q: a[4q], b[4q], a[4q+1], b[4q+1].
@inline(__always) private func lowPairs(_ a: SIMD16<Float>, _ b: SIMD16<Float>) -> PairLanes {
  let v = SIMD16<Float>(
    a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5],
    a[8], b[8], a[9], b[9], a[12], b[12], a[13], b[13])
  return unsafeBitCast(v, to: PairLanes.self)
}

/// In each quarter q: a[4q+2], b[4q+2], a[4q+3], b[4q+3].
@inline(__always) private func highPairs(_ a: SIMD16<Float>, _ b: SIMD16<Float>) -> PairLanes {
  let v = SIMD16<Float>(
    a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7],
    a[10], b[10], a[11], b[11], a[14], b[14], a[15], b[15])
  return unsafeBitCast(v, to: PairLanes.self)
}

@inline(__always) private func evenPairs(_ x: PairLanes, _ y: PairLanes) -> PairLanes {
  PairLanes(x[0], y[0], x[2], y[2], x[4], y[4], x[6], y[6])
}

@inline(__always) private func oddPairs(_ x: PairLanes, _ y: PairLanes) -> PairLanes {
  PairLanes(x[1], y[1], x[3], y[3], x[5], y[5], x[7], y[7])
}

@inline(__always) private func storeQuarter(_ v: SIMD2<UInt64>, _ p: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(p).storeBytes(of: v, as: SIMD2<UInt64>.self)
}

@inline(__always) private func storeQuarters(_ v: PairLanes, _ p: UnsafeMutablePointer<Float>, _ stride: Int) {
  storeQuarter(v.lowHalf.lowHalf, p)
  storeQuarter(v.lowHalf.highHalf, p + stride)
  storeQuarter(v.highHalf.lowHalf, p + 2 * stride)
  storeQuarter(v.highHalf.highHalf, p + 3 * stride)
}

/// target[k · width + r] = source[r · stride + k] for k in 0..<16, r in 0..<4.
@inline(__always) func transposeFourRows(
  _ source: UnsafePointer<Float>, _ stride: Int, _ target: UnsafeMutablePointer<Float>, _ width: Int
) {
  let r0 = load16(source)
  let r1 = load16(source + stride)
  let r2 = load16(source + 2 * stride)
  let r3 = load16(source + 3 * stride)
  let low01 = lowPairs(r0, r1)
  let high01 = highPairs(r0, r1)
  let low23 = lowPairs(r2, r3)
  let high23 = highPairs(r2, r3)
  storeQuarters(evenPairs(low01, low23), target, 4 * width)
  storeQuarters(oddPairs(low01, low23), target + width, 4 * width)
  storeQuarters(evenPairs(high01, high23), target + 2 * width, 4 * width)
  storeQuarters(oddPairs(high01, high23), target + 3 * width, 4 * width)
}
