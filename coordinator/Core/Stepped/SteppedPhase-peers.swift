import WireProtocol

/// Pairs of runners that cannot connect, as either of them reported.
struct UnreachablePeers: Sendable {
  struct Pair: Hashable, Sendable {
    let reporter: AssignmentID
    let peer: AssignmentID
    let address: String
    let reason: String

    func has(_ assignment: AssignmentID) -> Bool { reporter == assignment || peer == assignment }
  }
  var pairs: [Pair] = []
  /// Reports are collected until then, so that one broken host is told from many good ones.
  var decideAt: MonotonicTime?

  mutating func forget(_ assignment: AssignmentID) {
    pairs.removeAll { $0.has(assignment) }
    if pairs.isEmpty { decideAt = nil }
  }
}

extension SteppedPhase {
  mutating func handle(_ report: PeerUnreachable, at index: Int) {
    let reporter = members[index].assignment
    guard report.peer != reporter, self.index(of: report.peer) != nil else { return }
    guard !unreachable.pairs.contains(where: { $0.reporter == reporter && $0.peer == report.peer }) else { return }
    unreachable.pairs.append(
      .init(reporter: reporter, peer: report.peer, address: report.address, reason: report.reason))
    unreachable.decideAt = unreachable.decideAt ?? now.monotonic + settings.unreachableDecisionDelay
  }

  /// Leaves out the runner that reaches fewest peers; of equals one that complains of nobody (it may be stuck), then
  /// the newest. While a worker in question is suspect nothing is decided: its lease will tell.
  mutating func decideUnreachable() {
    guard let decideAt = unreachable.decideAt, decideAt <= now.monotonic else { return }
    let pairs = unreachable.pairs
    if members.contains(where: { member in !member.isConnected && pairs.contains { $0.has(member.assignment) } }) {
      unreachable.decideAt = now.monotonic + settings.unreachableDecisionDelay
      return
    }
    unreachable = UnreachablePeers()
    func rank(_ assignment: AssignmentID) -> (Int, Int, UInt32) {
      let unreached = Set(pairs.filter { $0.has(assignment) }.map { $0.reporter == assignment ? $0.peer : $0.reporter })
      let isSilent = !pairs.contains { $0.reporter == assignment }
      return (unreached.count, isSilent ? 1 : 0, assignment.number)
    }
    let worst = members.filter { rank($0.assignment).0 > 0 }.max { rank($0.assignment) < rank($1.assignment) }
    guard let worst, let pair = pairs.first(where: { $0.has(worst.assignment) }),
      let reporter = member(pair.reporter), let peer = member(pair.peer)
    else { return }
    evict(
      worst.assignment,
      reason: "\(reporter.title) at \(reporter.dataAddress) cannot reach \(peer.title) at \(pair.address) "
        + "(\(pair.reason)); it is left out because it reaches fewest peers",
      barWorker: true)
  }
}
