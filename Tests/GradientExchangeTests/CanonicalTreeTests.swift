import GradientExchange
import Testing
import WireProtocol

/// RFC 6962, section 2.1, word by word: k is the largest power of two smaller than n.
private func naiveNodes(_ lower: UInt32, _ upper: UInt32) -> [(node: SliceRange, left: SliceRange, right: SliceRange)] {
  let n = upper - lower
  guard n > 1 else { return [] }
  var k: UInt32 = 1
  while k * 2 < n { k *= 2 }
  let node = (SliceRange(lower, upper), SliceRange(lower, lower + k), SliceRange(lower + k, upper))
  return [node] + naiveNodes(lower, lower + k) + naiveNodes(lower + k, upper)
}

private func naiveMaximal(_ range: SliceRange, _ lower: UInt32, _ upper: UInt32) -> [SliceRange] {
  if range.upper <= lower || upper <= range.lower { return [] }
  if range.lower <= lower && upper <= range.upper { return [SliceRange(lower, upper)] }
  var k: UInt32 = 1
  while k * 2 < upper - lower { k *= 2 }
  return naiveMaximal(range, lower, lower + k) + naiveMaximal(range, lower + k, upper)
}

struct CanonicalTreeTests {
  @Test func everyRangeUpTo64SlicesIsCoveredByTheNodesOfTheNaiveRecursion() {
    for n in UInt32(1)...64 {
      for lower in 0..<n {
        for upper in lower + 1...n {
          let range = SliceRange(lower, upper)
          #expect(CanonicalTree.maximalSubtrees(of: range, sliceCount: n) == naiveMaximal(range, 0, n))
        }
      }
    }
  }

  @Test func parentsAndSiblingsUpTo64SlicesAreThoseOfTheNaiveRecursion() {
    for n in UInt32(1)...64 {
      var nodes: Set<SliceRange> = [SliceRange(0, n)]
      for (node, left, right) in naiveNodes(0, n) {
        let relation = CanonicalTree.Relation(parent: node, left: left, right: right)
        #expect(CanonicalTree.parent(of: left, sliceCount: n) == relation)
        #expect(CanonicalTree.parent(of: right, sliceCount: n) == relation)
        nodes.formUnion([left, right])
      }
      #expect(CanonicalTree.parent(of: SliceRange(0, n), sliceCount: n) == nil)
      for lower in 0...n + 1 {
        for upper in 0...n + 1 {
          let range = SliceRange(lower, upper)
          #expect(CanonicalTree.isNode(range, sliceCount: n) == nodes.contains(range))
        }
      }
    }
  }

  @Test func rangesFromTheWireThatAreNoRangesGiveNothing() {
    #expect(CanonicalTree.maximalSubtrees(of: SliceRange(3, 3), sliceCount: 8).isEmpty)
    #expect(CanonicalTree.maximalSubtrees(of: SliceRange(5, 3), sliceCount: 8).isEmpty)
    #expect(CanonicalTree.maximalSubtrees(of: SliceRange(0, 9), sliceCount: 8).isEmpty)
    #expect(!CanonicalTree.isNode(SliceRange(.max, 0), sliceCount: 8))
    #expect(!CanonicalTree.isNode(SliceRange(0, .max), sliceCount: 8))
  }

  @Test func aSetOfSlicesGivesBackTheRangesThatWereInserted() {
    var set = SliceSet([SliceRange(0, 3), SliceRange(5, 70), SliceRange(90, 200)], sliceCount: 100)
    #expect(set.ranges == [SliceRange(0, 3), SliceRange(5, 70), SliceRange(90, 100)])
    set.remove(SliceRange(1, 6))
    #expect(set.ranges == [SliceRange(0, 1), SliceRange(6, 70), SliceRange(90, 100)])
    #expect(set.containsAll(of: SliceRange(63, 66)) && !set.containsAll(of: SliceRange(69, 71)))
  }
}
