import WireProtocol

/// Cuts slices (or rows) among members in proportion to their speed. Integers only, so the same inputs give the same
/// cut everywhere.
enum SliceDivision {
  /// One who takes part: its speed in any unit (0 when not known) and the slices it is to keep.
  struct Share: Sendable {
    var speed: UInt64
    var kept: [SliceRange]
    init(speed: UInt64, kept: [SliceRange] = []) {
      self.speed = speed
      self.kept = kept
    }
  }

  /// Divides `wanted` so that every share first gets what it keeps (the first claimant wins), and the rest goes in
  /// contiguous ranges to those who are furthest below their part. Without kept slices every share gets at least one
  /// slice while there are enough.
  static func divide(_ wanted: [SliceRange], among shares: [Share]) -> [[SliceRange]] {
    precondition(!shares.isEmpty, "slices are divided among someone")
    var free = flatten(wanted)
    let wantedSlices = free.sorted()
    var owned = [[UInt32]](repeating: [], count: shares.count)
    for (index, share) in shares.enumerated() where !share.kept.isEmpty {
      // Kept ranges come from the wire: only what is wanted of them counts, and they cost no more than that.
      for slice in wantedSlices where share.kept.contains(where: { $0.lower <= slice && slice < $0.upper }) {
        if free.remove(slice) != nil { owned[index].append(slice) }
      }
    }
    var rest = free.sorted()[...]
    for (index, target) in targets(total: wantedSlices.count, owned: owned.map(\.count), shares).enumerated() {
      let count = max(0, target - owned[index].count)
      owned[index].append(contentsOf: rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return owned.map { ranges(of: $0.sorted()) }
  }

  /// How many slices each share ends with. Who keeps more than its part gives nothing back, because that would be
  /// computed again; what is left is in proportion among the others.
  private static func targets(total: Int, owned: [Int], _ shares: [Share]) -> [Int] {
    var targets = owned
    var open = Array(shares.indices)
    while !open.isEmpty {
      let settled = shares.indices.filter { !open.contains($0) }.reduce(0) { $0 + owned[$1] }
      let parts = parts(of: total - settled, bySpeed: open.map { shares[$0].speed })
      let above = zip(open, parts).filter { owned[$0] > $1 }.map(\.0)
      guard above.isEmpty else {
        open.removeAll { above.contains($0) }
        continue
      }
      for (index, part) in zip(open, parts) { targets[index] = part }
      break
    }
    return targets
  }

  /// Parts of `total` in proportion to speeds, at least 1 each while there are enough. Unknown speeds count as the
  /// mean of the known ones.
  static func parts(of total: Int, bySpeed speeds: [UInt64]) -> [Int] {
    let known = speeds.filter { $0 > 0 }
    let mean = known.isEmpty ? 1 : max(1, known.reduce(0, saturatingSum) / UInt64(known.count))
    let weights = speeds.map { $0 > 0 ? $0 : mean }
    guard total >= speeds.count else { return speeds.indices.map { $0 < total ? 1 : 0 } }
    return parts(of: total - speeds.count, byWeight: weights).map { $0 + 1 }
  }

  /// Parts of `total` in proportion to weights by largest remainder; ties go to the earlier.
  static func parts(of total: Int, byWeight weights: [UInt64]) -> [Int] {
    // Scaled down so that no product overflows: 24 bits of weight are finer than any measured speed.
    let shift = max(0, 40 - (weights.max() ?? 0).leadingZeroBitCount)
    let scaled = weights.map { $0 >> UInt64(shift) }
    let sum = scaled.reduce(0, +)
    guard sum > 0 else {
      let count = weights.count
      return weights.indices.map { total / count + ($0 < total % count ? 1 : 0) }
    }
    let wide = UInt64(total)
    var result = scaled.map { Int($0 * wide / sum) }
    let left = total - result.reduce(0, +)
    let order = scaled.indices.sorted {
      let (a, b) = (scaled[$0] * wide % sum, scaled[$1] * wide % sum)
      return a != b ? a > b : $0 < $1
    }
    for index in order.prefix(left) { result[index] += 1 }
    return result
  }

  static func count(_ ranges: [SliceRange]) -> Int { ranges.reduce(0) { $0 + Int($1.upper - min($1.lower, $1.upper)) } }

  private static func flatten(_ ranges: [SliceRange]) -> Set<UInt32> {
    var slices: Set<UInt32> = []
    for range in ranges where range.lower < range.upper { slices.formUnion(range.lower..<range.upper) }
    return slices
  }

  /// The ascending values as maximal ranges.
  static func ranges(of slices: [UInt32]) -> [SliceRange] {
    var ranges: [SliceRange] = []
    for slice in slices {
      if let last = ranges.last, last.upper == slice {
        ranges[ranges.count - 1] = SliceRange(last.lower, slice + 1)
      } else {
        ranges.append(SliceRange(slice, slice + 1))
      }
    }
    return ranges
  }

  private static func saturatingSum(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }
}
