internal import WireProtocol

/// TensorFlow's record file: a record is `length u64 · masked CRC-32C of the length u32 · payload · masked CRC-32C of
/// the payload u32`, little-endian (tensorflow/core/lib/io/record_writer.h).
enum TFRecord {
  /// A checksum of bytes that hold checksums themselves would be weak; so it is rotated and shifted.
  static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
    let crc = CRC32C.checksum(bytes)
    return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
  }

  static func framed(_ payload: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(payload.count))
    return length + littleEndian(maskedChecksum(length)) + payload + littleEndian(maskedChecksum(payload))
  }

  static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }
}
