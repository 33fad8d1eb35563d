import WireProtocol

/// COMMIT, what may happen only between steps, and reports.
extension RoundMachine {
  mutating func commitReceived(_ commit: Commit) {
    guard !isFenced else { return }
    switch standing {
    case .applying, .copying:
      return  // It is being done; or this state is about to be replaced by one that has the step.
    case .ready:
      break
    }
    if commit.step == step, step > 0 { return tell(.sendApplied(step: step, chain: chain)) }
    guard commit.step > step else { return }
    guard commit.step == step + 1, case .assessed(commit.digest, .usable) = outcome else { return sendState() }
    standing = .applying(commit.digest)
    stopComputing()
    emit(.apply(step: commit.step))
  }

  mutating func applied(_ appliedStep: UInt64) {
    guard case .applying(let digest) = standing, appliedStep == step + 1 else { return }
    standing = .ready
    chain = chain.chained(with: digest)
    step = appliedStep
    tell(.sendApplied(step: step, chain: chain))
    beginNextStep()
  }

  /// The state is the one after `step`: throw away what led there, and do what waited for it.
  mutating func beginNextStep() {
    clearRound()
    emit(.releaseRounds(before: round))
    let waiting = deferred
    deferred = []
    for request in waiting { atBoundary(request) }
    if let next = nextPlan, next.step <= step + 1 {
      nextPlan = nil
      if next.step == step + 1 { adopt(next) }
    }
  }

  mutating func atBoundary(_ request: BoundaryRequest) {
    if case .hash = request, !isCopying {
      if hashing[request.step] != nil { return }
      if let lastHashed, lastHashed.step == request.step { return tell(.sendStateHashed(lastHashed)) }
    }
    switch standing {
    case .ready where request.step == step:
      carryOut(request)
    case .applying where request.step == step + 1:
      deferRequest(request)
    case .copying(let copy) where request.step == copy.step:
      deferRequest(request)
    case .ready, .applying, .copying:
      if case .serve = request {
        // A holder that has yet to hear the COMMIT its peer has heard.
        if request.step == stateStep + 1 { deferRequest(request) }
      } else {
        sendState()
      }
    }
  }

  /// Requests that may wait for a boundary: far more than a coordinator and its gang can have open at once.
  static let deferredLimit = 1024

  private mutating func deferRequest(_ request: BoundaryRequest) {
    guard !deferred.contains(request), deferred.count < Self.deferredLimit else { return }
    deferred.append(request)
  }

  private mutating func carryOut(_ request: BoundaryRequest) {
    switch request {
    case .hash: hashState()
    case .evaluate(let request): emit(.evaluate(request))
    case .saveCheckpoint: emit(.saveCheckpoint(step: step, chain: chain))
    case .finish(let request): emit(.finish(request, chain: chain))
    case .serve(let request, let peer):
      if connected.contains(peer), !isFenced { emit(.sendStateChunk(request, to: peer)) }
    }
  }

  mutating func hashState() {
    hashing[step] = chain
    emit(.hashState(step: step))
  }

  private var isCopying: Bool {
    if case .copying = standing { return true }
    return false
  }

  mutating func stateHashed(_ hashedStep: UInt64, _ digest: Digest) {
    if case .copying(let copy) = standing {
      guard copy.isWhole, hashedStep == copy.step else { return }
      standing = .ready
      step = copy.step
      chain = copy.chain
      answerHashed(StateHashed(step: step, chain: chain, stateDigest: digest))
      return beginNextStep()
    }
    guard let chainThere = hashing.removeValue(forKey: hashedStep) else { return }
    answerHashed(StateHashed(step: hashedStep, chain: chainThere, stateDigest: digest))
  }

  private mutating func answerHashed(_ answer: StateHashed) {
    lastHashed = answer
    tell(.sendStateHashed(answer))
  }

  /// The step of the state that is here, or will be when the copy is whole.
  var stateStep: UInt64 {
    if case .copying(let copy) = standing { return copy.step }
    return step
  }

  /// RUNNER_STATE. Of a state that is half overwritten it says step 0 and `Digest.noState`, which fits no journal.
  mutating func sendState() {
    var state = RunnerState(
      dataAddress: dataAddress, step: step, chain: chain, attempt: 0, slices: [], prepared: nil)
    if case .copying = standing {
      state.step = 0
      state.chain = .noState
    } else if let plan {
      state.attempt = plan.attempt
      var kept = SliceSet(wanted, sliceCount: plan.sliceCount)
      for (subtree, computed) in computedChunks where computed == chunkCount { kept.insert(subtree) }
      state.slices = kept.ranges
      if case .assessed(let digest, .usable(let workUnits, let metrics)) = outcome {
        state.prepared = Prepared(
          step: plan.step, attempt: plan.attempt, digest: digest, workUnits: workUnits, metrics: metrics)
      }
    }
    tell(.sendState(state))
  }
}

/// What the coordinator or a peer wants of the state after one step.
enum BoundaryRequest: Equatable, Sendable {
  case hash(HashState)
  case evaluate(Evaluate)
  case saveCheckpoint(SaveCheckpoint)
  case finish(Finish)
  case serve(StateRequest, to: AssignmentID)

  var step: UInt64 {
    switch self {
    case .hash(let request): request.step
    case .evaluate(let request): request.step
    case .saveCheckpoint(let request): request.step
    case .finish(let request): request.step
    case .serve(let request, _): request.step
    }
  }

  func isRequest(of peer: AssignmentID) -> Bool {
    if case .serve(_, peer) = self { return true }
    return false
  }
}
