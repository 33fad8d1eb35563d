/// Applies merge rules to a run of symbols: the best rank first, the leftmost first among equals. A binary heap holds
/// the candidate pairs; a pair that is no longer there when its turn comes is dropped.
struct PairMerger {
  private struct Candidate {
    /// Rank in the high half, left position in the low half: one comparison orders candidates.
    var order: UInt64
    var right: Int32
    var leftSymbol: Int32
    var rightSymbol: Int32
    var merged: Int32
  }

  private static let gone: Int32 = -1

  private var symbols: [Int32] = []
  private var previous: [Int32] = []
  private var following: [Int32] = []
  private var heap: [Candidate] = []
  /// Rules looked up and heap entries moved so far: what tests of its growth count.
  private(set) var work = 0

  /// Leaves the result in a linked list that starts at position 0.
  mutating func merge(_ part: [Int32], _ table: MergeTable) {
    precondition(!part.isEmpty && part.count < Int32.max)
    symbols.removeAll(keepingCapacity: true)
    symbols.append(contentsOf: part)
    previous.removeAll(keepingCapacity: true)
    following.removeAll(keepingCapacity: true)
    for index in 0..<part.count {
      previous.append(Int32(index - 1))
      following.append(index + 1 < part.count ? Int32(index + 1) : -1)
    }
    heap.removeAll(keepingCapacity: true)
    for index in 1..<max(1, part.count) { consider(index - 1, index, table) }

    while let top = pop() {
      let left = Int(top.order & 0xFFFF_FFFF)
      let right = Int(top.right)
      guard symbols[left] == top.leftSymbol, symbols[right] == top.rightSymbol, following[left] == top.right else {
        continue
      }
      symbols[left] = top.merged
      symbols[right] = Self.gone
      let next = following[right]
      following[left] = next
      if next >= 0 { previous[Int(next)] = Int32(left) }
      if previous[left] >= 0 { consider(Int(previous[left]), left, table) }
      if next >= 0 { consider(left, Int(next), table) }
    }
  }

  func symbol(at index: Int) -> Int32 { symbols[index] }

  /// Position of the symbol after this one, or -1.
  func next(after index: Int) -> Int { Int(following[index]) }

  /// The characters of the merged symbol at this position, as positions in the run.
  func characters(at index: Int) -> Range<Int> {
    index..<(following[index] < 0 ? symbols.count : Int(following[index]))
  }

  private mutating func consider(_ left: Int, _ right: Int, _ table: MergeTable) {
    work &+= 1
    guard let rule = table.rule(symbols[left], symbols[right]) else { return }
    push(
      Candidate(
        order: UInt64(rule.rank) << 32 | UInt64(left), right: Int32(right), leftSymbol: symbols[left],
        rightSymbol: symbols[right], merged: rule.merged))
  }

  private mutating func push(_ candidate: Candidate) {
    var index = heap.count
    heap.append(candidate)
    while index > 0 {
      let parent = (index - 1) / 2
      if heap[parent].order <= candidate.order { break }
      heap[index] = heap[parent]
      index = parent
      work &+= 1
    }
    heap[index] = candidate
  }

  private mutating func pop() -> Candidate? {
    guard let top = heap.first else { return nil }
    let last = heap.removeLast()
    if heap.isEmpty { return top }
    var index = 0
    while true {
      var child = 2 * index + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].order < heap[child].order { child += 1 }
      if last.order <= heap[child].order { break }
      heap[index] = heap[child]
      index = child
      work &+= 1
    }
    heap[index] = last
    return top
  }
}
