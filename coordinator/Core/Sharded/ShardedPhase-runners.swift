import WireProtocol

// Runners of shards come and go.
extension ShardedPhase {
  /// The runner is gone: its shard waits again. `exit` has its last lines when it went of its own accord.
  mutating func removeRunner(_ assignment: AssignmentID, exit: String?) {
    guard let index = runners.firstIndex(where: { $0.assignment == assignment }) else { return }
    let runner = runners.remove(at: index)
    if case .running(assignment) = states[runner.shard] { states[runner.shard] = .waiting }
    if let exit {
      exits[runner.shard] += 1
      if exits[runner.shard] >= settings.exitLimit {
        fail("\(shardTitle(runner.shard)) ended \(exits[runner.shard]) times, last on \(runner.title): \(exit)")
      } else {
        actions.append(.note("\(shardTitle(runner.shard)) on \(runner.title) ended and is run again: \(exit)"))
      }
    }
    settle()
  }

  mutating func setConnected(_ isConnected: Bool, _ assignment: AssignmentID) {
    guard let index = runners.firstIndex(where: { $0.assignment == assignment }) else { return }
    runners[index].isConnected = isConnected
    guard isConnected else { return }
    runners[index].lastHeard = now.monotonic
    runners[index].askedAt = now.monotonic
    // What it said while nobody listened, it says again.
    actions.append(.send(.reportState(ReportState()), assignment))
    if isPauseRequested { askToSave(assignment) }
  }

  /// Ten seconds plus five times the median shard; more while no shard's time is known.
  private var silenceLimit: Duration {
    guard !secondsTaken.isEmpty else { return settings.firstAnswerSilence }
    let median = secondsTaken.sorted()[secondsTaken.count / 2]
    return settings.runnerSilence + .nanoseconds(Int64(min(median * 5e9, 9e18)))
  }

  mutating func tick() {
    for runner in runners where runner.isConnected && runner.hasSpoken {
      if runner.lastHeard + silenceLimit <= now.monotonic {
        let silent = Int(now.monotonic.elapsed(since: runner.lastHeard).inSeconds)
        let reason = "its runner has said nothing for \(silent) s on \(shardTitle(runner.shard))"
        actions.append(.evict(runner.assignment, reason: reason, barWorker: false))
        removeRunner(runner.assignment, exit: reason)
        if hasEnded { return }
      } else if quietSince(runner) + settings.runnerSilence <= now.monotonic,
        let index = runners.firstIndex(where: { $0.assignment == runner.assignment })
      {
        runners[index].askedAt = now.monotonic
        actions.append(.send(.reportState(ReportState()), runner.assignment))
      }
    }
    settle()
  }

  private func quietSince(_ runner: Runner) -> MonotonicTime { max(runner.lastHeard, runner.askedAt) }

  var nextDeadline: MonotonicTime? {
    runners.filter { $0.isConnected && $0.hasSpoken }
      .map { min($0.lastHeard + silenceLimit, quietSince($0) + settings.runnerSilence) }.min()
  }

  func reason(of assignment: AssignmentID) -> String {
    guard let runner = runners.first(where: { $0.assignment == assignment }) else {
      return "its runner leaves job \(job)"
    }
    return "job \(job), \(shardTitle(runner.shard))" + (runner.progress.map { ": \($0.activity)" } ?? "")
  }

  var waitReason: String {
    if let absent = runners.first(where: { !$0.isConnected }) {
      return "\(shardTitle(absent.shard)) waits for \(absent.title), which cannot be reached now"
    }
    if runners.isEmpty { return "waits for a worker" }
    return isPauseRequested ? "pauses when \(runners.count) running shards are done" : ""
  }

  /// Negative when not known.
  var etaSeconds: Double {
    guard !secondsTaken.isEmpty, !runners.isEmpty else { return -1 }
    let median = secondsTaken.sorted()[secondsTaken.count / 2]
    let rounds = (states.count - completedCount + runners.count - 1) / runners.count
    return Double(rounds) * median
  }
}
