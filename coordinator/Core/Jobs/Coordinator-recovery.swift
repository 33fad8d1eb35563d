import WireProtocol

// What the journal says becomes the state again. Runners that lived are waited for until their lease would have ended.
extension Coordinator {
  mutating func recover(_ journal: JournalContents) {
    for row in journal.workers {
      workersByNode[row.node] = row.worker
      workers[row.worker] = WorkerEntry(id: row.worker, node: row.node, name: row.name)
    }
    for row in journal.cacheEntries { cache[row.key] = row }
    for row in journal.jobs {
      let state = JobStateRecord(
        job: row.job, state: .pending, phase: 0, pauseRequested: false, reason: "", unixMilliseconds: 0)
      jobs[row.job] = Job(submitted: row, state: state)
      if row.submission != .zero { submissions[row.submission] = row.job }
    }
    for row in journal.jobStates { jobs[row.job]?.state = row }
    for row in journal.phasesCompleted { jobs[row.job]?.completedPhases[row.phase] = row }
    for row in journal.phasesStarted where jobs[row.job]?.state.phase == row.phase {
      jobs[row.job]?.runToken = row.runToken
    }
    let byJob = JournalByJob(journal)
    for id in jobs.keys.sorted() { recoverPhases(id, byJob) }
    for row in journal.assignments {
      assignments[row.assignment] = Assignment(record: row)
      workers[row.worker]?.assignments.insert(row.assignment)
    }
  }

  private mutating func recoverPhases(_ id: JobID, _ journal: JournalByJob) {
    guard let job = jobs[id] else { return }
    for (index, plan) in job.plan.phases.enumerated() {
      let number = UInt32(index)
      guard case .stepped(let stepped) = plan.work, number < job.state.phase else { continue }
      var phase = journal.stepped(job, number, stepped, settings, bootNumber)
      phase.telemetry = job.completedPhases[number]?.telemetry ?? phase.telemetry
      jobs[id]?.steppedHistory.append(phase.history)
    }
    // A phase that has not begun, or a job whose batch was lost before, begins in `resumeRecovered`.
    guard job.runToken != nil, let plan = job.phasePlan else { return }
    let isStopped = job.state.state.isFinal
    switch plan.work {
    case .sharded(let shards):
      var phase = shardedPhase(shards, of: job)
      for row in journal.shards[id] ?? [] where row.phase == job.state.phase {
        phase.fill(shard: Int(row.shard), outputs: row.outputs, result: row.result)
      }
      for row in journal.shardCheckpoints[id] ?? [] where row.phase == job.state.phase {
        phase.recover(row)
      }
      phase.isPauseRequested = job.state.pauseRequested
      phase.isHeld = job.state.state == .paused
      phase.hasEnded = isStopped
      phases[id] = .sharded(phase)
    case .stepped(let stepped):
      var phase = journal.stepped(job, job.state.phase, stepped, settings, bootNumber)
      phase.isPauseRequested = job.state.pauseRequested
      if job.state.state == .paused { phase.stage = .held }
      if isStopped { phase.stage = .ended }
      phases[id] = .stepped(phase)
    case .graph:
      let children = jobs.values.filter { $0.submitted.parent == id && $0.submitted.parentPhase == job.state.phase }
      phases[id] = .graph(GraphPhase(children: children.map(\.id).sorted()))
    }
  }

  /// The part of the recovery that has a time: leases begin, and what had not begun begins.
  mutating func resumeRecovered() {
    for id in assignments.keys.sorted() {
      guard let assignment = assignments[id], let job = jobs[assignment.job] else { continue }
      guard !job.state.state.isFinal, job.state.phase == assignment.record.phase, phases[job.id] != nil else {
        forget(id)
        continue
      }
      workers[assignment.worker]?.lastHeard = now.monotonic
      let title = workers[assignment.worker]?.title ?? "\(assignment.worker)"
      if let shard = assignment.record.shard {
        guard case .sharded(let phase)? = phases[job.id], phase.states.indices.contains(Int(shard)),
          case .waiting = phase.states[Int(shard)]
        else {
          forget(id)
          continue
        }
        withSharded(job.id) {
          $0.started(id, worker: assignment.worker, title: title, shard: Int(shard), isConnected: false)
        }
      } else {
        addMember(id, isRecovered: true)
      }
    }
    for id in jobs.keys.sorted() {
      guard let job = jobs[id], !job.state.state.isFinal, job.state.state != .paused, phases[id] == nil
      else { continue }
      if !job.hasParent || blockingStage(of: job) == nil { startPhase(id) }
    }
    for id in jobs.keys.sorted() {
      if case .graph? = phases[id] { advanceGraph(id) }
      if case .sharded? = phases[id], jobs[id]?.state.state == .running { withSharded(id) { $0.settle() } }
    }
    note("the coordinator started (boot \(bootNumber))")
  }
}

/// The journal's rows by job, so that a start costs one pass over them.
private struct JournalByJob {
  let shards: [JobID: [ShardCompletedRecord]]
  let shardCheckpoints: [JobID: [ShardCheckpointRecord]]
  let commits: [JobID: [StepCommitRecord]]
  let evaluations: [JobID: [EvaluationRecord]]
  let checkpoints: [JobID: [CheckpointRecord]]

  init(_ journal: JournalContents) {
    shards = Dictionary(grouping: journal.shardsCompleted, by: \.job)
    shardCheckpoints = Dictionary(grouping: journal.shardCheckpoints, by: \.job)
    commits = Dictionary(grouping: journal.commits, by: \.job)
    evaluations = Dictionary(grouping: journal.evaluations, by: \.job)
    checkpoints = Dictionary(grouping: journal.checkpoints, by: \.job)
  }

  func stepped(
    _ job: Job, _ number: UInt32, _ plan: SteppedPlan, _ settings: CoordinatorSettings, _ bootNumber: UInt32
  ) -> SteppedPhase {
    var phase = SteppedPhase(
      job: job.id, phase: number, plan: plan, settings: settings, attempts: .init(bootNumber: bootNumber))
    for row in (commits[job.id] ?? []).filter({ $0.phase == number }).sorted(by: { $0.step < $1.step }) {
      precondition(row.step == phase.ledger.last + 1, "the journal commits steps one after another")
      phase.ledger.append(digest: row.digest, chain: row.chain)
      phase.telemetry = row.telemetry
    }
    phase.evaluations = (evaluations[job.id] ?? []).filter { $0.phase == number }.sorted { $0.step < $1.step }
    phase.checkpoints = (checkpoints[job.id] ?? []).filter { $0.phase == number }.sorted { $0.step < $1.step }
    phase.position = phase.ledger.last
    return phase
  }
}
