import CZlib

/// Fixed-width little-endian numbers in and out of bytes, for the file formats here.
extension [UInt8] {
  mutating func appendLittleEndian<Integer: FixedWidthInteger>(_ value: Integer) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  mutating func storeLittleEndian<Integer: FixedWidthInteger>(_ value: Integer, at offset: Int) {
    let bytes = Swift.withUnsafeBytes(of: value.littleEndian) { Array($0) }
    replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }
}

extension UnsafeRawBufferPointer {
  /// Precondition: the number lies inside the buffer.
  @inline(__always)
  func littleEndian<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self, at offset: Int) -> Integer {
    Integer(littleEndian: loadUnaligned(fromByteOffset: offset, as: Integer.self))
  }
}

/// CRC-32 (zlib's), continued over several pieces.
struct RunningCRC32 {
  private(set) var value: UInt32 = 0

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    // crc32_z takes lengths beyond 4 GiB.
    value = UInt32(truncatingIfNeeded: crc32_z(UInt(value), base.assumingMemoryBound(to: UInt8.self), bytes.count))
  }

  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc = RunningCRC32()
    crc.update(bytes)
    return crc.value
  }
}

/// Rounds up to a multiple of eight, the alignment of sections in the file formats here.
func paddedToEight(_ count: Int) -> Int { (count + 7) & ~7 }

/// Lower-case hexadecimal, as `sha256sum` prints it.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}
