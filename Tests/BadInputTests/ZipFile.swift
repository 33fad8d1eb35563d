/// Zip files whose members are stored, not compressed, as PKWARE's APPNOTE 6.3 has them.
enum ZipFile {
  static func storing(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in members {
      let offset = UInt32(file.count)
      // Version 2.0, no flags, stored, 1980-01-01 00:00.
      let common =
        le16(20) + le16(0) + le16(0) + le16(0) + le16(0x21) + le32(crc32(bytes)) + le32(UInt32(bytes.count))
        + le32(UInt32(bytes.count)) + le16(UInt16(name.utf8.count)) + le16(0)
      file += le32(0x0403_4B50) + common + Array(name.utf8) + bytes
      directory += le32(0x0201_4B50) + le16(20) + common + le16(0) + le16(0) + le16(0) + le32(0) + le32(offset)
      directory += Array(name.utf8)
    }
    let count = le16(UInt16(members.count))
    let end = le32(0x0605_4B50) + le16(0) + le16(0) + count + count + le32(UInt32(directory.count))
    return file + directory + end + le32(UInt32(file.count)) + le16(0)
  }

  private static func le16(_ value: UInt16) -> [UInt8] { [UInt8(truncatingIfNeeded: value), UInt8(value >> 8)] }

  private static func le32(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var remainder: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      remainder ^= UInt32(byte)
      for _ in 0..<8 { remainder = remainder & 1 == 1 ? 0xEDB8_8320 ^ remainder >> 1 : remainder >> 1 }
    }
    return ~remainder
  }
}
