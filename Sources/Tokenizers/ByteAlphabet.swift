/// How byte-level vocabularies write bytes as characters: GPT-2's `bytes_to_unicode`. Printable Latin-1 stands for
/// itself, the other 68 bytes for U+0100 onwards.
/// Source: https://github.com/openai/gpt-2 (src/encoder.py)
enum ByteAlphabet {
  /// Character of each byte.
  static let scalars: [UInt32] = {
    var scalars = [UInt32](repeating: 0, count: 256)
    var next: UInt32 = 0x100
    for byte in 0..<256 {
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: scalars[byte] = UInt32(byte)
      default:
        scalars[byte] = next
        next += 1
      }
    }
    return scalars
  }()

  /// Byte of each character below U+0144, or -1.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// UTF-8 of the byte's character.
  static func utf8(_ byte: UInt8) -> [UInt8] {
    let scalar = scalars[Int(byte)]
    return scalar < 0x80 ? [UInt8(scalar)] : [0xC0 | UInt8(scalar >> 6), 0x80 | UInt8(scalar & 0x3F)]
  }

  /// Appends the bytes that the text stands for. False, with nothing appended, if a character of it stands for none.
  static func append(bytesOf text: UnsafeBufferPointer<UInt8>, to output: inout [UInt8]) -> Bool {
    let start = output.count
    var position = 0
    while position < text.count {
      let (scalar, count) = UTF8Scan.scalar(text, position)
      guard scalar < 0x144, bytes[Int(scalar)] >= 0 else {
        output.removeLast(output.count - start)
        return false
      }
      output.append(UInt8(bytes[Int(scalar)]))
      position += count
    }
    return true
  }
}
