import Metering

/// The merge rules of a byte-level vocabulary: two neighbouring tokens to the rank of their merge. A rule is one 64-bit
/// word of an open table: 21 bits for each token and 22 for the rank, so that a lookup usually touches one cache line.
final class BytePairRules: @unchecked Sendable {
  // Sendable: the memory is written in `init` only.

  struct Rule {
    var left: Int32
    var right: Int32
    /// The lower merges first.
    var rank: UInt32
    /// What the two become. Rules of one rank have one result.
    var merged: Int32
  }

  static let noRank = UInt32.max
  /// Ids and ranks must be below these.
  static let tokensMax = 1 << 21
  static let ranksMax = (1 << 22) - 1

  private static let empty = UInt64.max
  private let slots: UnsafeMutablePointer<UInt64>
  private let shift: UInt64
  private let mask: Int
  private let mergedOfRank: UnsafeMutablePointer<Int32>
  /// Ranks of the pairs of bytes, which every word asks for first.
  private let rankOfBytes: UnsafeMutablePointer<UInt32>

  /// Of two rules for one pair the later counts.
  /// - Parameter byteTokens: token of each byte, or -1.
  init(_ rules: [Rule], rankCount: Int, byteTokens: [Int32]) {
    precondition(byteTokens.count == 256 && rankCount <= Self.ranksMax)
    var bits: UInt64 = 6
    while 1 << bits < 2 * rules.count { bits += 1 }
    slots = .allocate(capacity: 1 << Int(bits))
    slots.initialize(repeating: Self.empty, count: 1 << Int(bits))
    shift = 64 - bits
    mask = 1 << Int(bits) - 1
    mergedOfRank = .allocate(capacity: max(1, rankCount))
    mergedOfRank.initialize(repeating: -1, count: max(1, rankCount))
    rankOfBytes = .allocate(capacity: 1 << 16)
    rankOfBytes.initialize(repeating: Self.noRank, count: 1 << 16)
    ReadMeter.current?.stepped(rules.count)
    ReadMeter.current?.allocated(8 << Int(bits) + 4 * (rankCount + 1 << 16))
    var byteOfToken: [Int32: Int] = [:]
    for (byte, token) in byteTokens.enumerated() where token >= 0 { byteOfToken[token] = byte }
    for rule in rules {
      precondition(rule.left >= 0 && rule.left < Self.tokensMax && rule.right >= 0 && rule.right < Self.tokensMax)
      precondition(Int(rule.rank) < rankCount)
      let key = Self.key(rule.left, rule.right)
      var slot = Int(truncatingIfNeeded: (key &* Self.multiplier) >> shift)
      while slots[slot] != Self.empty, slots[slot] >> 22 != key { slot = (slot + 1) & mask }
      slots[slot] = key << 22 | UInt64(rule.rank)
      mergedOfRank[Int(rule.rank)] = rule.merged
      if let left = byteOfToken[rule.left], let right = byteOfToken[rule.right] {
        rankOfBytes[left << 8 | right] = rule.rank
      }
    }
  }

  deinit {
    slots.deallocate()
    mergedOfRank.deallocate()
    rankOfBytes.deallocate()
  }

  /// 2^64 divided by the golden ratio: Fibonacci hashing.
  private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15

  @inline(__always)
  private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 21 | UInt64(UInt32(bitPattern: right))
  }

  /// Rank of the pair's merge, or `noRank`.
  @inline(__always)
  func rank(_ left: Int32, _ right: Int32) -> UInt32 {
    let key = Self.key(left, right)
    var slot = Int(truncatingIfNeeded: (key &* Self.multiplier) >> shift)
    while true {
      let entry = slots[slot]
      if entry >> 22 == key { return UInt32(truncatingIfNeeded: entry & 0x3F_FFFF) }
      if entry == Self.empty { return Self.noRank }
      slot = (slot &+ 1) & mask
    }
  }

  @inline(__always)
  func rank(ofBytes left: UInt8, _ right: UInt8) -> UInt32 { rankOfBytes[Int(left) << 8 | Int(right)] }

  @inline(__always)
  func merged(_ rank: UInt32) -> Int32 { mergedOfRank[Int(rank)] }
}
