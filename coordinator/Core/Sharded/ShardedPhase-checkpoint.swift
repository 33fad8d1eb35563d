import WireProtocol

// Shards that take long put what they have into the store now and then, and go on from there on whichever worker.
extension ShardedPhase {
  /// A shard that can, saves at its next boundary and leaves; the others are waited for.
  mutating func requestPause() {
    isPauseRequested = true
    for runner in runners { askToSave(runner.assignment) }
    settle()
  }

  /// Also when a runner can be reached again: the first word may have been lost with its connection.
  mutating func askToSave(_ assignment: AssignmentID) {
    actions.append(.send(.saveCheckpoint(SaveCheckpoint(step: 0)), assignment))
  }

  mutating func handle(_ saved: CheckpointSaved, of runner: Runner) {
    if let failure = saved.failure {
      // Mostly a full disk: what is done is not lost, and a person can make room.
      holdReason = "\(shardTitle(runner.shard)) on \(runner.title): \(failure)"
      actions.append(.note("\(shardTitle(runner.shard)) on \(runner.title): \(failure)"))
      release(runner)
      requestPause()
      return
    }
    guard case .running(runner.assignment) = states[runner.shard] else { return }
    keep(
      ShardCheckpointRecord(
        job: job, phase: phase, shard: UInt32(runner.shard), step: saved.step, chain: saved.chain, tree: saved.tree))
    guard isPauseRequested else { return }
    release(runner)
    settle()
  }

  /// The shard waits again, with nobody to blame.
  private mutating func release(_ runner: Runner) {
    runners.removeAll { $0.assignment == runner.assignment }
    states[runner.shard] = .waiting
    actions.append(.release(runner.assignment))
  }

  private mutating func keep(_ record: ShardCheckpointRecord) {
    let shard = Int(record.shard)
    if let old = checkpoints[shard] {
      guard record.step > old.step else { return }
      actions.append(.discard(old.tree))
    }
    checkpoints[shard] = record
    progressMarks += 1
    actions.append(.record(.shardCheckpoint(record)))
  }

  mutating func recover(_ record: ShardCheckpointRecord) {
    let shard = Int(record.shard)
    guard states.indices.contains(shard), case .waiting = states[shard] else { return }
    checkpoints[shard] = record
  }

  mutating func forgetCheckpoint(of shard: Int) {
    guard let old = checkpoints[shard] else { return }
    checkpoints[shard] = nil
    actions.append(.discard(old.tree))
  }

  /// The store has lost a part of it: the shard begins again.
  mutating func dropCheckpoints(with digest: Digest) {
    for (shard, record) in checkpoints.enumerated() {
      guard let record, record.tree.files.contains(where: { $0.digest == digest }) else { continue }
      checkpoints[shard] = nil
      actions.append(.note("the checkpoint of \(shardTitle(shard)) is not whole in the store; it begins again"))
    }
  }

  // MARK: For people

  /// The shards in their order, the first `limit` of them.
  func statuses(limit: Int) -> [ShardStatus] {
    let running = Dictionary(runners.map { ($0.shard, $0) }, uniquingKeysWith: { first, _ in first })
    return shards.indices.prefix(limit).map { index in
      var status = ShardStatus(
        name: shards[index].name, state: .waiting, worker: "", activity: "", fraction: -1, values: lastValues[index])
      if case .completed = states[index] { status.state = .completed }
      if let runner = running[index] {
        status.state = .running
        status.worker = runner.title
        status.activity = runner.progress?.activity ?? ""
        status.fraction = runner.progress?.fraction ?? -1
      }
      return status
    }
  }
}
