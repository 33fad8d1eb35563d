/// Splits values into planes of equal bytes, which lz4 can compress where whole values look like noise.
///
/// The sign is rotated into the lowest bit first, so that the highest byte is the exponent alone (of fp32 and bf16; of
/// a Double its upper eight bits): gradients of one chunk have few exponents, and that plane shrinks to about a third.
/// Plane `p` holds byte `p` of every value, the lowest byte first.
enum BytePlanes {
  static func split(_ values: UnsafeRawBufferPointer, width: Int, into planes: UnsafeMutableRawBufferPointer) {
    precondition(values.count == planes.count && values.count % width == 0)
    let count = values.count / width
    switch width {
    case 2:
      for index in 0..<count {
        let word = UInt16(littleEndian: values.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
        let rotated = word << 1 | word >> 15
        planes[index] = UInt8(truncatingIfNeeded: rotated)
        planes[count + index] = UInt8(truncatingIfNeeded: rotated >> 8)
      }
    case 4:
      for index in 0..<count {
        let word = UInt32(littleEndian: values.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
        let rotated = word << 1 | word >> 31
        planes[index] = UInt8(truncatingIfNeeded: rotated)
        planes[count + index] = UInt8(truncatingIfNeeded: rotated >> 8)
        planes[2 * count + index] = UInt8(truncatingIfNeeded: rotated >> 16)
        planes[3 * count + index] = UInt8(truncatingIfNeeded: rotated >> 24)
      }
    case 8:
      for index in 0..<count {
        let word = UInt64(littleEndian: values.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
        let rotated = word << 1 | word >> 63
        for plane in 0..<8 {
          planes[plane * count + index] = UInt8(truncatingIfNeeded: rotated >> UInt64(8 * plane))
        }
      }
    default: preconditionFailure("values of \(width) bytes")
    }
  }

  static func join(_ planes: UnsafeRawBufferPointer, width: Int, into values: UnsafeMutableRawBufferPointer) {
    precondition(values.count == planes.count && values.count % width == 0)
    let count = values.count / width
    switch width {
    case 2:
      for index in 0..<count {
        let rotated = UInt16(planes[index]) | UInt16(planes[count + index]) << 8
        let word = rotated >> 1 | rotated << 15
        values.storeBytes(of: word.littleEndian, toByteOffset: 2 * index, as: UInt16.self)
      }
    case 4:
      for index in 0..<count {
        let low = UInt32(planes[index]) | UInt32(planes[count + index]) << 8
        let rotated = low | UInt32(planes[2 * count + index]) << 16 | UInt32(planes[3 * count + index]) << 24
        let word = rotated >> 1 | rotated << 31
        values.storeBytes(of: word.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
      }
    case 8:
      for index in 0..<count {
        var rotated: UInt64 = 0
        for plane in 0..<8 { rotated |= UInt64(planes[plane * count + index]) << UInt64(8 * plane) }
        let word = rotated >> 1 | rotated << 63
        values.storeBytes(of: word.littleEndian, toByteOffset: 8 * index, as: UInt64.self)
      }
    default: preconditionFailure("values of \(width) bytes")
    }
  }
}
