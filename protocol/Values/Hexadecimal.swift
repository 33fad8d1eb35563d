extension Digest: CustomStringConvertible, Comparable {
  public var description: String { hex }

  public static func < (left: Digest, right: Digest) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension Token128: CustomStringConvertible {
  /// A fresh one. The simulator passes its seeded generator; processes pass the system's.
  public static func random(using generator: inout some RandomNumberGenerator) -> Token128 {
    Token128(high: generator.next(), low: generator.next())
  }

  public static func random() -> Token128 {
    var generator = SystemRandomNumberGenerator()
    return random(using: &generator)
  }

  /// 32 lower-case hexadecimal digits, the high half first.
  public var hex: String {
    [high, low].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }.joined()
  }

  /// `nil` unless `hex` is 32 hexadecimal digits.
  public init?(hex: String) {
    let text = Array(hex.utf8)
    guard text.count == 32, text.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
      let high = UInt64(String(decoding: text[..<16], as: UTF8.self), radix: 16),
      let low = UInt64(String(decoding: text[16...], as: UTF8.self), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
  }

  public var description: String { hex }
}
