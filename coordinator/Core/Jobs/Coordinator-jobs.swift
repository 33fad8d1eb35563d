import WireProtocol

// The life of a job: its states, its phases one after another, its end.
extension Coordinator {
  mutating func perform(_ action: PhaseAction, _ job: JobID) {
    switch action {
    case .send(let message, let assignment):
      guard let known = assignments[assignment] else { return }
      send(message, to: known.worker, stream: assignment.number)
    case .record(let record):
      batch.records.append(record)
      if case .shardCompleted(let completed) = record { shardCompleted(completed) }
    case .release(let assignment): revoke(assignment, kill: false)
    case .evict(let assignment, let reason, let barWorker):
      let worker = assignments[assignment]?.worker
      let title = worker.flatMap { workers[$0]?.title } ?? "\(assignment)"
      note("\(title) is taken out: \(reason)", job: job)
      if barWorker, let worker { bar(worker, from: job, reason: reason) }
      revoke(assignment, kill: true)
    case .note(let text): note(text, job: job)
    case .discard(let tree): discarded.formUnion(tree.files.map(\.digest))
    case .pause(let reason):
      setState(job, .paused, reason: reason)
      childChanged(job)
    case .fail(let reason): fail(job, reason)
    case .complete(let outputs, let results): complete(job, outputs: outputs, results: results)
    }
  }

  mutating func setState(_ id: JobID, _ state: JobState, reason: String, pauseRequested: Bool = false) {
    guard var job = jobs[id] else { return }
    let changed = job.state.state != state
    job.state.state = state
    job.state.reason = reason.prefix(utf8Bytes: WireLimits.sentenceBytes)
    job.state.pauseRequested = pauseRequested
    job.state.unixMilliseconds = now.unixMilliseconds
    jobs[id] = job
    batch.records.append(.jobState(job.state))
    if changed { note("\(job.title) is \(state.word)" + (reason.isEmpty ? "" : ": \(reason)"), job: id) }
    // A graph runs while one of its stages does.
    if state == .running, job.hasParent, jobs[job.submitted.parent]?.state.state == .pending {
      setState(job.submitted.parent, .running, reason: "")
    }
  }

  // MARK: Phases

  /// Begins the phase that the job's state names. Phases without work end at once, and the next begins.
  mutating func startPhase(_ id: JobID) {
    guard let job = jobs[id], let plan = job.phasePlan else { return }
    let runToken = random.next()
    jobs[id]?.runToken = runToken
    batch.records.append(
      .phaseStarted(PhaseStartedRecord(job: id, phase: job.state.phase, runToken: runToken)))
    switch plan.work {
    case .sharded(let shards):
      phases[id] = .sharded(shardedPhase(shards, of: job))
      fillFromCache(id)
      withSharded(id) { $0.settle() }
    case .stepped(let stepped):
      phases[id] = .stepped(
        SteppedPhase(
          job: id, phase: job.state.phase, plan: stepped, settings: settings,
          attempts: .init(bootNumber: bootNumber)))
    case .graph(let stages): startGraph(job, stages)
    }
  }

  mutating func complete(_ id: JobID, outputs: [NamedTree], results: [String]) {
    guard var job = jobs[id] else { return }
    var telemetry = JobTelemetry()
    if case .stepped(let phase)? = phases[id] {
      telemetry = phase.telemetry
      job.steppedHistory.append(phase.history)
    }
    let record = PhaseCompletedRecord(
      job: id, phase: job.state.phase, outputs: outputs, results: results, telemetry: telemetry)
    job.completedPhases[job.state.phase] = record
    job.state.phase += 1
    job.restarts = [:]
    jobs[id] = job
    phases[id] = nil
    batch.records.append(.phaseCompleted(record))
    endAssignments(of: id)
    if job.phasePlan != nil {
      setState(id, job.state.state, reason: "", pauseRequested: job.state.pauseRequested)
      startPhase(id)
      if job.state.pauseRequested { pausePhase(id) }
    } else {
      setState(id, .completed, reason: "")
      childChanged(id)
    }
  }

  mutating func fail(_ id: JobID, _ reason: String) {
    guard let job = jobs[id], !job.state.state.isFinal else { return }
    stop(id)
    setState(id, .failed, reason: reason)
    childChanged(id)
  }

  /// Ends whatever runs for the job, children included. The phase stays for `show` and for `retry`.
  mutating func stop(_ id: JobID) {
    withPhase(id) { $0.mutate(sharded: { $0.stop() }, stepped: { $0.stop() }) }
    endAssignments(of: id)
    for child in children(of: id) where jobs[child].map({ !$0.state.state.isFinal }) ?? false {
      stop(child)
      setState(child, .cancelled, reason: "stage of job \(id), which ended")
    }
  }

  /// Kills runners of the job that nobody released.
  private mutating func endAssignments(of id: JobID) {
    for assignment in assignments.values.filter({ $0.job == id }).map(\.id).sorted() { revoke(assignment, kill: true) }
  }

  // MARK: Deadlines

  mutating func tickPhases() {
    for id in phases.keys.sorted() {
      guard let deadline = phases[id]?.nextDeadline, deadline <= now.monotonic else { continue }
      withPhase(id) { $0.tick() }
    }
  }

  // MARK: Cache

  private mutating func shardCompleted(_ record: ShardCompletedRecord) {
    guard case .sharded(let phase)? = phases[record.job], phase.phase == record.phase,
      Int(record.shard) < phase.shards.count, let key = phase.shards[Int(record.shard)].cacheKey, cache[key] == nil
    else { return }
    let entry = CacheEntryRecord(key: key, outputs: record.outputs, result: record.result)
    cache[key] = entry
    batch.records.append(.cacheEntry(entry))
  }

  /// Gives known outputs to the shards that wait for them.
  mutating func fillFromCache(_ id: JobID) {
    guard !cache.isEmpty, case .sharded(let phase)? = phases[id] else { return }
    let known = zip(phase.shards, phase.states).enumerated().compactMap { index, shard -> (Int, CacheEntryRecord)? in
      guard case .waiting = shard.1, let key = shard.0.cacheKey, let entry = cache[key] else { return nil }
      return (index, entry)
    }
    guard !known.isEmpty else { return }
    // Said first: the last one may end the phase.
    let name = jobs[id]?.phasePlan.map { " of \($0.name)" } ?? ""
    note("\(known.count) of \(phase.shards.count) shards\(name) were computed before and are taken over", job: id)
    for (index, entry) in known {
      withSharded(id) { $0.complete(shard: index, outputs: entry.outputs, result: entry.result) }
    }
  }
}

extension ShardedPhase {
  mutating func stop() {
    hasEnded = true
    for runner in runners { states[runner.shard] = .waiting }
    runners = []
  }

  /// Begins again after a failure or a cancellation; completed shards stay so.
  mutating func restart() {
    hasEnded = false
    resume()
  }
}

extension SteppedPhase {
  mutating func stop() {
    stage = .ended
    members = []
    saving = nil
  }

  /// Begins again after a failure or a cancellation, from the last durable checkpoint.
  mutating func restart() {
    stage = .gathering
    position = 0
    gatherDeadline = nil
    unreachable = UnreachablePeers()
    resume()
  }

  var history: SteppedHistory {
    SteppedHistory(
      phase: phase, measures: plan.measures, steps: ledger.last, evaluations: evaluations, checkpoints: checkpoints,
      telemetry: telemetry)
  }
}
