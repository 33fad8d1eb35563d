/// Remembers the tokens of short parts of text (words, mostly). It is emptied when full: no bookkeeping on a hit, and
/// memory stays bounded whatever the text.
struct SegmentCache {
  static let keyBytesMax = 48
  private static let entriesMax = 1 << 16
  private static let slotCount = entriesMax * 2

  private struct Entry {
    var hash: UInt64
    var keyStart: Int32
    var keyCount: Int32
    var tokensStart: Int32
    var tokensCount: Int32
  }

  private var slots = [Int32](repeating: -1, count: slotCount)
  private var entries: [Entry] = []
  private var keys: [UInt8] = []
  private var tokens: [Int32] = []

  /// Appends the remembered tokens, or returns false.
  mutating func append(_ key: UnsafeBufferPointer<UInt8>, to output: inout [Int32]) -> Bool {
    let hash = ByteStringTable.hash(key)
    var slot = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
    while slots[slot] >= 0 {
      let entry = entries[Int(slots[slot])]
      if entry.hash == hash, matches(entry, key) {
        for index in 0..<Int(entry.tokensCount) { output.append(tokens[Int(entry.tokensStart) + index]) }
        return true
      }
      slot = (slot + 1) & (Self.slotCount - 1)
    }
    return false
  }

  /// Precondition: the key is not there.
  mutating func insert(_ key: UnsafeBufferPointer<UInt8>, _ value: ArraySlice<Int32>) {
    if entries.count == Self.entriesMax { removeAll() }
    let hash = ByteStringTable.hash(key)
    var slot = Int(truncatingIfNeeded: hash) & (Self.slotCount - 1)
    while slots[slot] >= 0 { slot = (slot + 1) & (Self.slotCount - 1) }
    slots[slot] = Int32(entries.count)
    entries.append(
      Entry(
        hash: hash, keyStart: Int32(keys.count), keyCount: Int32(key.count), tokensStart: Int32(tokens.count),
        tokensCount: Int32(value.count)))
    keys.append(contentsOf: key)
    tokens.append(contentsOf: value)
  }

  private func matches(_ entry: Entry, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
    guard Int(entry.keyCount) == key.count else { return false }
    let start = Int(entry.keyStart)
    for index in 0..<key.count where keys[start + index] != key[index] { return false }
    return true
  }

  private mutating func removeAll() {
    for index in slots.indices { slots[index] = -1 }
    entries.removeAll(keepingCapacity: true)
    keys.removeAll(keepingCapacity: true)
    tokens.removeAll(keepingCapacity: true)
  }
}
