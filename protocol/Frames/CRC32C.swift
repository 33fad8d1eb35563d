/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), slicing by eight bytes.
///
/// Tables rather than the SSE 4.2 instruction: the protocol is plain Swift on every architecture. Whoever moves bulk
/// frames can bring a faster one (`BodyChecksum`).
public enum CRC32C {
  /// As a value, for those who compute body checksums.
  public static let body: BodyChecksum = { checksum($0) }

  /// The reversed polynomial 0x1EDC6F41.
  private static let polynomial: UInt32 = 0x82F6_3B78

  /// Eight tables of 256 entries, one after the other; table k advances a byte by k further zero bytes.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for byte in 0..<256 {
      var crc = UInt32(truncatingIfNeeded: byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ polynomial : crc >> 1 }
      tables[byte] = crc
    }
    for entry in 256..<tables.count {
      let previous = tables[entry - 256]
      tables[entry] = previous >> 8 ^ tables[Int(previous & 0xFF)]
    }
    return tables
  }()

  public static func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { checksum($0) } }

  public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 { ~extend(.max, bytes) }

  /// `state` starts as `.max`; its complement at the end is the checksum.
  public static func extend(_ state: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    tables.withUnsafeBufferPointer { table in
      var crc = state
      var offset = 0
      let blocks = bytes.count & ~7
      while offset < blocks {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) ^ UInt64(crc)
        crc =
          table[7 << 8 | Int(word & 0xFF)] ^ table[6 << 8 | Int(word >> 8 & 0xFF)]
          ^ table[5 << 8 | Int(word >> 16 & 0xFF)] ^ table[4 << 8 | Int(word >> 24 & 0xFF)]
        crc ^=
          table[3 << 8 | Int(word >> 32 & 0xFF)] ^ table[2 << 8 | Int(word >> 40 & 0xFF)]
          ^ table[1 << 8 | Int(word >> 48 & 0xFF)] ^ table[Int(word >> 56)]
        offset += 8
      }
      while offset < bytes.count {
        crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[offset])]
        offset += 1
      }
      return crc
    }
  }
}

/// CRC-32C of a frame's body, by whatever means the host has.
public typealias BodyChecksum = @Sendable (UnsafeRawBufferPointer) -> UInt32
