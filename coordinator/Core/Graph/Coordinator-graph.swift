import WireProtocol

// A graph phase: every stage is a job of its own, begun when what it needs is COMPLETED.
extension Coordinator {
  mutating func startGraph(_ job: Job, _ stages: [StagePlan]) {
    var children: [JobID] = []
    for (index, stage) in stages.enumerated() {
      let record = JobSubmittedRecord(
        job: nextJobID, parent: job.id, parentPhase: job.state.phase, stage: UInt32(index), plan: stage.plan,
        jobFile: "", recipeDigest: .zero, submission: .zero, unixMilliseconds: now.unixMilliseconds)
      children.append(record.job)
      enqueue(record)
    }
    phases[job.id] = .graph(GraphPhase(children: children))
    advanceGraph(job.id)
  }

  var nextJobID: JobID { JobID((jobs.keys.max()?.number ?? 0) + 1) }

  /// Puts the job into the queue; its first phase begins when nothing stands before it.
  mutating func enqueue(_ record: JobSubmittedRecord) {
    let state = JobStateRecord(
      job: record.job, state: .pending, phase: 0, pauseRequested: false, reason: "",
      unixMilliseconds: now.unixMilliseconds)
    jobs[record.job] = Job(submitted: record, state: state)
    batch.records.append(.jobSubmitted(record))
    batch.records.append(.jobState(state))
  }

  func children(of id: JobID) -> [JobID] {
    if case .graph(let graph)? = phases[id] { return graph.children }
    return jobs.values.filter { $0.submitted.parent == id }.map(\.id).sorted()
  }

  func stage(of job: Job) -> StagePlan? {
    guard let parent = jobs[job.submitted.parent], Int(job.submitted.parentPhase) < parent.plan.phases.count,
      case .graph(let stages) = parent.plan.phases[Int(job.submitted.parentPhase)].work,
      Int(job.submitted.stage) < stages.count
    else { return nil }
    return stages[Int(job.submitted.stage)]
  }

  func sibling(of job: Job, stage name: String) -> Job? {
    guard case .graph(let graph)? = phases[job.submitted.parent] else { return nil }
    return graph.children.compactMap { jobs[$0] }.first { stage(of: $0)?.name == name }
  }

  /// The first stage that the job waits for; nil when it waits for none.
  func blockingStage(of job: Job) -> Job? {
    guard let stage = stage(of: job) else { return nil }
    return stage.needs.lazy.compactMap { self.sibling(of: job, stage: $0) }.first { $0.state.state != .completed }
  }

  /// Begins the stages whose needs are met, and ends the phase when all are done.
  mutating func advanceGraph(_ parent: JobID) {
    guard let job = jobs[parent], !job.state.state.isFinal, job.state.state != .paused else { return }
    for child in children(of: parent) {
      guard let known = jobs[child], known.state.state == .pending, phases[child] == nil,
        blockingStage(of: known) == nil
      else { continue }
      startPhase(child)
    }
    let all = children(of: parent).compactMap { jobs[$0] }
    guard !all.isEmpty, all.allSatisfy({ $0.state.state == .completed }) else { return }
    // Of outputs with one name the last stage's stand for the whole graph's.
    var outputs: [NamedTree] = []
    for tree in all.flatMap(\.outputs) {
      outputs.removeAll { $0.name == tree.name }
      outputs.append(tree)
    }
    complete(parent, outputs: outputs, results: [])
  }

  /// A stage has ended or paused: its graph goes on, fails or pauses with it.
  mutating func childChanged(_ id: JobID) {
    guard let child = jobs[id], child.hasParent, let parent = jobs[child.submitted.parent],
      !parent.state.state.isFinal
    else { return }
    let name = stage(of: child)?.name ?? ""
    switch child.state.state {
    case .completed:
      advanceGraph(parent.id)
      pauseWithStages(parent.id)
    case .failed: fail(parent.id, "stage \(name) (job \(id)) failed: \(child.state.reason)")
    case .paused:
      pauseWithStages(parent.id)
    case .pending, .running, .cancelled: break
    }
  }

  /// A graph is PAUSED when some stage is and none runs.
  private mutating func pauseWithStages(_ id: JobID) {
    guard let job = jobs[id], !job.state.state.isFinal, job.state.state != .paused else { return }
    let stages = children(of: id).compactMap { jobs[$0] }
    guard let paused = stages.first(where: { $0.state.state == .paused }),
      !stages.contains(where: { $0.state.state == .running })
    else { return }
    let name = stage(of: paused)?.name ?? ""
    setState(id, .paused, reason: "stage \(name) (job \(paused.id)): \(paused.state.reason)")
    childChanged(id)
  }
}
