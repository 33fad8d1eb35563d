import Glibc
import KernelTable
import Testing

struct ElementaryFunctionTests {
  @Test func kernelExponentialIsWithinTwoUlp() {
    var x = (0..<20_000).map { Float(-87) + Float($0) * (175.0 / 20_000) }
    x += [-87.0001, -1000, -.infinity, 0, -0.0]
    let found = Machines.equalBits("exp") { kernels, _ in
      fenced(zeros: x.count) { kernels.exponential(count: x.count, x, into: $0) }
    }
    for (input, output) in zip(x, found) {
      if input < -87 {
        #expect(output == 0)
      } else {
        let exact = exp(Double(input))
        #expect(abs(Double(output) - exact) <= 2 * Double(Float(exact).ulp), "exp(\(input)) = \(output)")
      }
    }
    let special = Machines.equalBits("exp of NaN") { kernels, _ in
      fenced(zeros: 3) { kernels.exponential(count: 3, [.nan, 100, .infinity], into: $0) }
    }
    #expect(special[0].isNaN && special[1] == special[2] && special[1] > 1e38)
  }

  @Test func doubleFunctionsAreWithinTwoUlpOfTheLibrarys() {
    for i in -4000...4000 {
      let x = Double(i) * 0.173
      #expect(abs(BitwiseMath.exp(x) - exp(x)) <= 2 * exp(x).ulp, "exp \(x)")
      #expect(abs(BitwiseMath.sine(x) - sin(x)) <= 4e-16, "sin \(x)")
      #expect(abs(BitwiseMath.cosine(x) - cos(x)) <= 4e-16, "cos \(x)")
      let y = exp(x / 7)
      #expect(abs(BitwiseMath.log(y) - log(y)) <= 2 * max(log(y).magnitude.ulp, 1e-17), "log \(y)")
    }
    for position in [1.0, 1e3, 1e5, 1_048_575] {
      #expect(abs(BitwiseMath.sine(position) - sin(position)) < 1e-15)
      #expect(abs(BitwiseMath.cosine(position) - cos(position)) < 1e-15)
    }
  }

  @Test func endsOfTheRangesAreDefined() {
    #expect(BitwiseMath.exp(-1000) == 0 && BitwiseMath.exp(1000) == .infinity && BitwiseMath.exp(0) == 1)
    #expect(BitwiseMath.log(0) == -.infinity && BitwiseMath.log(-1).isNaN && BitwiseMath.log(1) == 0)
    #expect(BitwiseMath.log(.infinity) == .infinity && BitwiseMath.exp(.nan).isNaN)
    #expect(BitwiseMath.power(0.9, count: 3) == 0.9 * 0.9 * 0.9 && BitwiseMath.power(2, count: 0) == 1)
    #expect(abs(BitwiseMath.power(500_000, 0.25) - pow(500_000, 0.25)) < 1e-13)
  }

  /// Known-answer vectors of Random123's kat_vectors, philox4x32 10 rounds.
  @Test func philoxAnswersAsRandom123Does() {
    let vectors: [(SIMD4<UInt32>, SIMD2<UInt32>, SIMD4<UInt32>)] = [
      (SIMD4(0, 0, 0, 0), SIMD2(0, 0), SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
      (
        SIMD4(repeating: 0xffff_ffff), SIMD2(repeating: 0xffff_ffff),
        SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
      ),
      (
        SIMD4(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), SIMD2(0xa409_3822, 0x299f_31d0),
        SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
      ),
    ]
    for (counter, key, answer) in vectors {
      #expect(Philox4x32(key: key).block(counter) == answer)
    }
  }

  @Test func normalsHaveMeanZeroAndVarianceOne() {
    let random = Philox4x32(seed: 9)
    var (sum, squares) = (0.0, 0.0)
    for i in 0..<20_000 {
      let (a, b) = random.normals(UInt64(i))
      sum += a + b
      squares += a * a + b * b
    }
    #expect(abs(sum / 40_000) < 0.02 && abs(squares / 40_000 - 1) < 0.03)
  }
}
