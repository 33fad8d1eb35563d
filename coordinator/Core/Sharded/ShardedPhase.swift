import WireProtocol

/// A sharded phase: independent shards, each run until it is completed once.
struct ShardedPhase: Sendable {
  enum ShardState: Sendable {
    case waiting
    case running(AssignmentID)
    case completed
  }

  struct Runner: Sendable {
    let assignment: AssignmentID
    let worker: WorkerID
    let title: String
    let shard: Int
    let startedAt: MonotonicTime
    var isConnected: Bool
    var lastHeard: MonotonicTime
    var askedAt: MonotonicTime
    var hasSpoken = false
    var progress: Progress?
  }

  let job: JobID
  let phase: UInt32
  let shards: [ShardPlan]
  let settings: CoordinatorSettings
  var states: [ShardState]
  var outputs: [[NamedTree]]
  var results: [String]
  /// What shards that take long go on from, by shard; nil once they are completed.
  var checkpoints: [ShardCheckpointRecord?]
  /// Exits of runners of their own accord, by shard.
  var exits: [Int]
  /// What each shard's runner said last, for people: kept after its end, not after a restart.
  var lastValues: [[Metric]]
  var runners: [Runner] = []
  var isPauseRequested = false
  /// Why nobody goes on until a person has acted.
  var holdReason: String?
  var isHeld = false
  var hasEnded = false
  var secondsTaken: [Double] = []
  var progressMarks: UInt64 = 0

  var now = Moment(monotonic: .zero, unixMilliseconds: 0)
  var actions: [PhaseAction] = []

  init(job: JobID, phase: UInt32, shards: [ShardPlan], settings: CoordinatorSettings) {
    self.job = job
    self.phase = phase
    self.shards = shards
    self.settings = settings
    states = Array(repeating: .waiting, count: shards.count)
    outputs = Array(repeating: [], count: shards.count)
    results = Array(repeating: "{}", count: shards.count)
    checkpoints = Array(repeating: nil, count: shards.count)
    exits = Array(repeating: 0, count: shards.count)
    lastValues = Array(repeating: [], count: shards.count)
  }

  var completedCount: Int { states.count { if case .completed = $0 { true } else { false } } }

  /// The next shard to run, if one may: a shard whose key is being computed elsewhere waits for those outputs.
  func nextShard(keysInWork: Set<Digest>) -> Int? {
    guard !isPauseRequested, !isHeld, !hasEnded else { return nil }
    return states.indices.first { index in
      guard case .waiting = states[index] else { return false }
      return shards[index].cacheKey.map { !keysInWork.contains($0) } ?? true
    }
  }

  /// Keys of the shards that run now.
  var keysInWork: [Digest] { runners.compactMap { shards[$0.shard].cacheKey } }

  mutating func started(_ assignment: AssignmentID, worker: WorkerID, title: String, shard: Int, isConnected: Bool) {
    states[shard] = .running(assignment)
    runners.append(
      Runner(
        assignment: assignment, worker: worker, title: title, shard: shard, startedAt: now.monotonic,
        isConnected: isConnected, lastHeard: now.monotonic, askedAt: now.monotonic))
  }

  func mayAdopt(shard: Int) -> Bool {
    guard !hasEnded, !isHeld, states.indices.contains(shard), case .waiting = states[shard] else { return false }
    return true
  }

  /// Takes outputs that are known already: journalled ones at recovery, cached ones, or those of another shard.
  mutating func fill(shard: Int, outputs: [NamedTree], result: String) {
    guard states.indices.contains(shard) else { return }
    states[shard] = .completed
    self.outputs[shard] = outputs
    results[shard] = result
  }

  mutating func handle(_ message: RunnerMessage, from assignment: AssignmentID) {
    guard let index = runners.firstIndex(where: { $0.assignment == assignment }) else { return }
    runners[index].lastHeard = now.monotonic
    runners[index].hasSpoken = true
    let runner = runners[index]
    switch message {
    case .completed(let completed):
      secondsTaken.append(now.monotonic.elapsed(since: runner.startedAt).inSeconds)
      if secondsTaken.count > 15 { secondsTaken.removeFirst() }
      runners.remove(at: index)
      actions.append(.release(assignment))
      complete(shard: runner.shard, outputs: completed.outputs, result: completed.result)
      settle()
    case .failed(let failed):
      fail("\(shardTitle(runner.shard)) on \(runner.title): \(failed.message)")
    case .progress(let progress):
      runners[index].progress = progress
      if !progress.values.isEmpty { lastValues[runner.shard] = Array(progress.values.prefix(64)) }
    case .checkpointSaved(let saved): handle(saved, of: runner)
    default: break
    }
  }

  mutating func complete(shard: Int, outputs: [NamedTree], result: String) {
    guard case .completed = states[shard] else {
      forgetCheckpoint(of: shard)
      fill(shard: shard, outputs: outputs, result: result)
      progressMarks += 1
      actions.append(
        .record(
          .shardCompleted(
            ShardCompletedRecord(job: job, phase: phase, shard: UInt32(shard), outputs: outputs, result: result))))
      return
    }
  }

  /// Ends the phase when all shards are done, and takes hold of a pause when none runs.
  mutating func settle() {
    guard !hasEnded else { return }
    if completedCount == states.count {
      hasEnded = true
      actions.append(.complete(outputs: outputs.flatMap { $0 }, results: results.filter { $0 != "{}" }))
    } else if isPauseRequested, runners.isEmpty, !isHeld {
      isHeld = true
      let done = "\(completedCount) of \(states.count) shards done"
      actions.append(.pause(reason: holdReason.map { "\($0) (\(done))" } ?? "paused with \(done)"))
    }
  }

  func shardTitle(_ shard: Int) -> String { "shard \(shards[shard].name)" }

  mutating func fail(_ reason: String) {
    hasEnded = true
    actions.append(.fail(reason: reason))
  }

  mutating func resume() {
    isPauseRequested = false
    holdReason = nil
    isHeld = false
    // A person acted: exits before that count no more.
    exits = exits.map { _ in 0 }
  }
}
