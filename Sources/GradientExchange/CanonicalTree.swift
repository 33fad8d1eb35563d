public import WireProtocol

/// The tree along which gradients are added: over slice indices, split at the largest power of two below the count, as
/// in RFC 6962 (section 2.1). The order of additions is a function of the slice count alone, so the sum has the same
/// bits however the slices were shared out.
///
/// A node is written as the range of slices below it; the root is `0 ..< sliceCount`.
public enum CanonicalTree {
  /// Where `node` is cut in two; `node` has at least two slices.
  public static func middle(of node: SliceRange) -> UInt32 {
    precondition(node.count >= 2, "a leaf has no children")
    // The largest power of two that is at most count − 1.
    let last = node.count - 1
    return node.lower + (1 << (UInt32(UInt32.bitWidth - 1) - UInt32(last.leadingZeroBitCount)))
  }

  public static func children(of node: SliceRange) -> (left: SliceRange, right: SliceRange) {
    let cut = middle(of: node)
    return (SliceRange(node.lower, cut), SliceRange(cut, node.upper))
  }

  /// Whether `range` is a node of the tree over `sliceCount` slices. Takes any values: ranges come from the wire.
  public static func isNode(_ range: SliceRange, sliceCount: UInt32) -> Bool {
    guard range.lower < range.upper, range.upper <= sliceCount else { return false }
    var node = SliceRange(0, sliceCount)
    while node != range {
      guard let child = child(of: node, containing: range) else { return false }
      node = child
    }
    return true
  }

  /// The parent of `node` with the other child, or nil when `node` is the root.
  public static func parent(of node: SliceRange, sliceCount: UInt32) -> Relation? {
    precondition(isNode(node, sliceCount: sliceCount), "\(node.span) is no node over \(sliceCount) slices")
    var above = SliceRange(0, sliceCount)
    if above == node { return nil }
    while true {
      let (left, right) = children(of: above)
      if left == node || right == node { return Relation(parent: above, left: left, right: right) }
      above = node.upper <= left.upper ? left : right
    }
  }

  /// A node's parent with both its children.
  public struct Relation: Equatable, Sendable {
    public let parent: SliceRange
    public let left: SliceRange
    public let right: SliceRange
    public init(parent: SliceRange, left: SliceRange, right: SliceRange) {
      self.parent = parent
      self.left = left
      self.right = right
    }
  }

  /// The fewest nodes that together cover exactly `range`, from left to right: at most 2·log₂(sliceCount) of them.
  public static func maximalSubtrees(of range: SliceRange, sliceCount: UInt32) -> [SliceRange] {
    guard range.lower < range.upper, range.upper <= sliceCount else { return [] }
    var found: [SliceRange] = []
    // Depth first, left before right; a node inside the range is taken whole.
    var open = [SliceRange(0, sliceCount)]
    while let node = open.popLast() {
      if range.contains(node) {
        found.append(node)
      } else if node.overlaps(range) {
        let (left, right) = children(of: node)
        open.append(right)
        open.append(left)
      }
    }
    return found
  }

  private static func child(of node: SliceRange, containing range: SliceRange) -> SliceRange? {
    guard node.count >= 2 else { return nil }
    let (left, right) = children(of: node)
    if left.contains(range) { return left }
    return right.contains(range) ? right : nil
  }
}

extension SliceRange {
  /// The slices in the range; none when `upper` does not lie above `lower`.
  public var count: UInt32 { upper > lower ? upper - lower : 0 }

  public func contains(_ other: SliceRange) -> Bool { lower <= other.lower && other.upper <= upper }

  public func overlaps(_ other: SliceRange) -> Bool { lower < other.upper && other.lower < upper }

  /// `0..<4`, for traces and errors.
  public var span: String { "\(lower)..<\(upper)" }
}
