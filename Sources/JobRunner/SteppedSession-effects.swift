import GradientExchange
import JobKit
import Transport
import WireProtocol

/// Carries out what the machine asks for.
extension SteppedSession {
  func perform(_ effect: RoundEffect, payload: NodeValues?) {
    switch effect {
    case .compute(let round, let sliceCount, let subtrees): computeSlices(round, sliceCount, subtrees)
    case .stopComputing: onCompute { thread, _ in thread.stopComputing() }
    case .assess(let round, let roots): assess(round, roots)
    case .apply(let step): apply(step)
    case .hashState(let step), .finishCopy(let step): hashState(step, isCopied: effect == .finishCopy(step: step))
    case .evaluate(let request): evaluate(request)
    case .saveCheckpoint(let step, let chain): saveCheckpoint(step, chain)
    case .finish(let request, let chain): finish(request, chain)
    case .writeStateChunk(_, let chunk, let part):
      guard let payload else { return }
      onCompute { thread, _ in try thread.write(payload, chunk: Int(chunk), part: part) }

    case .retain(let key): retain(key, payload)
    case .release(let key): store[key] = nil
    case .releaseRounds(let round):
      store = store.filter { $0.key.round >= round }
      codec.forget(before: round)
    case .combine(let left, let right, let into): combine(left, right, into)

    case .connect(let participant): links.connect(participant)
    case .reset(let peer, let reason):
      supervisor.log("the connection to \(peer) is made anew: \(reason)")
      links.reset(peer, reason: reason)
    case .sendNode(let key, let peer): queue(.node(key), to: peer)
    case .sendRoot(let key, let peer): queue(.root(key), to: peer)
    case .requestStateChunk(let request, let peer): queue(.request(request), to: peer)
    case .sendStateChunk(let request, let peer): sendStateChunk(request, to: peer)

    case .sendPrepared(let prepared):
      failpoints.reached(.beforePrepared, step: prepared.step)
      board.note("prepared")
      supervisor.say(prepared)
      failpoints.reached(.afterPrepared, step: prepared.step)
    case .sendAborted(let aborted): supervisor.say(aborted)
    case .sendApplied(let step, let chain):
      let applied = telemetry.applied(step: step, chain: chain, idle: idleness)
      supervisor.say(applied)
      timeline?.write(applied, codecSeconds: telemetry.codecSeconds)
    case .sendState(let state): supervisor.say(state)
    case .sendStateHashed(let hashed): supervisor.say(hashed)
    case .sendPeerUnreachable(let unreachable): supervisor.say(unreachable)
    }
  }

  // MARK: Payloads

  private func retain(_ key: NodeKey, _ payload: NodeValues?) {
    guard store[key] == nil, let payload else { return }
    store[key] = StoredNode(payload)
    if key.range == NodeKey.received { hashEarly(key, payload) }
  }

  /// Roots are hashed as they come, not when the last is there.
  private func hashEarly(_ key: NodeKey, _ values: NodeValues) {
    codec.run(chunk: key.chunk) { $0.hashRoot(key, values) }
  }

  private func combine(_ left: NodeKey, _ right: NodeKey, _ into: NodeKey) {
    guard let a = store[left]?.values, let b = store[right]?.values, let arithmetic else {
      preconditionFailure("the machine holds \(left) and \(right), the store does not")
    }
    let isRoot = into.range == machine?.plan.map { SliceRange(0, $0.sliceCount) }
    let reply = reply
    codec.run(chunk: into.chunk) { codec in
      let sum = arithmetic.sum(a, b)
      if isRoot { codec.hashRoot(into, sum) }
      reply { session in
        session.timeline?.note(.nodesJoined, into)
        // Under its key before the machine hears of it: effects of the event may send it.
        if session.store[into] == nil { session.store[into] = StoredNode(sum) }
        session.drive(.combined(into))
      }
    }
  }

  // MARK: Computing

  private func computeSlices(_ round: Round, _ sliceCount: UInt32, _ subtrees: [SliceRange]) {
    onCompute { thread, _ in try thread.setComputation(round, sliceCount: sliceCount, subtrees: subtrees) }
    advance()
  }

  /// One slice, then whatever else waits for the compute thread, then the next slice.
  private func advance() {
    let (failpoints, timeline, board) = (failpoints, timeline, board)
    onCompute { thread, reply in
      guard !thread.isAdvancing else { return }
      guard thread.hasSlices else { return }
      board.note("computing")
      let round = try thread.computeNextSlice(
        observe: { round, chunk, slice in
          failpoints.reached(.computing, step: round.step)
          board.note("computing")
          timeline?.note(
            .gradientReady, NodeKey(round: round, chunk: UInt32(chunk), range: SliceRange(slice, slice + 1)))
        },
        emit: { key, values in
          timeline?.note(.nodeFinal, key)
          reply { $0.drive(.nodeComputed(key), payload: values) }
        })
      guard let round else { return }
      let goesOn = thread.hasSlices
      thread.isAdvancing = goesOn
      if !goesOn { board.note("exchange") }
      reply { session in
        if session.telemetry.step == round.step { session.telemetry.slicesComputed += 1 }
        if goesOn { session.goOn() }
      }
    }
  }

  private func goOn() {
    onCompute { thread, _ in thread.isAdvancing = false }
    advance()
  }

  private func assess(_ round: Round, _ keys: [NodeKey]) {
    let roots = keys.compactMap { key in store[key].map { (key: key, values: $0.values) } }
    precondition(roots.count == keys.count, "the machine holds roots that the store does not")
    board.note("assessing")
    let compute = compute
    let reply = reply
    codec.stepDigest(roots) { digest in
      compute.run { thread in
        do {
          let assessment = try thread.assess(round, roots: roots.map(\.values))
          reply { $0.drive(.assessed(round, digest: digest, assessment: assessment)) }
        } catch {
          let message = "\(error)"
          reply { $0.fail(message) }
        }
      }
    }
  }

  private func apply(_ step: UInt64) {
    board.note("applying")
    let failpoints = failpoints
    onCompute { thread, reply in
      failpoints.reached(.beforeApply, step: step)
      try thread.apply(step: step)
      thread.forgetEvaluation()
      failpoints.reached(.afterApply, step: step)
      reply { $0.drive(.applied(step: step)) }
    }
  }

  private func hashState(_ step: UInt64, isCopied: Bool) {
    board.note(isCopied ? "copying" : "hashing", isOpaque: true)
    onCompute { thread, reply in
      if isCopied {
        thread.forgetEvaluation()
        try thread.loaded().member.stateCopied(step: step)
      }
      let digest = try thread.stateDigest()
      reply { session in
        session.board.note("waiting")
        session.drive(.stateHashed(step: step, digest: digest))
      }
    }
  }

  private func evaluate(_ request: Evaluate) {
    let board = board
    onCompute { thread, reply in
      try thread.evaluate(request) { fraction in
        board.note("evaluating", fraction)
      } emit: { rows in
        reply { $0.supervisor.say(Evaluated(step: request.step, attempt: request.attempt, rows: rows)) }
      }
    }
  }
}
