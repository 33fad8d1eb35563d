/// Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011): random numbers as a function
/// of (key, counter), so that any host can make any of them in any order.
public struct Philox4x32: Sendable {
  public let key: SIMD2<UInt32>

  public init(key: SIMD2<UInt32>) {
    self.key = key
  }

  /// The low half of `seed` is the first key word.
  public init(seed: UInt64) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
  }

  /// Four words of 32 random bits for one counter.
  public func block(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    var x = counter
    var k = key
    for _ in 0..<10 {
      let a = UInt64(x[0]) * 0xD251_1F53
      let b = UInt64(x[2]) * 0xCD9E_8D57
      x = SIMD4(
        UInt32(truncatingIfNeeded: b >> 32) ^ x[1] ^ k[0], UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ x[3] ^ k[1], UInt32(truncatingIfNeeded: a))
      k = k &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
    }
    return x
  }

  /// Two independent normal numbers (mean 0, variance 1) for one counter, by Box and Muller.
  public func normals(_ counter: UInt64, stream: UInt64 = 0) -> (Double, Double) {
    let words = block(
      SIMD4(
        UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32),
        UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)))
    // 53 bits each; the first in (0, 1] so that its logarithm is finite.
    let first = UInt64(words[0]) << 21 | UInt64(words[1]) >> 11
    let second = UInt64(words[2]) << 21 | UInt64(words[3]) >> 11
    let radius = (-2 * BitwiseMath.log((Double(first) + 1) * 0x1p-53)).squareRoot()
    let angle = Double(second) * 0x1p-53 * 2 * Double.pi
    return (radius * BitwiseMath.cosine(angle), radius * BitwiseMath.sine(angle))
  }
}
