@testable import CoordinatorCore
import Testing
import WireProtocol

@Suite struct SliceDivisionTests {
  @Test func everySliceIsGivenOnceAndEveryShareGetsOneWhileThereAreEnough() {
    var random = RunTokens(seed: 5, bootNumber: 1)
    for _ in 0..<500 {
      let token = random.next()
      let count = UInt32(token.high % 64 + 1)
      let shares = (0..<(token.low % 9 + 1)).map { index in
        SliceDivision.Share(speed: (token.high >> (index * 3)) % 5 == 0 ? 0 : (token.low >> index) % 100_000)
      }
      let parts = SliceDivision.divide([SliceRange(0, count)], among: shares)
      var seen = [Int](repeating: 0, count: Int(count))
      for slice in parts.joined().flatMap({ Int($0.lower)..<Int($0.upper) }) { seen[slice] += 1 }
      #expect(seen.allSatisfy { $0 == 1 })
      if Int(count) >= shares.count { #expect(parts.allSatisfy { SliceDivision.count($0) >= 1 }) }
      for part in parts { #expect(part.count <= 1, "without kept slices the ranges are contiguous") }
    }
  }

  @Test func keptSlicesStayAndTheRestFillsUpThoseFurthestBelow() {
    let parts = SliceDivision.divide(
      [SliceRange(0, 8)],
      among: [.init(speed: 0, kept: [SliceRange(0, 4)]), .init(speed: 0, kept: [SliceRange(6, 7)]), .init(speed: 0)])
    #expect(parts[0] == [SliceRange(0, 4)])
    #expect(parts[1].contains { $0.lower <= 6 && 7 <= $0.upper })
    #expect(SliceDivision.count(parts[1]) + SliceDivision.count(parts[2]) == 4)
    #expect(SliceDivision.count(parts[2]) == 2)
  }

  @Test func rangesThatLieCostNothing() {
    let parts = SliceDivision.divide(
      [SliceRange(0, 4)], among: [.init(speed: 1, kept: [SliceRange(0, .max), SliceRange(7, 3)])])
    #expect(parts == [[SliceRange(0, 4)]])
  }

  @Test func speedsNearTheLimitsOverflowNothing() {
    let parts = SliceDivision.parts(of: 4096, byWeight: [.max, .max, 1])
    #expect(parts.reduce(0, +) == 4096)
    #expect(SliceDivision.parts(of: 10, bySpeed: [.max, .max]) == [5, 5])
  }
}
