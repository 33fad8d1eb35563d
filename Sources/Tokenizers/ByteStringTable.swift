import Metering

/// Byte strings to numbers, looked up by a slice of memory without making an array of it. Open addressing over one flat
/// store; the load stays at or below one half.
struct ByteStringTable {
  private var store: [UInt8] = []
  private var entries: [(start: Int32, count: Int32, value: Int32)] = []
  private var slots: [Int32]
  private var mask: Int
  /// Places looked at by `insert` so far.
  private(set) var probes = 0

  init(capacity: Int) {
    var size = 16
    while size < 2 * capacity { size *= 2 }
    slots = [Int32](repeating: -1, count: size)
    mask = size - 1
    ReadMeter.current?.allocated(MemoryLayout<Int32>.stride * size)
  }

  var count: Int { entries.count }

  /// The value already there for the key, or nil after inserting.
  mutating func insert(_ key: UnsafeBufferPointer<UInt8>, _ value: Int32) -> Int32? {
    precondition(2 * (entries.count + 1) <= slots.count)
    var slot = Int(truncatingIfNeeded: Self.hash(key)) & mask
    probes += 1
    while slots[slot] >= 0 {
      probes += 1
      if matches(Int(slots[slot]), key) { return entries[Int(slots[slot])].value }
      slot = (slot + 1) & mask
    }
    slots[slot] = Int32(entries.count)
    entries.append((Int32(store.count), Int32(key.count), value))
    store.append(contentsOf: key)
    return nil
  }

  func value(of key: UnsafeBufferPointer<UInt8>) -> Int32? {
    var slot = Int(truncatingIfNeeded: Self.hash(key)) & mask
    while slots[slot] >= 0 {
      if matches(Int(slots[slot]), key) { return entries[Int(slots[slot])].value }
      slot = (slot + 1) & mask
    }
    return nil
  }

  private func matches(_ index: Int, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
    let entry = entries[index]
    guard Int(entry.count) == key.count else { return false }
    let start = Int(entry.start)
    for offset in 0..<key.count where store[start + offset] != key[offset] { return false }
    return true
  }

  /// Where hashes begin: another place in each process, so that nobody can write a vocabulary whose pieces all meet in
  /// one slot. Nothing that is kept or shown depends on it.
  private static let start = UInt64.random(in: .min ... .max)

  /// FNV-1a with a final mix, so that the low bits depend on every byte.
  static func hash(_ key: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash = start
    for byte in key { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return mix(hash)
  }

  /// The finalizer of SplitMix64.
  static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
