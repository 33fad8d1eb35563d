/// A permutation of 0 ..< count that is a pure function of its key: no state, O(1) memory, constant expected time.
///
/// A Feistel network of eight rounds permutes the smallest even-bit power of two that holds `count`; values outside are
/// sent through again until one falls inside ("cycle walking", Black and Rogaway 2002), fewer than four times on
/// average.
struct KeyedPermutation: Sendable {
  let count: Int
  private let halfBits: UInt64
  private let keys: SIMD8<UInt64>

  /// Precondition: 0 < count < 2^62.
  init(count: Int, key: UInt64) {
    precondition(count > 0 && count < 1 << 62)
    self.count = count
    let bits = UInt64(Int.bitWidth - (count - 1).leadingZeroBitCount)
    halfBits = max(1, (bits + 1) / 2)
    var keys = SIMD8<UInt64>()
    var state = key
    for round in 0..<8 {
      state = SplitMix64.mix(state)
      keys[round] = state
    }
    self.keys = keys
  }

  /// Precondition: 0 ≤ index < count.
  func callAsFunction(_ index: Int) -> Int {
    precondition(index >= 0 && index < count)
    var value = UInt64(index)
    repeat { value = scramble(value) } while value >= UInt64(count)
    return Int(value)
  }

  private func scramble(_ value: UInt64) -> UInt64 {
    let mask = (UInt64(1) << halfBits) - 1
    var (left, right) = (value >> halfBits, value & mask)
    for round in 0..<8 {
      (left, right) = (right, left ^ (SplitMix64.mix(right ^ keys[round]) & mask))
    }
    return left << halfBits | right
  }
}

/// The key of a row order: of (seed, source, pass) and nothing else. Sources count by name, so that listing them in
/// another order changes no source's order of rows.
func rowOrderKey(seed: UInt64, source: String, pass: Int) -> UInt64 {
  var name: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in source.utf8 { name = (name ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
  return SplitMix64.mix(SplitMix64.mix(SplitMix64.mix(seed) ^ name) ^ UInt64(bitPattern: Int64(pass)))
}
