/// Random numbers as a function of (seed, stream, counter): Philox4x32-10 (Salmon et al., "Parallel Random Numbers:
/// As Easy as 1, 2, 3", SC 2011). A replicate of a bootstrap is a stream of its own, so its draws do not depend on how
/// many the others made.
public struct CounterRandom: Sendable {
  private let key: SIMD2<UInt32>
  private let stream: UInt64
  private var counter: UInt64 = 0
  private var words = SIMD4<UInt32>()
  private var wordsLeft = 0

  public init(seed: UInt64, stream: UInt64 = 0) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.stream = stream
  }

  /// Four words of 32 random bits for one counter.
  public static func block(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
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

  private mutating func word() -> UInt32 {
    if wordsLeft == 0 {
      words = Self.block(
        SIMD4(
          UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32),
          UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)), key: key)
      counter &+= 1
      wordsLeft = 4
    }
    wordsLeft -= 1
    return words[3 - wordsLeft]
  }

  /// Uniform in (0, 1): 53 bits, never 0 nor 1.
  public mutating func uniform() -> Double {
    let high = UInt64(word())
    let bits = high << 20 | UInt64(word()) >> 12
    return (Double(bits) + 0.5) * 0x1p-52
  }

  public mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// Uniform in 0..<count.
  public mutating func index(below count: Int) -> Int {
    precondition(count > 0 && count <= 1 << 30, "\(count) things to choose from")
    return min(count - 1, Int(uniform() * Double(count)))
  }

  /// Mean 0, variance 1, by inversion: one uniform number each, so draws stay aligned.
  public mutating func normal() -> Double { NormalDistribution.quantile(uniform()) }

  /// Chi-square with `degrees` degrees of freedom: the sum of as many squares; above 200 by Wilson and Hilferty.
  public mutating func chiSquare(_ degrees: Int) -> Double {
    precondition(degrees > 0, "chi-square of \(degrees) degrees of freedom")
    if degrees > 200 {
      let d = 2 / (9 * Double(degrees))
      let root = 1 - d + normal() * d.squareRoot()
      return Double(degrees) * root * root * root
    }
    var sum = 0.0
    for _ in 0..<degrees {
      let z = normal()
      sum += z * z
    }
    return sum
  }
}
