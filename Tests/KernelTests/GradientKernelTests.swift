import Glibc
import KernelTable
import Testing

/// Norms, bfloat16 and the exchange's nodes.
struct GradientKernelTests {
  @Test func squaredNormIsSixteenLanesAndOneTree() {
    for count in oddSizes + [1000, 262_144] {
      let x = values(count, seed: 1)
      var lanes = [Double](repeating: 0, count: 16)
      for i in 0..<count {
        lanes[i % 16] += Double(x[i]) * Double(x[i])
      }
      for width in [8, 4, 2, 1] {
        for l in 0..<width { lanes[l] += lanes[l + width] }
      }
      for kernels in Machines.kernels {
        FloatingPointMode.flushing {
          #expect(kernels.squaredNorm(ofChunk: x, count: count) == lanes[0])
        }
      }
    }
  }

  /// To nearest, ties to even, by comparing the two neighbours in Double.
  private func nearestBFloat16(_ value: Float) -> UInt16 {
    let low = UInt16(value.bitPattern >> 16)
    if value.isInfinite || value.bitPattern & 0xffff == 0 { return low }
    func exact(_ bits: UInt32) -> Double {
      // The neighbour above the largest finite value counts as 2^128.
      bits & 0x7fff == 0x7f80 ? (bits & 0x8000 == 0 ? 0x1p128 : -0x1p128) : Double(Float(bitPattern: bits << 16))
    }
    let down = abs(Double(value) - exact(UInt32(low)))
    let up = abs(exact(UInt32(low) + 1) - Double(value))
    if down == up { return low % 2 == 0 ? low : low + 1 }
    return down < up ? low : low + 1
  }

  @Test func bfloat16RoundsToNearestEven() {
    var x = values(2000, seed: 1, scale: 3)
    let random = Philox4x32(seed: 5)
    for i in 0..<2000 {
      let word = random.block(SIMD4(UInt32(i), 0, 0, 0))
      let any = Float(bitPattern: word[0])
      if !any.isNaN { x.append(any) }
      // Exactly half way.
      let tie = Float(bitPattern: word[1] & 0xffff_0000 | 0x8000)
      if !tie.isNaN { x.append(tie) }
    }
    x += [0, -0.0, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
    x.append(Float(bitPattern: 71_362))  // A denormal, about 1e-40.
    for kernels in Machines.kernels {
      var rounded = [UInt16](repeating: 0, count: x.count)
      FloatingPointMode.flushing { kernels.roundToBFloat16(count: x.count, x, into: &rounded) }
      let expected = x.map(nearestBFloat16)
      #expect(rounded == expected, "\(kernels.instructionSet)")
    }
  }

  @Test func bfloat16KeepsNotANumber() {
    for kernels in Machines.kernels {
      var rounded: [UInt16] = [0, 0]
      let x = [Float(bitPattern: 0x7f80_0001), Float.nan]
      FloatingPointMode.flushing { kernels.roundToBFloat16(count: 2, x, into: &rounded) }
      #expect(rounded.allSatisfy { Float(bitPattern: UInt32($0) << 16).isNaN })
    }
  }

  @Test func aNodeIsTheRoundedSumOfItsChildren() {
    for count in oddSizes + [4099] {
      let (a, b) = (values(count, seed: 1), values(count, seed: 2))
      for kernels in Machines.kernels {
        FloatingPointMode.flushing {
          var left = [UInt16](repeating: 0, count: count)
          var right = left
          var sum = left
          kernels.roundToBFloat16(count: count, a, into: &left)
          kernels.roundToBFloat16(count: count, b, into: &right)
          kernels.addBFloat16Nodes(count: count, left, right, into: &sum)
          var wide = fenced(zeros: count) { kernels.widenBFloat16(count: count, left, into: $0) }
          #expect(zip(wide, left).allSatisfy { $0.bitPattern == UInt32($1) << 16 })
          wide = zip(left, right).map { Float(bitPattern: UInt32($0) << 16) + Float(bitPattern: UInt32($1) << 16) }
          #expect(sum == wide.map(nearestBFloat16))
          let plain = fenced(zeros: count) { kernels.addFloatNodes(count: count, a, b, into: $0) }
          #expect(plain == zip(a, b).map(+))
        }
      }
    }
  }

  @Test func denormalSumsAreZeroOnEveryBuild() {
    // 2^-126 − 1.5 · 2^-126 is denormal: a thread that forgot FTZ would keep it.
    let (a, b): ([Float], [Float]) = ([0x1p-126], [-0x1.8p-126])
    for kernels in Machines.kernels {
      FloatingPointMode.flushing {
        var sum: [Float] = [1]
        kernels.addFloatNodes(count: 1, a, b, into: &sum)
        #expect(sum[0] == 0)
      }
    }
  }
}
