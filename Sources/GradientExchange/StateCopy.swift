import WireProtocol

/// A copy of a peer's state under way: which chunks are asked of whom, and which are here.
struct StateCopy: Equatable, Sendable {
  let step: UInt64
  let chain: Digest
  var holders: [Participant]
  /// Chunks nobody was asked for, the next one last.
  private var waiting: [UInt32]
  private var asked: [UInt32: Asked] = [:]
  private var missing: Int

  private struct Asked: Equatable, Sendable {
    let holder: AssignmentID
    var parts: Set<StateChunk.Part> = []
  }

  /// Chunks asked of one holder at a time: one on its way while the next is being read, and no more memory than that.
  private static let chunksAskedPerHolder = 2

  init(step: UInt64, chain: Digest, holders: [Participant], chunkCount: Int) {
    self.step = step
    self.chain = chain
    self.holders = holders
    waiting = (0..<UInt32(chunkCount)).reversed()
    missing = chunkCount
  }

  var isWhole: Bool { missing == 0 }

  /// The chunks to ask for now, dealt to the connected holders in turn.
  mutating func ask(connected: Set<AssignmentID>) -> [(chunk: UInt32, holder: AssignmentID)] {
    var requests: [(chunk: UInt32, holder: AssignmentID)] = []
    var room: [(holder: AssignmentID, chunks: Int)] = holders.map(\.assignment).filter { connected.contains($0) }.map {
      holder in
      (holder, Self.chunksAskedPerHolder - asked.values.count { $0.holder == holder })
    }
    while !waiting.isEmpty, room.contains(where: { $0.chunks > 0 }) {
      for index in room.indices where room[index].chunks > 0 {
        guard let chunk = waiting.popLast() else { break }
        asked[chunk] = Asked(holder: room[index].holder)
        room[index].chunks -= 1
        requests.append((chunk, room[index].holder))
      }
    }
    return requests
  }

  /// Whether the part was asked of this holder and is new.
  mutating func take(chunk: UInt32, part: StateChunk.Part, from holder: AssignmentID) -> Bool {
    guard var entry = asked[chunk], entry.holder == holder, entry.parts.insert(part).inserted else { return false }
    if entry.parts.count == StateChunk.Part.allCases.count {
      asked[chunk] = nil
      missing -= 1
    } else {
      asked[chunk] = entry
    }
    return true
  }

  /// What was asked of `holder` and is not whole is asked again, of anyone.
  mutating func giveBack(from holder: AssignmentID) {
    let unanswered = asked.filter { $0.value.holder == holder }.keys.sorted(by: >)
    for chunk in unanswered { asked[chunk] = nil }
    waiting += unanswered
  }

  /// New holders, for the same state.
  mutating func replaceHolders(_ new: [Participant]) {
    for old in holders where !new.contains(where: { $0.assignment == old.assignment }) {
      giveBack(from: old.assignment)
    }
    holders = new
  }
}
