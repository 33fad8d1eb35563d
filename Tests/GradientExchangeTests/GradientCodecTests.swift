import Glibc
import GradientExchange
import KernelTable
import Testing
import WireProtocol

struct GradientCodecTests {
  private let arithmetic: NodeArithmetic
  private var codec: GradientCodec { arithmetic.codec }

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
    let encoded = codec.encode(values)
    let decoded = try codec.decode(
      encoded.payload, encoding: encoded.encoding, format: format, count: count)
    #expect(decoded == values)
    #expect(encoded.payload.count <= values.byteCount)
    #expect(codec.encode(decoded) == encoded, "equal values have equal payloads")
  }

  /// Normally distributed, as gradients are: 16 bits become less than 11.7, 32 less than 27.7.
  @Test(arguments: [(NodeFormat.bf16, 11.7), (.fp32, 27.7)])
  func gradientsShrink(format: NodeFormat, bits: Double) {
    var generator = SplitMix(state: 5)
    let gradient = (0..<262_144).map { _ in
      let (u, v) = (Float.random(in: 1e-7...1, using: &generator), Float.random(in: 0...1, using: &generator))
      return 1e-4 * (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
    }
    let values = FloatingPointMode.flushing { arithmetic.rounded(gradient, count: gradient.count, to: format) }
    let encoded = codec.encode(values)
    #expect(encoded.encoding == .planes)
    #expect(Double(encoded.payload.count * 8) / Double(gradient.count) < bits)
  }

  /// A tensor whose rows are mostly without gradient: the lower planes are packed too.
  @Test(arguments: [NodeFormat.bf16, .fp32])
  func rowsOfZerosTakeNoRoom(format: NodeFormat) throws {
    let some = Self.floats(4096, seed: 9)
    let gradient = (0..<65_536).map { $0 / 4096 == 7 ? some[$0 % 4096] : 0 }
    let values = FloatingPointMode.flushing { arithmetic.rounded(gradient, count: gradient.count, to: format) }
    let encoded = codec.encode(values)
    #expect(encoded.payload.count < 4096 * format.byteCountPerValue * 5 / 4)
    let decoded = try codec.decode(
      encoded.payload, encoding: encoded.encoding, format: format, count: gradient.count)
    #expect(decoded == values)
  }

  /// Spreads of exponents from none to all: every width of a block, with and without escapes, and short last blocks.
  @Test(arguments: [NodeFormat.bf16, .fp32], [1, 255, 256, 257, 5000])
  func everySpreadOfExponentsComesBack(format: NodeFormat, count: Int) throws {
    var generator = SplitMix(state: UInt64(count))
    for spread in [0, 1, 2, 3, 5, 7, 9, 16, 40, 250] {
      let gradient = (0..<count).map { _ in
        let exponent = Int.random(in: 0...spread, using: &generator) - spread / 2
        return Float(sign: .plus, exponent: max(-126, min(127, exponent)), significand: 1)
      }
      let values = FloatingPointMode.flushing { arithmetic.rounded(gradient, count: count, to: format) }
      let encoded = codec.encode(values)
      let decoded = try codec.decode(encoded.payload, encoding: encoded.encoding, format: format, count: count)
      #expect(decoded == values, "spread \(spread)")
    }
  }

  /// The same bytes from every build of the kernels: a payload is a fact, not a host's.
  @Test(arguments: [NodeFormat.bf16, .fp32])
  func buildsMakeEqualPayloads(format: NodeFormat) throws {
    let values = values(format, count: 100_000)
    for set in InstructionSet.allCases where set.isSupported {
      #expect(GradientCodec(kernels: try Kernels(set)).encode(values) == codec.encode(values), "\(set)")
    }
  }

  @Test(arguments: NodeFormat.allCases)
  func aTruncatedPayloadIsATypedErrorAtEveryLength(format: NodeFormat) {
    let encoded = codec.encode(values(format, count: 300))
    for length in 0..<encoded.payload.count {
      #expect(throws: PayloadError.self) {
        try codec.decode(
          Array(encoded.payload.prefix(length)), encoding: encoded.encoding, format: format, count: 300)
      }
    }
    #expect(throws: PayloadError.self) {
      try codec.decode(encoded.payload + [0], encoding: encoded.encoding, format: format, count: 300)
    }
  }

  @Test(arguments: NodeFormat.allCases)
  func aFlippedBitIsATypedErrorOrOtherValuesOfTheSameShape(format: NodeFormat) {
    let encoded = codec.encode(values(format, count: 300))
    for bit in 0..<encoded.payload.count * 8 {
      var flipped = encoded.payload
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      do throws(PayloadError) {
        let decoded = try codec.decode(flipped, encoding: encoded.encoding, format: format, count: 300)
        #expect(decoded.count == 300)
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  @Test func payloadsThatLieAboutThemselvesAreNamed() {
    #expect(throws: PayloadError.length(found: 3, expected: 8)) {
      try codec.decode([1, 2, 3], encoding: .stored, format: .bf16, count: 4)
    }
    #expect(throws: PayloadError.method(9, plane: 0)) {
      try codec.decode([9, 1, 0, 0, 0, 5], encoding: .planes, format: .bf16, count: 1)
    }
    #expect(throws: PayloadError.truncated(plane: 0)) {
      try codec.decode([0, 255, 255, 255, 255], encoding: .planes, format: .bf16, count: 1)
    }
    #expect(throws: PayloadError.plane(0, expected: 4)) {
      try codec.decode(
        [1, 2, 0, 0, 0, 255, 255, 0, 4, 0, 0, 0, 1, 2, 3, 4], encoding: .planes, format: .bf16, count: 4)
    }
    #expect(throws: PayloadError.trailing(1)) {
      try codec.decode(
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
