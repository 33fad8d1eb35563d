import GradientExchange
import KernelTable
import Testing
import WireProtocol

struct GradientCodecTests {
  private let arithmetic: NodeArithmetic

  init() throws { arithmetic = NodeArithmetic(kernels: try Kernels.forThisProcessor()) }

  /// Patterns a careless codec breaks, then values like gradients.
  private static func floats(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SplitMix(state: seed)
    let special: [Float] = [
      0, -0, .infinity, -.infinity, .nan, -.nan, .signalingNaN, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
      .leastNormalMagnitude, .greatestFiniteMagnitude, 1, -1, Float(bitPattern: 0x7f80_0001),
    ]
    return (0..<count).map { index in
      index < special.count ? special[index] : Float.random(in: -1...1, using: &generator) * 1e-4
    }
  }

  private func values(_ format: NodeFormat, count: Int) -> NodeValues {
    FloatingPointMode.flushing {
      format == .float64
        ? NodeValues((0..<count).map { Double($0) * 1.1 - 3 })
        : arithmetic.rounded(Self.floats(count, seed: 3), count: count, to: format)
    }
  }

  @Test(arguments: NodeFormat.allCases, [0, 1, 2, 14, 1000, 262_144])
  func everyBitComesBack(format: NodeFormat, count: Int) throws {
    let values = values(format, count: count)
    let encoded = GradientCodec.encode(values)
    let decoded = try GradientCodec.decode(
      encoded.payload, encoding: encoded.encoding, format: format, count: count)
    #expect(decoded == values)
    #expect(encoded.payload.count <= values.byteCount)
    #expect(GradientCodec.encode(decoded) == encoded, "equal values have equal payloads")
  }

  @Test func gradientsInBF16Shrink() {
    let encoded = GradientCodec.encode(values(.bf16, count: 262_144))
    #expect(encoded.encoding == .planes)
    #expect(encoded.payload.count < 262_144 * 2 * 9 / 10)
  }

  @Test(arguments: NodeFormat.allCases)
  func aTruncatedPayloadIsATypedErrorAtEveryLength(format: NodeFormat) {
    let encoded = GradientCodec.encode(values(format, count: 300))
    for length in 0..<encoded.payload.count {
      #expect(throws: PayloadError.self) {
        try GradientCodec.decode(
          Array(encoded.payload.prefix(length)), encoding: encoded.encoding, format: format, count: 300)
      }
    }
    #expect(throws: PayloadError.self) {
      try GradientCodec.decode(encoded.payload + [0], encoding: encoded.encoding, format: format, count: 300)
    }
  }

  @Test(arguments: NodeFormat.allCases)
  func aFlippedBitIsATypedErrorOrOtherValuesOfTheSameShape(format: NodeFormat) {
    let encoded = GradientCodec.encode(values(format, count: 300))
    for bit in 0..<encoded.payload.count * 8 {
      var flipped = encoded.payload
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      do throws(PayloadError) {
        let decoded = try GradientCodec.decode(flipped, encoding: encoded.encoding, format: format, count: 300)
        #expect(decoded.count == 300)
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  @Test func payloadsThatLieAboutThemselvesAreNamed() {
    #expect(throws: PayloadError.length(found: 3, expected: 8)) {
      try GradientCodec.decode([1, 2, 3], encoding: .stored, format: .bf16, count: 4)
    }
    #expect(throws: PayloadError.method(9, plane: 0)) {
      try GradientCodec.decode([9, 1, 0, 0, 0, 5], encoding: .planes, format: .bf16, count: 1)
    }
    #expect(throws: PayloadError.truncated(plane: 0)) {
      try GradientCodec.decode([0, 255, 255, 255, 255], encoding: .planes, format: .bf16, count: 1)
    }
    #expect(throws: PayloadError.plane(0, expected: 4)) {
      try GradientCodec.decode([1, 2, 0, 0, 0, 255, 255], encoding: .planes, format: .bf16, count: 4)
    }
    #expect(throws: PayloadError.trailing(1)) {
      try GradientCodec.decode(
        [0, 1, 0, 0, 0, 5, 0, 1, 0, 0, 0, 5, 0], encoding: .planes, format: .bf16, count: 1)
    }
  }

  /// Pairs of fp32 and bf16 bits from another implementation.
  @Test(arguments: BF16Reference.pairs)
  func bf16RoundsAsPyTorchDoes(pair: BF16Reference.Pair) {
    let value = Float(bitPattern: pair.float)
    let rounded = FloatingPointMode.flushing { arithmetic.rounded([value], count: 1, to: .bf16) }
    let bits = rounded.withBytes { $0.loadUnaligned(as: UInt16.self) }
    if value.isNaN {
      #expect(bits & 0x7f80 == 0x7f80 && bits & 0x7f != 0, "NaN stays NaN")
    } else {
      #expect(bits == pair.rounded, "\(pair.float)")
    }
  }

  @Test func aNodeIsTheRoundedSumOfItsChildren() {
    FloatingPointMode.flushing {
      // 1 + 2⁻⁸ lies between two bf16 values, and the tie goes to the even one, 1; 1 + 3·2⁻⁸ goes up to 1 + 2⁻⁶.
      let left = arithmetic.rounded([1, 1, 1], count: 3, to: .bf16)
      let right = arithmetic.rounded([0x1p-8, 0x3p-8, .leastNonzeroMagnitude], count: 3, to: .bf16)
      arithmetic.withFloats(of: arithmetic.sum(left, right)) { #expect(Array($0) == [1, 1 + 0x1p-6, 1]) }
      let tiny = arithmetic.rounded([.leastNormalMagnitude], count: 1, to: .fp32)
      let lessTiny = arithmetic.rounded([-1.5 * .leastNormalMagnitude], count: 1, to: .fp32)
      arithmetic.withFloats(of: arithmetic.sum(tiny, lessTiny)) { sums in
        #expect(sums[0].bitPattern & 0x7fff_ffff == 0, "a denormal sum is flushed to zero")
      }
      #expect(arithmetic.sum(NodeValues([1, 2]), NodeValues([3, 4])).doubles == [4, 6])
    }
  }
}
