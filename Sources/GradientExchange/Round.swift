public import WireProtocol

/// One computation of one step. Values of one round agree wherever they were computed and in whichever attempt; a PLAN
/// that says `discard` starts a new round of the same step, so that nothing of the doubted one is taken for it.
///
/// On the wire a NODE or ROOT frame carries `restart` as its correlation id.
public struct Round: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let step: UInt64
  /// The attempt of the last PLAN of this step that said `discard`; 0 when none did.
  public let restart: UInt64

  public init(step: UInt64, restart: UInt64 = 0) {
    self.step = step
    self.restart = restart
  }

  public static func < (a: Round, b: Round) -> Bool { (a.step, a.restart) < (b.step, b.restart) }

  public var description: String { restart == 0 ? "step \(step)" : "step \(step) restarted at \(restart)" }
}

/// Names a payload: the rounded sum of one chunk over one node's slices. The machine deals in keys; the bytes lie in a
/// store that the machine's user keeps, under the keys of `RoundEffect.retain`.
public struct NodeKey: Hashable, Sendable, CustomStringConvertible {
  public let round: Round
  /// Gradient chunks come first; the statistics are the chunk after the last.
  public let chunk: UInt32
  /// `NodeKey.received` for a ROOT frame, which does not say how many slices it sums.
  public let range: SliceRange

  public init(round: Round, chunk: UInt32, range: SliceRange) {
    self.round = round
    self.chunk = chunk
    self.range = range
  }

  /// The range in the key of a root that came from its owner.
  public static let received = SliceRange(0, 0)

  public static func root(_ round: Round, chunk: UInt32) -> NodeKey {
    NodeKey(round: round, chunk: chunk, range: received)
  }

  public var description: String {
    "\(round) chunk \(chunk) \(range == NodeKey.received ? "root" : range.span)"
  }
}
