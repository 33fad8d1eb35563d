/// Splits values into planes of equal bytes, which can be packed where whole values look like noise.
///
/// The sign is rotated into the lowest bit first, so that the highest byte is the exponent alone (of fp32 and bf16; of
/// a Double its upper eight bits): gradients of one chunk have few exponents. Plane `p` holds byte `p` of every value,
/// the lowest byte first. Gradients go through the kernels (`Kernels.splitPlanes`), the few Doubles of statistics
/// through here.
enum BytePlanes {
  /// Doubles, as they are in memory, into eight planes one after the other.
  static func split(_ values: UnsafeRawBufferPointer, into planes: UnsafeMutableRawBufferPointer) {
    precondition(values.count == planes.count && values.count % 8 == 0)
    let count = values.count / 8
    for index in 0..<count {
      let word = UInt64(littleEndian: values.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
      let rotated = word << 1 | word >> 63
      for plane in 0..<8 {
        planes[plane * count + index] = UInt8(truncatingIfNeeded: rotated >> UInt64(8 * plane))
      }
    }
  }

  /// The inverse, of eight planes that lie anywhere.
  static func join(_ planes: [UnsafeRawBufferPointer], into values: UnsafeMutableRawBufferPointer) {
    precondition(planes.count == 8 && planes.allSatisfy { 8 * $0.count == values.count })
    for index in 0..<values.count / 8 {
      var rotated: UInt64 = 0
      for plane in 0..<8 { rotated |= UInt64(planes[plane][index]) << UInt64(8 * plane) }
      let word = rotated >> 1 | rotated << 63
      values.storeBytes(of: word.littleEndian, toByteOffset: 8 * index, as: UInt64.self)
    }
  }
}
