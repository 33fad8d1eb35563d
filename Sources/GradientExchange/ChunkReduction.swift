import WireProtocol

/// What is here of one chunk in a round.
struct ChunkReduction: Equatable, Sendable {
  /// Nodes computed here; kept until the root is known, as a later attempt may owe them to another owner. One that lies
  /// inside another is listed without a payload.
  var own: [SliceRange] = []
  /// Disjoint nodes whose payloads are here: own, received, and joined ones.
  var held: [SliceRange] = []
  /// Parents whose values are being computed from nodes in `held`.
  var combining: [SliceRange] = []
  var root: NodeKey?
  /// Who sent the root; nil when it was made here.
  var rootSender: AssignmentID?

  /// Own nodes that no other own node contains.
  var ownMaximal: [SliceRange] {
    own.filter { node in !own.contains { $0 != node && $0.contains(node) } }
  }

  func holdsNode(containing range: SliceRange) -> Bool { held.contains { $0.contains(range) } }

  func keepsOwn(_ range: SliceRange) -> Bool { ownMaximal.contains(range) }
}
