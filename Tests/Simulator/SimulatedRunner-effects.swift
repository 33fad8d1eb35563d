import CoordinatorCore
import GradientExchange
import WireProtocol

// What the round machine wants done: the payload store, peers, the coordinator, and the compute thread's list.
extension SimulatedRunner {
  func handle(_ event: RoundEvent, payload: ToyJob.Sum? = nil, write: (() -> Void)? = nil) {
    guard process.isAlive, var machine else { return }
    let effects = machine.handle(event)
    self.machine = machine
    for effect in effects {
      run(effect, payload: payload, write: write)
      guard process.isAlive else { return }
    }
    work()
  }

  private func run(_ effect: RoundEffect, payload: ToyJob.Sum?, write: (() -> Void)?) {
    switch effect {
    case .compute(let round, _, let subtrees):
      computing = (round, subtrees)
    case .stopComputing: computing = nil
    case .assess, .apply, .hashState, .saveCheckpoint, .finish, .finishCopy, .sendStateChunk, .combine:
      if case .saveCheckpoint(let step, _) = effect { saving.insert(step) }
      if case .finish = effect { isFinishing = true }
      tasks.append(.effect(effect))
    case .evaluate(let evaluate): queue(evaluate)
    case .writeStateChunk: write?()

    case .retain(let key): if let payload { payloads[key] = payloads[key] ?? payload }
    case .release(let key): payloads[key] = nil
    case .releaseRounds(let round): payloads = payloads.filter { $0.key.round >= round }

    case .connect(let participant): connect(to: participant)
    case .reset(let peer, _): resetPeer(peer)
    case .sendNode(let key, let peer):
      if dies(at: .runnerBeforeSendingNode) { return }
      sendPayload(key, to: peer, isRoot: false)
    case .sendRoot(let key, let peer):
      if dies(at: .runnerBeforeSendingRoot) { return }
      sendPayload(key, to: peer, isRoot: true)
    case .requestStateChunk(let request, let peer):
      if dies(at: .runnerBeforeRequestingState) { return }
      let sender = assignment
      peerLink(to: peer)?.send(from: self) { $0.handle(.stateRequested(request, from: sender)) }

    case .sendPrepared(let prepared):
      if dies(at: .runnerBeforePrepared) { return }
      tell(.prepared(prepared))
    case .sendAborted(let aborted): tell(.stepAborted(aborted))
    case .sendApplied(let step, let chain):
      if dies(at: .runnerBeforeApplied) { return }
      tell(
        .applied(
          Applied(
            step: step, chain: chain, slicesComputed: 1, rawBytes: 10, sentBytes: 5, waitSeconds: 0,
            stepSeconds: Double(host.sliceTime), peakResidentBytes: 1)))
    case .sendState(let state): tell(.runnerState(state))
    case .sendStateHashed(let hashed):
      hashAnswers[hashed.step] = hashed
      tell(.stateHashed(hashed))
    case .sendPeerUnreachable(let report): tell(.peerUnreachable(report))
    }
  }

  private func queue(_ evaluate: Evaluate) {
    let rows = evaluate.rows.flatMap { Array($0.lower..<$0.upper) }
    let isQueued = tasks.contains { task in
      guard case .evaluateRows(let other, _) = task else { return false }
      return other.attempt == evaluate.attempt && other.step == evaluate.step
    }
    if !isQueued { tasks.append(.evaluateRows(evaluate, rows)) }
  }

  // MARK: Peers

  func peerLink(to peer: AssignmentID) -> SimulatedPeerLink? {
    cluster.network.peerLinks[.init(assignment.number, peer.number)]
  }

  private func sendPayload(_ key: NodeKey, to peer: AssignmentID, isRoot: Bool) {
    guard let payload = payloads[key] else {
      return cluster.checks.violated("\(dataAddress) has no payload for \(key)")
    }
    let sender = assignment
    let sent = isRoot ? NodeKey.root(key.round, chunk: key.chunk) : key
    peerLink(to: peer)?.send(from: self) { receiver in
      receiver.handle(isRoot ? .rootReceived(sent, from: sender) : .nodeReceived(sent, from: sender), payload: payload)
    }
  }

  private func connect(to participant: Participant) {
    guard connecting.insert(participant.assignment).inserted else { return }
    attempt(participant, since: cluster.time, hasReported: false)
  }

  /// Until the connection stands, and with a word after five seconds.
  private func attempt(_ participant: Participant, since: UInt64, hasReported: Bool) {
    cluster.after(cluster.choices.milliseconds(1...25), in: process) { [self] in
      let peer = participant.assignment
      let pair = SimulatedNetwork.Pair(assignment.number, peer.number)
      if cluster.network.peerLinks[pair] != nil {
        connecting.remove(peer)
        return
      }
      let target = cluster.hosts.lazy.compactMap { $0.runners[peer] }.first
      let hostPair = target.map { SimulatedNetwork.Pair(UInt32(host.index), UInt32($0.host.index)) }
      let isCut = hostPair.map { cluster.network.peersCutUntil[$0, default: 0] > cluster.time } ?? true
      if let target, target.process.isAlive, target.machine != nil, !isCut,
        target.process.stoppedUntil <= cluster.time
      {
        let link = SimulatedPeerLink(self, target)
        cluster.network.peerLinks[pair] = link
        connecting.remove(peer)
        let own = assignment
        cluster.after(.microseconds(100), in: target.process) { if !link.isCut { target.handle(.peerConnected(own)) } }
        return handle(.peerConnected(peer))
      }
      var hasReported = hasReported
      if !hasReported, cluster.time - since > 5_000_000_000 {
        hasReported = true
        handle(.peerUnreachable(peer, address: participant.dataAddress, reason: "no answer in 5 s"))
      }
      // Given up when nobody counts on the peer any more.
      guard cluster.time - since < 60_000_000_000 else {
        connecting.remove(peer)
        return
      }
      cluster.after(.milliseconds(200), in: process) { [self] in
        attempt(participant, since: since, hasReported: hasReported)
      }
    }
  }

  func resetPeer(_ peer: AssignmentID) {
    let pair = SimulatedNetwork.Pair(assignment.number, peer.number)
    guard let link = cluster.network.peerLinks.removeValue(forKey: pair) else { return }
    link.isCut = true
    let (own, other) = (assignment, link.other(than: self))
    cluster.after(cluster.choices.milliseconds(0...10), in: process) { [self] in handle(.peerDisconnected(peer)) }
    cluster.after(cluster.choices.milliseconds(0...10), in: other.process) { other.handle(.peerDisconnected(own)) }
  }
}
