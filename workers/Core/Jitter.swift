/// Random fractions from the seed the daemon drew (SplitMix64; Steele, Lea and Flood, OOPSLA 2014).
struct Jitter: Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// Between `duration / 2` and `duration`.
  mutating func draw(upTo duration: Duration) -> Duration {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    let thousandths = Int((z ^ (z >> 31)) % 501)
    return duration * (500 + thousandths) / 1000
  }
}
