import WireProtocol

/// Tokens that name gangs, from the seed the daemon drew (SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
struct RunTokens: Sendable {
  private var state: UInt64

  init(seed: UInt64, bootNumber: UInt32) {
    state = seed ^ (UInt64(bootNumber) &* 0x9E37_79B9_7F4A_7C15)
  }

  mutating func next() -> Token128 { Token128(high: word(), low: word()) }

  private mutating func word() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
