import CoordinatorCore
import GradientExchange
import WireProtocol

// The compute thread: one thing at a time; what was asked for in order goes before the slices.
extension SimulatedRunner {
  func work() {
    guard process.isAlive, !isBusy else { return }
    if !tasks.isEmpty {
      let task = tasks.removeFirst()
      isBusy = true
      cluster.after(duration(of: task), in: process) { [self] in
        isBusy = false
        finish(task)
        work()
      }
    } else if let job = computing, let subtree = job.subtrees.first {
      isBusy = true
      let time = Duration.milliseconds(host.sliceTime * Int(subtree.count))
      cluster.after(time + cluster.choices.milliseconds(0...2), in: process) { [self] in
        isBusy = false
        computed(subtree, of: job.round)
        work()
      }
    }
  }

  private func duration(of task: Task) -> Duration {
    switch task {
    case .evaluateRows: cluster.choices.milliseconds(1...8)
    case .effect(.hashState), .effect(.finishCopy): cluster.choices.milliseconds(1...10)
    case .effect: .microseconds(cluster.choices.within(20...900))
    }
  }

  private func computed(_ subtree: SliceRange, of round: Round) {
    // Dropped meanwhile, or another round by now.
    guard let toy, let job = computing, job.round == round, job.subtrees.first == subtree else { return }
    if dies(at: .runnerComputing) { return }
    computing?.subtrees.removeFirst()
    for slice in subtree.lower..<subtree.upper {
      cluster.checks.computed(step: round.step, slice: slice, round: round, by: self)
    }
    for chunk in 0...toy.gradientChunkCount {
      let key = NodeKey(round: round, chunk: UInt32(chunk), range: subtree)
      handle(.nodeComputed(key), payload: toy.node(state, step: round.step, chunk: chunk, subtree))
      guard process.isAlive else { return }
    }
  }

  private func finish(_ task: Task) {
    guard let toy else { return }
    switch task {
    case .evaluateRows(let evaluate, let rows): evaluated(evaluate, rows, toy)
    case .effect(.combine(let left, let right, let into)):
      if dies(at: .runnerBeforeCombining) { return }
      guard let a = payloads[left], let b = payloads[right] else {
        // The round was left meanwhile; the machine ignores the answer.
        return handle(.combined(into))
      }
      payloads[into] = ToyJob.added(a, b)
      handle(.combined(into))
    case .effect(.assess(let round, let roots)):
      if dies(at: .runnerBeforeAssessing) { return }
      let sums = roots.compactMap { payloads[$0] }
      guard sums.count == roots.count else { return }
      assessedRoots = sums
      let assessment = Assessment.usable(workUnits: 100, metrics: [Metric("loss", Double(sums[0][0]))])
      handle(.assessed(round, digest: toy.stepDigest(sums), assessment: assessment))
    case .effect(.apply(let step)):
      if dies(at: .runnerBeforeApplying) { return }
      state = toy.applied(state, step: step, roots: assessedRoots)
      handle(.applied(step: step))
      cluster.checks.applied(by: self)
    case .effect(.hashState(let step)), .effect(.finishCopy(let step)):
      if dies(at: .runnerBeforeHashing) { return }
      handle(.stateHashed(step: step, digest: ToyJob.digest(state)))
      if case .effect(.finishCopy) = task { cluster.checks.applied(by: self) }
    case .effect(.saveCheckpoint(let step, let chain)):
      publish(
        .checkpoint(step: step, chain: chain), .checkpoint(step: step, chain: chain, state: state),
        ToyJob.digest(state + [step]))
    case .effect(.finish(_, let chain)):
      if dies(at: .runnerBeforeFinishing) { return }
      publish(.outputs(chain: chain), .model(state: state), ToyJob.digest(state + [0xF1]))
    case .effect(.sendStateChunk(let request, let peer)):
      if dies(at: .runnerBeforeSendingState) { return }
      sendState(request, to: peer)
    case .effect: break
    }
  }

  private func evaluated(_ evaluate: Evaluate, _ rows: [UInt32], _ toy: ToyJob) {
    if dies(at: .runnerBeforeEvaluated) { return }
    guard machine?.step == evaluate.step, let row = rows.first else { return }
    tell(.evaluated(Evaluated(step: evaluate.step, attempt: evaluate.attempt, rows: toy.measures(state, row: row))))
    let rest = Array(rows.dropFirst())
    if !rest.isEmpty { tasks.insert(.evaluateRows(evaluate, rest), at: 0) }
  }

  private func sendState(_ request: StateRequest, to peer: AssignmentID) {
    let (step, chunk, sender) = (request.step, request.chunk, assignment)
    let value = state[Int(chunk)]
    for part in StateChunk.Part.allCases {
      peerLink(to: peer)?.send(from: self) { receiver in
        receiver.handle(
          .stateChunkReceived(step: step, chunk: chunk, part: part, from: sender),
          write: { receiver.state[Int(chunk)] = value })
      }
    }
  }
}
