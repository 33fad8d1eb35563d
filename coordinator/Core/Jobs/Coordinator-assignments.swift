import WireProtocol

// Assignments are made, lost, readmitted and ended.
extension Coordinator {
  /// Runs `body` on the job's phase and does what the phase asks for.
  mutating func withPhase(_ job: JobID, _ body: (inout ActivePhase) -> Void) {
    guard var phase = phases.removeValue(forKey: job) else { return }
    phase.begin(now: now, generation: generation)
    body(&phase)
    let actions = phase.takeActions()
    phases[job] = phase
    for action in actions { perform(action, job) }
  }

  mutating func withStepped(_ job: JobID, _ body: (inout SteppedPhase) -> Void) {
    withPhase(job) { $0.mutate(sharded: { _ in }, stepped: body) }
  }

  mutating func withSharded(_ job: JobID, _ body: (inout ShardedPhase) -> Void) {
    withPhase(job) { $0.mutate(sharded: body, stepped: { _ in }) }
  }

  // MARK: Making

  mutating func assign(_ job: JobID, to worker: WorkerID, shard: Int?) {
    guard let known = jobs[job], let entry = workers[worker] else { return }
    lastAssignment += 1
    let id = AssignmentID(lastAssignment)
    var checkpointStep: UInt64?
    if case .stepped(let phase)? = phases[job] { checkpointStep = phase.checkpoints.last?.step }
    if case .sharded(let phase)? = phases[job], let shard { checkpointStep = phase.checkpoints[shard]?.step }
    let record = AssignmentRecord(
      assignment: id, worker: worker, job: job, phase: known.state.phase, shard: shard.map { UInt32($0) },
      checkpointStep: checkpointStep)
    guard let message = assignMessage(record), message.encodedBody().count <= WireLimits.controlBodyBytes else {
      lastAssignment -= 1
      fail(job, "phase \(known.phasePlan?.name ?? "") lists more input files than one ASSIGN message can name")
      return
    }
    assignments[id] = Assignment(record: record)
    workers[worker]?.assignments.insert(id)
    batch.records.append(.assignmentMade(record))
    if known.state.state == .pending { setState(job, .running, reason: "") }
    if jobs[job]?.hosts.insert(worker).inserted == true { note("\(entry.title) takes part", job: job) }
    send(.assign(message), to: worker)
    if let shard {
      withSharded(job) { $0.started(id, worker: worker, title: entry.title, shard: shard, isConnected: true) }
    } else {
      addMember(id, isRecovered: false)
    }
  }

  mutating func addMember(_ id: AssignmentID, isRecovered: Bool) {
    guard let assignment = assignments[id], let entry = workers[assignment.worker] else { return }
    withStepped(assignment.job) { phase in
      phase.addMember(
        GangMember(
          assignment: id, worker: entry.id, workerName: entry.name, isConnected: entry.connection != nil,
          isRecovered: isRecovered, now: phase.now.monotonic))
    }
  }

  /// Sends ASSIGN again: the first did not reach the worker. The checkpoint may be a newer one by now.
  mutating func sendAssign(_ id: AssignmentID) {
    guard let assignment = assignments[id], let message = assignMessage(assignment.record) else { return }
    send(.assign(message), to: assignment.worker)
  }

  private func assignMessage(_ record: AssignmentRecord) -> Assign? {
    guard let job = jobs[record.job], let plan = job.phasePlan, let runToken = job.runToken else { return nil }
    var message = Assign(
      assignment: record.assignment, job: job.id, jobType: job.plan.jobType, phase: record.phase,
      phaseName: plan.name, work: .member, payload: [], inputs: [], checkpoint: nil, checkpointStep: 0,
      checkpointChain: .zero, runToken: runToken)
    switch plan.work {
    case .sharded(let shards):
      guard let shard = record.shard, Int(shard) < shards.count else { return nil }
      message.work = .shard(index: shard, of: UInt32(shards.count), threads: shards[Int(shard)].threads)
      message.payload = shards[Int(shard)].payload
      message.inputs = resolve(shards[Int(shard)].inputs, for: job)
      if case .sharded(let phase)? = phases[job.id], let checkpoint = phase.checkpoints[Int(shard)] {
        message.checkpoint = checkpoint.tree
        message.checkpointStep = checkpoint.step
        message.checkpointChain = checkpoint.chain
      }
    case .stepped(let stepped):
      message.payload = stepped.payload
      message.inputs = resolve(stepped.inputs, for: job)
      if case .stepped(let phase)? = phases[job.id], let checkpoint = phase.checkpoints.last {
        message.checkpoint = checkpoint.tree
        message.checkpointStep = checkpoint.step
        message.checkpointChain = checkpoint.chain
      }
    case .graph: return nil
    }
    return message
  }

  /// The trees that references stand for. A stage's output takes the name that the reference gives it.
  func resolve(_ references: [InputReference], for job: Job) -> [NamedTree] {
    references.flatMap { reference -> [NamedTree] in
      switch reference {
      case .files(let tree): return [tree]
      case .phase(let phase): return job.completedPhases[phase]?.outputs ?? []
      case .output(let phase, let name):
        return job.completedPhases[phase]?.outputs.filter { $0.name == name } ?? []
      case .stage(let name, let stage, let output):
        guard let sibling = sibling(of: job, stage: stage),
          let tree = sibling.outputs.first(where: { $0.name == output })
        else { return [] }
        return [NamedTree(name: name, files: tree.files)]
      }
    }
  }

  // MARK: Ending

  mutating func setConnected(_ isConnected: Bool, _ id: AssignmentID) {
    guard let assignment = assignments[id], assignment.standing == .live else { return }
    withPhase(assignment.job) { $0.setConnected(isConnected, id) }
  }

  /// The worker's lease has ended: the runner counts as dead until it comes back.
  mutating func lose(_ id: AssignmentID) {
    guard let assignment = assignments[id], assignment.standing == .live else { return }
    assignments[id]?.standing = .lost
    withPhase(assignment.job) { $0.remove(id) }
  }

  /// A lost runner is back, with everything it holds. It is a member again if there is use for it.
  mutating func readmit(_ id: AssignmentID) {
    guard let assignment = assignments[id], let job = jobs[assignment.job], job.state.phase == assignment.record.phase
    else { return revoke(id, kill: true) }
    let shard = assignment.record.shard.map { Int($0) }
    switch phases[job.id] {
    case .stepped(let phase)? where phase.openPlaces > 0 && job.state.state == .running:
      assignments[id]?.standing = .live
      addMember(id, isRecovered: true)
    case .sharded(let phase)? where shard.map(phase.mayAdopt) ?? false:
      assignments[id]?.standing = .live
      let title = workers[assignment.worker]?.title ?? "\(assignment.worker)"
      withSharded(job.id) {
        $0.started(id, worker: assignment.worker, title: title, shard: shard ?? 0, isConnected: true)
        $0.setConnected(true, id)
      }
    default: revoke(id, kill: true)
    }
  }

  /// The runner is not wanted any more. Its worker stays busy until it has gone.
  mutating func revoke(_ id: AssignmentID, kill: Bool) {
    guard let assignment = forget(id) else { return }
    if workers[assignment.worker]?.connection != nil { workers[assignment.worker]?.leaving.insert(id) }
    send(.revoke(Revoke(assignment: id, kill: kill)), to: assignment.worker)
  }

  /// The runner is known to be dead, through no fault of its own.
  mutating func end(_ id: AssignmentID, because reason: String) {
    guard let assignment = forget(id) else { return }
    if assignment.standing == .live, !reason.isEmpty {
      let title = workers[assignment.worker]?.title ?? "\(assignment.worker)"
      note("\(id) on \(title) ended: \(reason)", job: assignment.job)
    }
    withPhase(assignment.job) { $0.remove(id) }
  }

  /// Takes the assignment out of the tables and the journal.
  @discardableResult
  mutating func forget(_ id: AssignmentID) -> Assignment? {
    guard let assignment = assignments.removeValue(forKey: id) else { return nil }
    workers[assignment.worker]?.assignments.remove(id)
    batch.records.append(.assignmentEnded(id))
    return assignment
  }

  // MARK: Exits

  /// The answer is REVOKE, which tells the worker that it need not say so again.
  mutating func runnerExited(_ exit: RunnerExited, on worker: WorkerID) {
    workers[worker]?.leaving.remove(exit.assignment)
    send(.revoke(Revoke(assignment: exit.assignment, kill: true)), to: worker)
    guard let known = assignments[exit.assignment], known.worker == worker else { return }
    forget(exit.assignment)
    guard known.standing == .live else { return }
    switch phases[known.job] {
    case .sharded?:
      delayRestart(known.job, worker, count: 1)
      withSharded(known.job) { $0.removeRunner(exit.assignment, exit: exit.sentence) }
    case .stepped(let phase)?:
      let member = phase.member(exit.assignment)
      countExit(exit, of: member, progressMarks: phase.progressMarks, job: known.job)
      withStepped(known.job) { $0.removeMember(exit.assignment) }
    case .graph?, nil: break
    }
  }

  /// Three exits of a worker's runners in a row, none of which took part in a commit: then the job fails, or, when
  /// others got on meanwhile, only this worker is left out.
  private mutating func countExit(_ exit: RunnerExited, of member: GangMember?, progressMarks: UInt64, job: JobID) {
    guard let member else { return }
    var restarts = jobs[job]?.restarts[member.worker] ?? .init()
    if member.hasContributed || restarts.count == 0 { restarts = .init(count: 0, progressMarks: progressMarks) }
    restarts.count += 1
    jobs[job]?.restarts[member.worker] = restarts
    delayRestart(job, member.worker, count: restarts.count)
    note("the runner on \(member.title) ended: \(exit.sentence)", job: job)
    guard restarts.count >= settings.exitLimit else { return }
    let sentence = "the runner on \(member.title) ended \(restarts.count) times without progress: \(exit.sentence)"
    if progressMarks > restarts.progressMarks {
      bar(member.worker, from: job, reason: sentence)
    } else {
      fail(job, sentence)
    }
  }

  private mutating func delayRestart(_ job: JobID, _ worker: WorkerID, count: Int) {
    let delay = settings.restartDelay * count
    jobs[job]?.restarts[worker, default: .init()].notBefore = now.monotonic + delay
  }

  mutating func bar(_ worker: WorkerID, from job: JobID, reason: String) {
    jobs[job]?.barred[worker] = (workers[worker]?.generation ?? 0, reason)
  }
}

extension RunnerExited {
  /// How it ended, with its last lines.
  var sentence: String {
    let how =
      signal != 0 ? "killed by signal \(signal)" : status < 0 ? "it could not be started" : "exit status \(status)"
    return lastLines.isEmpty ? how : "\(how): \(lastLines)"
  }
}
