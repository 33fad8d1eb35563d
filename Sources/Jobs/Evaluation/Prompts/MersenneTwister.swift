/// Python's `random.Random`: the generator MT19937 (Matsumoto and Nishimura 1998), seeded and read as CPython does, so
/// that the few-shot examples are those that lm-evaluation-harness draws.
struct MersenneTwister {
  private var state = [UInt32](repeating: 0, count: 624)
  private var place = 624

  init(seed: UInt32) {
    initialize(19_650_218)
    // `init_by_array` with the one word.
    var i = 1
    for _ in 0..<624 {
      state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) &* 1_664_525)) &+ seed
      step(&i)
    }
    for _ in 0..<623 {
      state[i] = (state[i] ^ ((state[i - 1] ^ (state[i - 1] >> 30)) &* 1_566_083_941)) &- UInt32(i)
      step(&i)
    }
    state[0] = 0x8000_0000
  }

  private mutating func initialize(_ seed: UInt32) {
    state[0] = seed
    for i in 1..<624 { state[i] = 1_812_433_253 &* (state[i - 1] ^ (state[i - 1] >> 30)) &+ UInt32(i) }
  }

  private mutating func step(_ i: inout Int) {
    i += 1
    if i == 624 {
      state[0] = state[623]
      i = 1
    }
  }

  mutating func nextWord() -> UInt32 {
    if place == 624 { refill() }
    var y = state[place]
    place += 1
    y ^= y >> 11
    y ^= (y << 7) & 0x9D2C_5680
    y ^= (y << 15) & 0xEFC6_0000
    return y ^ (y >> 18)
  }

  private mutating func refill() {
    for k in 0..<624 {
      let y = (state[k] & 0x8000_0000) | (state[(k + 1) % 624] & 0x7FFF_FFFF)
      state[k] = state[(k + 397) % 624] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_B0DF)
    }
    place = 0
  }

  /// `random()`: in [0, 1), of 53 bits.
  mutating func nextUnit() -> Double {
    let a = nextWord() >> 5
    let b = nextWord() >> 6
    return (Double(a) * 67_108_864 + Double(b)) / 9_007_199_254_740_992
  }

  /// `_randbelow(n)`. Precondition: 0 < n < 2^31.
  mutating func below(_ n: Int) -> Int {
    let bits = UInt32.bitWidth - UInt32(n).leadingZeroBitCount
    while true {
      let value = Int(nextWord() >> UInt32(32 - bits))
      if value < n { return value }
    }
  }

  /// Indices that `sample(population, k)` picks from a population of n. Precondition: k <= n.
  mutating func sample(_ k: Int, of n: Int) -> [Int] {
    var setSize = 21
    if k > 5 {
      var power = 1
      while power < 3 * k { power *= 4 }
      setSize += power
    }
    if n <= setSize {
      var pool = Array(0..<n)
      return (0..<k).map { i in
        let j = below(n - i)
        defer { pool[j] = pool[n - i - 1] }
        return pool[j]
      }
    }
    var selected: Set<Int> = []
    return (0..<k).map { _ in
      var j = below(n)
      while !selected.insert(j).inserted { j = below(n) }
      return j
    }
  }

  /// Indices that `choices(population, k=n)` picks from a population of n.
  mutating func choices(_ n: Int) -> [Int] { (0..<n).map { _ in Int(nextUnit() * Double(n)) } }
}
