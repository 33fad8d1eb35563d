public import WireProtocol

/// A set of slices, kept as bits; converts to and from the ranges that messages carry.
public struct SliceSet: Equatable, Sendable {
  private var words: [UInt64]
  private let sliceCount: UInt32

  public init(sliceCount: UInt32) {
    self.sliceCount = sliceCount
    words = [UInt64](repeating: 0, count: (Int(sliceCount) + 63) / 64)
  }

  /// Slices beyond `sliceCount` are left out.
  public init(_ ranges: [SliceRange], sliceCount: UInt32) {
    self.init(sliceCount: sliceCount)
    for range in ranges { insert(range) }
  }

  public mutating func insert(_ range: SliceRange) {
    for slice in range.lower..<max(range.lower, min(range.upper, sliceCount)) {
      words[Int(slice) / 64] |= 1 << UInt64(slice % 64)
    }
  }

  public mutating func remove(_ range: SliceRange) {
    for slice in range.lower..<max(range.lower, min(range.upper, sliceCount)) {
      words[Int(slice) / 64] &= ~(1 << UInt64(slice % 64))
    }
  }

  public func contains(_ slice: UInt32) -> Bool {
    slice < sliceCount && words[Int(slice) / 64] & (1 << UInt64(slice % 64)) != 0
  }

  public func containsAll(of range: SliceRange) -> Bool {
    range.upper <= sliceCount && (range.lower..<max(range.lower, range.upper)).allSatisfy { contains($0) }
  }

  public var isEmpty: Bool { words.allSatisfy { $0 == 0 } }

  /// The fewest ranges, in order.
  public var ranges: [SliceRange] {
    var found: [SliceRange] = []
    var lower: UInt32?
    for slice in 0..<sliceCount {
      if contains(slice) {
        lower = lower ?? slice
      } else if let start = lower {
        found.append(SliceRange(start, slice))
        lower = nil
      }
    }
    if let start = lower { found.append(SliceRange(start, sliceCount)) }
    return found
  }
}
