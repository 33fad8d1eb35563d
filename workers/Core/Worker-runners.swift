import WireProtocol

// The runners' life: ASSIGN, inputs, start, BEGIN, PUBLISH, REVOKE, exit.
extension Worker {
  mutating func coordinatorSaid(_ id: LinkID, _ word: CoordinatorWord) {
    guard case .up(id, _) = link else { return }
    switch word {
    case .heartbeatAcknowledged(let answer): acknowledged(answer.sequence)
    case .assign(let assign): assigned(assign)
    case .revoke(let revoke): revoked(revoke)
    }
  }

  /// A repeated ASSIGN changes nothing: its runner lives, or its exit is on the way.
  private mutating func assigned(_ assign: Assign) {
    let id = assign.assignment
    guard runners[id] == nil else { return }
    if let kept = exits.first(where: { $0.exit.assignment == id }) {
      say(.runnerExited(kept.exit))
      return
    }
    guard !ended.contains(id) else { return }
    runners[id] = Runner(assign: assign)
    effects.append(.fetchInputs(id, inputs: assign.inputs, checkpoint: assign.checkpoint))
  }

  mutating func inputsFetched(_ id: AssignmentID, _ directory: String) {
    guard let runner = runners[id], case .fetching = runner.stage else { return }
    runners[id]?.stage = .starting(directory: directory)
    effects.append(.startRunner(id, runner.assign))
  }

  mutating func fetchFailed(_ id: AssignmentID, _ reason: String) {
    guard let runner = runners[id], case .fetching = runner.stage else { return }
    runnerEnded(RunnerExited(assignment: id, status: -1, signal: 0, lastLines: "its inputs: \(reason)"))
  }

  mutating func runnerReady(_ id: AssignmentID) {
    guard let runner = runners[id], case .starting(let directory) = runner.stage else { return }
    runners[id]?.stage = .ready
    runners[id]?.waitingFrames = []
    effects.append(
      .sendToRunner(
        .begin(
          Begin(
            assign: runner.assign, directory: directory, threads: threads(for: runner.assign),
            advertisedHost: settings.advertisedHost, dataPortLow: settings.dataPortLow,
            dataPortHigh: settings.dataPortHigh)), id))
    if isFenced { effects.append(.sendToRunner(.fence(Fence()), id)) }
    if runner.isRevoked {
      effects.append(.sendToRunner(.leave(Leave()), id))
    } else {
      for frame in runner.waitingFrames { effects.append(.relayToRunner(frame, id)) }
    }
  }

  /// A shard that shares the worker with others gets its share.
  private func threads(for assign: Assign) -> UInt32 {
    guard case .shard(_, _, let share) = assign.work, share > 0 else { return settings.threads }
    return min(share, settings.threads)
  }

  mutating func runnerPublished(_ id: AssignmentID, _ publish: Publish) {
    guard let runner = runners[id], !runner.isRevoked else { return }
    effects.append(.upload(id, request: publish.request, publish.items))
  }

  mutating func published(_ id: AssignmentID, _ answer: Published) {
    guard runners[id]?.isReady ?? false else { return }
    effects.append(.sendToRunner(.published(answer), id))
  }

  // MARK: The end

  /// Also the coordinator's answer to RUNNER_EXITED.
  private mutating func revoked(_ revoke: Revoke) {
    let id = revoke.assignment
    exits.removeAll { $0.exit.assignment == id }
    guard let runner = runners[id] else {
      guard !ended.contains(id) else { return }
      // Never heard of it: the coordinator shall not wait for its end.
      remember(id)
      say(.runnerExited(RunnerExited(assignment: id, status: -1, signal: 0, lastLines: "not known here")))
      return
    }
    let wasRevoked = runner.isRevoked
    runners[id]?.isRevoked = true
    runners[id]?.waitingFrames = []
    if case .fetching = runner.stage {
      effects.append(.cancelFetch(id))
      runnerEnded(RunnerExited(assignment: id, status: -1, signal: 0, lastLines: "revoked before it was started"))
    } else if revoke.kill {
      kill(id)
    } else if !wasRevoked {
      // A runner that does not go by itself is killed when the lease is over.
      runners[id]?.killAt = now + .milliseconds(Int64(welcome?.leaseMilliseconds ?? 0))
      if runner.isReady { effects.append(.sendToRunner(.leave(Leave()), id)) }
    }
  }

  private mutating func kill(_ id: AssignmentID) {
    guard runners[id]?.isKilled == false else { return }
    runners[id]?.isKilled = true
    runners[id]?.killAt = nil
    effects.append(.killRunner(id))
  }

  mutating func killOverdue() {
    for id in runners.keys.sorted() {
      if let killAt = runners[id]?.killAt, killAt <= now { kill(id) }
    }
  }

  /// The exit is kept until the coordinator has answered it, over as many links as that takes.
  mutating func runnerEnded(_ exit: RunnerExited) {
    guard let runner = runners.removeValue(forKey: exit.assignment) else { return }
    remember(exit.assignment)
    exits.append(KeptExit(exit: exit, job: runner.assign.job))
    if exits.count > Self.rememberedLimit { exits.removeFirst() }
    effects.append(.discardDirectory(exit.assignment))
    say(.runnerExited(exit))
  }
}
