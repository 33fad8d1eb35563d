// Values as planes of equal bytes, sign rotated into the lowest bit (the codec of GradientExchange says why). Plain
// loops: the compiler makes truncations and extensions of whole vectors of them.

/// low[count], high[count] = the bytes of values[count], bfloat16 bits rotated left by one.
@inline(never) public func splitPlanes16(
  _ count: Int, _ values: UnsafePointer<UInt16>, _ low: UnsafeMutablePointer<UInt8>,
  _ high: UnsafeMutablePointer<UInt8>
) {
  var i = 0
  while i < count {
    let word = values[i]
    let rotated = word &<< 1 | word &>> 15
    low[i] = UInt8(truncatingIfNeeded: rotated)
    high[i] = UInt8(truncatingIfNeeded: rotated &>> 8)
    i += 1
  }
}

/// The inverse of `splitPlanes16`.
@inline(never) public func joinPlanes16(
  _ count: Int, _ low: UnsafePointer<UInt8>, _ high: UnsafePointer<UInt8>, _ values: UnsafeMutablePointer<UInt16>
) {
  var i = 0
  while i < count {
    let rotated = UInt16(truncatingIfNeeded: low[i]) | UInt16(truncatingIfNeeded: high[i]) &<< 8
    values[i] = rotated &>> 1 | rotated &<< 15
    i += 1
  }
}

/// first … high[count] = the bytes of values[count], fp32 bits rotated left by one, the lowest byte first.
@inline(never) public func splitPlanes32(
  _ count: Int, _ values: UnsafePointer<UInt32>, _ first: UnsafeMutablePointer<UInt8>,
  _ second: UnsafeMutablePointer<UInt8>, _ third: UnsafeMutablePointer<UInt8>, _ high: UnsafeMutablePointer<UInt8>
) {
  var i = 0
  while i < count {
    let word = values[i]
    let rotated = word &<< 1 | word &>> 31
    first[i] = UInt8(truncatingIfNeeded: rotated)
    second[i] = UInt8(truncatingIfNeeded: rotated &>> 8)
    third[i] = UInt8(truncatingIfNeeded: rotated &>> 16)
    high[i] = UInt8(truncatingIfNeeded: rotated &>> 24)
    i += 1
  }
}

/// The inverse of `splitPlanes32`.
@inline(never) public func joinPlanes32(
  _ count: Int, _ first: UnsafePointer<UInt8>, _ second: UnsafePointer<UInt8>, _ third: UnsafePointer<UInt8>,
  _ high: UnsafePointer<UInt8>, _ values: UnsafeMutablePointer<UInt32>
) {
  var i = 0
  while i < count {
    let low = UInt32(truncatingIfNeeded: first[i]) | UInt32(truncatingIfNeeded: second[i]) &<< 8
    let upper = UInt32(truncatingIfNeeded: third[i]) &<< 16 | UInt32(truncatingIfNeeded: high[i]) &<< 24
    let rotated = low | upper
    values[i] = rotated &>> 1 | rotated &<< 31
    i += 1
  }
}
