/// Merges the bytes of one word: the lowest rank first, the leftmost first among equals, until no rule applies.
/// Short words are scanned for the lowest rank again and again, which no cleverer way beats; long ones go through a
/// heap, O(n log n) whatever the text. Belongs to one thread.
final class BytePairMerger {
  /// Up to this many bytes a word is short.
  static let shortMax = 96

  private let rules: BytePairRules
  private let byteTokens: UnsafeMutablePointer<Int32>
  private let tokens: UnsafeMutablePointer<Int32>
  private let ranks: UnsafeMutablePointer<UInt32>
  private var long = LongWord()
  /// Ranks compared and looked up so far: what tests of its growth count.
  private(set) var work = 0

  init(_ rules: BytePairRules, byteTokens: [Int32]) {
    precondition(byteTokens.count == 256)
    self.rules = rules
    self.byteTokens = .allocate(capacity: 256)
    self.byteTokens.initialize(from: byteTokens, count: 256)
    tokens = .allocate(capacity: Self.shortMax)
    tokens.initialize(repeating: 0, count: Self.shortMax)
    ranks = .allocate(capacity: Self.shortMax + 1)
    ranks.initialize(repeating: BytePairRules.noRank, count: Self.shortMax + 1)
  }

  deinit {
    byteTokens.deallocate()
    tokens.deallocate()
    ranks.deallocate()
  }

  /// Appends the word's tokens. Bytes without a token are left out, as Hugging Face does.
  @inline(__always)
  func merge(_ word: UnsafePointer<UInt8>, _ count: Int, into output: inout [Int32]) {
    if count <= Self.shortMax { mergeShort(word, count, into: &output) } else { mergeLong(word, count, into: &output) }
  }

  private func mergeShort(_ word: UnsafePointer<UInt8>, _ byteCount: Int, into output: inout [Int32]) {
    var count = 0
    var lastByte: UInt8 = 0
    for index in 0..<byteCount {
      let byte = word[index]
      let token = byteTokens[Int(byte)]
      if token < 0 { continue }
      if count > 0 { ranks[count - 1] = rules.rank(ofBytes: lastByte, byte) }
      tokens[count] = token
      lastByte = byte
      count += 1
    }
    work &+= count
    while count > 1 {
      var lowest = ranks[0]
      var place = 0
      var index = 1
      while index < count - 1 {
        let rank = ranks[index]
        if rank < lowest {
          lowest = rank
          place = index
        }
        index += 1
      }
      work &+= count
      if lowest == BytePairRules.noRank { break }
      tokens[place] = rules.merged(lowest)
      count -= 1
      index = place + 1
      while index < count {
        tokens[index] = tokens[index + 1]
        ranks[index - 1] = ranks[index]
        index += 1
      }
      if place > 0 { ranks[place - 1] = rules.rank(tokens[place - 1], tokens[place]) }
      if place + 1 < count { ranks[place] = rules.rank(tokens[place], tokens[place + 1]) }
    }
    for index in 0..<count { output.append(tokens[index]) }
  }

  private func mergeLong(_ word: UnsafePointer<UInt8>, _ count: Int, into output: inout [Int32]) {
    long.load(word, count, byteTokens)
    work &+= long.merge(rules)
    long.append(to: &output)
  }
}

/// A linked list of tokens and a heap of what may merge. Positions count tokens of the unmerged word.
private struct LongWord {
  private var tokens: [Int32] = []
  private var previous: [Int32] = []
  private var following: [Int32] = []
  /// Rank of each token with the one after it: a heap entry that says otherwise is out of date.
  private var ranks: [UInt32] = []
  /// Rank in the high half, position in the low half: the least is merged next.
  private var heap: [UInt64] = []

  mutating func load(_ word: UnsafePointer<UInt8>, _ count: Int, _ byteTokens: UnsafePointer<Int32>) {
    precondition(count < Int32.max)
    tokens.removeAll(keepingCapacity: true)
    for index in 0..<count where byteTokens[Int(word[index])] >= 0 { tokens.append(byteTokens[Int(word[index])]) }
  }

  /// Returns how many ranks were looked up and heap entries moved.
  mutating func merge(_ rules: BytePairRules) -> Int {
    var work = tokens.count
    previous.removeAll(keepingCapacity: true)
    following.removeAll(keepingCapacity: true)
    ranks.removeAll(keepingCapacity: true)
    heap.removeAll(keepingCapacity: true)
    for index in 0..<tokens.count {
      previous.append(Int32(index - 1))
      following.append(index + 1 < tokens.count ? Int32(index + 1) : -1)
      let rank = index + 1 < tokens.count ? rules.rank(tokens[index], tokens[index + 1]) : BytePairRules.noRank
      ranks.append(rank)
      if rank != BytePairRules.noRank { heap.append(UInt64(rank) << 32 | UInt64(index)) }
    }
    // A list in heap order costs less than as many insertions.
    var root = heap.count / 2
    while root > 0 {
      root -= 1
      work &+= sink(from: root)
    }
    while let top = heap.first {
      let left = Int(top & 0xFFFF_FFFF)
      let rank = UInt32(truncatingIfNeeded: top >> 32)
      guard let last = heap.popLast() else { break }
      if !heap.isEmpty {
        heap[0] = last
        work &+= sink(from: 0)
      }
      guard ranks[left] == rank else { continue }
      let right = Int(following[left])
      let next = following[right]
      tokens[left] = rules.merged(rank)
      ranks[right] = BytePairRules.noRank
      following[left] = next
      if next >= 0 { previous[Int(next)] = Int32(left) }
      if previous[left] >= 0 { work &+= consider(Int(previous[left]), rules) }
      work &+= consider(left, rules)
    }
    return work
  }

  func append(to output: inout [Int32]) {
    var index = tokens.isEmpty ? -1 : 0
    while index >= 0 {
      output.append(tokens[index])
      index = Int(following[index])
    }
  }

  private mutating func consider(_ left: Int, _ rules: BytePairRules) -> Int {
    let right = Int(following[left])
    let rank = right >= 0 ? rules.rank(tokens[left], tokens[right]) : BytePairRules.noRank
    ranks[left] = rank
    guard rank != BytePairRules.noRank else { return 1 }
    let entry = UInt64(rank) << 32 | UInt64(left)
    var index = heap.count
    var work = 1
    heap.append(entry)
    while index > 0 {
      let parent = (index - 1) / 2
      if heap[parent] <= entry { break }
      heap[index] = heap[parent]
      index = parent
      work += 1
    }
    heap[index] = entry
    return work
  }

  private mutating func sink(from start: Int) -> Int {
    let entry = heap[start]
    var index = start
    var work = 1
    while true {
      var child = 2 * index + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      if entry <= heap[child] { break }
      heap[index] = heap[child]
      index = child
      work += 1
    }
    heap[index] = entry
    return work
  }
}
