import WireProtocol

// Cancel, pause, resume, retry; those of a graph go down to its stages.
extension Coordinator {
  /// Kills the runners; the last checkpoint stays.
  mutating func cancel(_ id: JobID) {
    stop(id)
    setState(id, .cancelled, reason: "cancelled by request")
  }

  /// Takes hold at the end of the step, or of the running shards.
  mutating func pause(_ id: JobID) {
    guard let job = jobs[id], !job.state.state.isFinal, job.state.state != .paused else { return }
    setState(id, job.state.state, reason: job.state.reason, pauseRequested: true)
    pausePhase(id)
  }

  mutating func pausePhase(_ id: JobID) {
    guard let phase = phases[id] else {
      // A stage that waits for others.
      setState(id, .paused, reason: "paused before it began")
      childChanged(id)
      return
    }
    switch phase {
    case .sharded:
      withSharded(id) { $0.requestPause() }
    case .stepped: withStepped(id) { $0.requestPause() }
    case .graph(let graph): for child in graph.children { pause(child) }
    }
  }

  mutating func resume(_ id: JobID) {
    guard let job = jobs[id], job.state.state == .paused || job.state.pauseRequested else { return }
    jobs[id]?.barred = [:]
    jobs[id]?.restarts = [:]
    let isAtWork = assignments.values.contains { $0.job == id }
    setState(id, isAtWork ? .running : .pending, reason: "")
    switch phases[id] {
    case .sharded?: withSharded(id) { $0.resume() }
    case .stepped?: withStepped(id) { $0.resume() }
    case .graph(let graph)?:
      for child in graph.children { resume(child) }
      advanceGraph(id)
    case nil:
      if blockingStage(of: job) == nil { startPhase(id) }
    }
  }

  /// Goes on where it ended: completed phases, shards and the last checkpoint are kept.
  mutating func retry(_ id: JobID) {
    guard let job = jobs[id], job.state.state == .failed || job.state.state == .cancelled else { return }
    jobs[id]?.barred = [:]
    jobs[id]?.restarts = [:]
    setState(id, .pending, reason: "")
    switch phases[id] {
    case .sharded?: withSharded(id) { $0.restart() }
    case .stepped?: withStepped(id) { $0.restart() }
    case .graph(let graph)?:
      for child in graph.children { retry(child) }
      advanceGraph(id)
    case nil:
      if blockingStage(of: job) == nil { startPhase(id) }
    }
  }
}
