import KernelTable
import Testing

/// The exchange's byte planes and packed exponents, against twins that go bit by bit.
struct PlaneTests {
  private func words(_ count: Int, seed: UInt64) -> [UInt32] {
    let random = Philox4x32(seed: seed)
    return (0..<count).map { random.block(SIMD4(UInt32($0), 0, 0, 0))[0] }
  }

  @Test func planesAreTheBytesOfTheRotatedBits() {
    for count in oddSizes + [255, 256, 257, 1000] {
      let long = words(count, seed: 3)
      let short = long.map { UInt16(truncatingIfNeeded: $0) }
      for kernels in Machines.kernels {
        var (low, high) = ([UInt8](repeating: 0, count: count), [UInt8](repeating: 0, count: count))
        kernels.splitPlanes(count: count, short, low: &low, high: &high)
        var joined16 = [UInt16](repeating: 0, count: count)
        kernels.joinPlanes(count: count, low: low, high: high, into: &joined16)
        #expect(joined16 == short)
        for i in 0..<count {
          let rotated = (UInt32(short[i]) * 2) % 65536 + UInt32(short[i]) / 32768
          #expect(UInt32(low[i]) == rotated % 256 && UInt32(high[i]) == rotated / 256)
        }

        // Three planes one after another.
        var planes = [UInt8](repeating: 0, count: 3 * count)
        var joined32 = [UInt32](repeating: 0, count: count)
        planes.withUnsafeMutableBufferPointer { all in
          guard let first = all.baseAddress else { return }
          kernels.splitPlanes(
            count: count, long, low: (first, first + count, first + 2 * count), high: &high)
          kernels.joinPlanes(
            count: count,
            low: (UnsafePointer(first), UnsafePointer(first + count), UnsafePointer(first + 2 * count)), high: high,
            into: &joined32)
        }
        #expect(joined32 == long)
        for i in 0..<count {
          let rotated = (UInt64(long[i]) * 2) % 0x1_0000_0000 + UInt64(long[i]) >> 31
          let bytes = [planes[i], planes[count + i], planes[2 * count + i], high[i]]
          #expect(bytes.enumerated().reduce(0) { $0 + UInt64($1.element) << (8 * UInt64($1.offset)) } == rotated)
        }
      }
    }
  }

  /// A block as the head of `Kernels/ExponentBlocks.swift` describes it, one bit at a time. Nil for no block.
  private func unpackedNaively(_ packed: ArraySlice<UInt8>) -> (bytes: [UInt8], read: Int)? {
    let packed = Array(packed)
    guard packed.count >= 2 else { return nil }
    let (base, width) = (packed[0], Int(packed[1]))
    if width == 0 { return ([UInt8](repeating: base, count: 256), 2) }
    if width == 8 { return packed.count >= 258 ? (Array(packed[2..<258]), 258) : nil }
    guard (2...4).contains(width), packed.count >= 2 + 32 * width else { return nil }
    var read = 2 + 32 * width
    var bytes: [UInt8] = []
    for place in 0..<256 {
      let (k, l) = (place / 32, place % 32)
      var code = 0
      for j in 0..<width { code += ((Int(packed[2 + 32 * j + l]) >> k) & 1) << j }
      if code == (1 << width) - 1 {
        guard read < packed.count else { return nil }
        bytes.append(packed[read])
        read += 1
      } else {
        bytes.append(UInt8(truncatingIfNeeded: Int(base) - code))
      }
    }
    return (bytes, read)
  }

  @Test func packedExponentsAreTheBlocksOfTheirDescription() {
    for count in [1, 2, 31, 255, 256, 257, 511, 768, 1009] {
      for spread in [0, 1, 3, 7, 20, 256] as [UInt32] {
        let plane = words(count, seed: UInt64(count)).map { word -> UInt8 in
          // Close together, with a few far off.
          if word % 97 == 0 { return UInt8(truncatingIfNeeded: word >> 8) }
          return 120 &- UInt8(truncatingIfNeeded: word % max(1, spread))
        }
        var expected: [UInt8]?
        for kernels in Machines.kernels {
          var packed = [UInt8](repeating: 0xA5, count: (count + 255) / 256 * 258)
          let (byteCount, _) = kernels.packExponents(count: count, plane, into: &packed)
          packed.removeSubrange(byteCount...)
          #expect(expected == nil || packed == expected, "one build packs otherwise than another")
          expected = packed
          var found: [UInt8] = []
          var rest = packed[...]
          while !rest.isEmpty, let block = unpackedNaively(rest) {
            found += block.bytes
            rest = rest.dropFirst(block.read)
          }
          #expect(rest.isEmpty && found.count == (count + 255) / 256 * 256)
          #expect(Array(found.prefix(count)) == plane)

          var unpacked = [UInt8](repeating: 0, count: count)
          #expect(kernels.unpackExponents(packed, byteCount: byteCount, into: &unpacked, count: count))
          #expect(unpacked == plane)
          #expect(!kernels.unpackExponents(packed, byteCount: byteCount - 1, into: &unpacked, count: count))
        }
      }
    }
  }
}
