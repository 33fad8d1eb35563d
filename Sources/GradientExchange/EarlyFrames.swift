import WireProtocol

/// Frames of a round that has not begun here: a peer heard PLAN or COMMIT first. It can be one step ahead.
struct EarlyFrames: Equatable, Sendable {
  private let limit: Int
  private var senders: [NodeKey: AssignmentID] = [:]
  /// Arrival order, so that a run replays.
  private var order: [NodeKey] = []
  /// Peers whose frames were dropped, with the round of the last one.
  private var lost: [AssignmentID: Round] = [:]

  init(limit: Int) { self.limit = limit }

  func contains(_ key: NodeKey) -> Bool { senders[key] != nil }

  /// False when the frame is here already, or there is no room.
  mutating func insert(_ key: NodeKey, from peer: AssignmentID) -> Bool {
    guard senders[key] == nil, senders.count < limit else { return false }
    senders[key] = peer
    order.append(key)
    return true
  }

  mutating func markLost(_ peer: AssignmentID, round: Round) { lost[peer] = max(lost[peer] ?? round, round) }

  /// Takes out the frames of `round` and forgets those of rounds before it, which it returns apart.
  mutating func take(_ round: Round) -> (frames: [(key: NodeKey, peer: AssignmentID)], stale: [NodeKey]) {
    var frames: [(key: NodeKey, peer: AssignmentID)] = []
    var stale: [NodeKey] = []
    var later: [NodeKey] = []
    for key in order {
      if key.round > round {
        later.append(key)
      } else if let peer = senders.removeValue(forKey: key) {
        if key.round == round { frames.append((key, peer)) } else { stale.append(key) }
      }
    }
    order = later
    return (frames, stale)
  }

  /// Takes out the peers that lost frames of `round` (and forgets those of earlier rounds).
  mutating func takeLost(_ round: Round) -> [AssignmentID] {
    let due = lost.filter { $0.value == round }.map(\.key).sorted()
    lost = lost.filter { $0.value > round }
    return due
  }
}
