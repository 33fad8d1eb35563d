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
    guard job.hasParent else { return nil }
    return children(of: job.submitted.parent).compactMap { jobs[$0] }.first { stage(of: $0)?.name == name }
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
      if let twin = completedTwin(of: known) { takeOver(twin, by: child) } else { startPhase(child) }
    }
    // A stage that was taken over has advanced the graph itself, to its end perhaps.
    guard jobs[parent]?.state.state.isFinal == false else { return }
    let all = children(of: parent).compactMap { jobs[$0] }
    guard !all.isEmpty, all.allSatisfy(\.state.state.isFinal) else { return }
    if let failed = all.first(where: { $0.state.state == .failed }) {
      return fail(parent, failure(of: failed))
    }
    guard all.allSatisfy({ $0.state.state == .completed }) else { return }
    // Of outputs with one name the last stage's stand for the whole graph's.
    var outputs: [NamedTree] = []
    for tree in all.flatMap(\.outputs) {
      outputs.removeAll { $0.name == tree.name }
      outputs.append(tree)
    }
    complete(parent, outputs: outputs, results: [])
  }

  private func failure(of stage: Job) -> String {
    "stage \(self.stage(of: stage)?.name ?? "") (job \(stage.id)) failed: \(stage.state.reason)"
  }

  /// Stages that need this one, directly or through others, will not run; the others go on.
  private mutating func cancelDependents(of failed: Job) {
    var lost: Set<String> = [stage(of: failed)?.name ?? ""]
    // A stage's needs stand before it, so one pass reaches all.
    for id in children(of: failed.submitted.parent) {
      guard let job = jobs[id], let plan = stage(of: job), let need = plan.needs.first(where: lost.contains) else {
        continue
      }
      lost.insert(plan.name)
      guard !job.state.state.isFinal else { continue }
      stop(id)
      setState(id, .cancelled, reason: "needs stage \(need), which did not complete")
    }
  }

  // MARK: Stages that were done before

  /// A completed stage of an earlier graph with the same plan and the same inputs. Results are a function of these, so
  /// a graph that is submitted again goes on from what is done.
  private func completedTwin(of job: Job) -> Job? {
    let inputs = stageInputs(of: job)
    return jobs.values.filter {
      $0.hasParent && $0.state.state == .completed && $0.id != job.id && $0.plan == job.plan
        && stageInputs(of: $0) == inputs
    }.max { $0.id < $1.id }
  }

  /// What other stages hand to this one, in the order of the plan.
  private func stageInputs(of job: Job) -> [NamedTree] {
    job.plan.phases.flatMap { phase -> [NamedTree] in
      let inputs: [InputReference] =
        switch phase.work {
        case .sharded(let shards): shards.flatMap(\.inputs)
        case .stepped(let plan): plan.inputs
        case .graph: []
        }
      return resolve(inputs.ofStages, for: job)
    }
  }

  private mutating func takeOver(_ twin: Job, by id: JobID) {
    guard var job = jobs[id] else { return }
    for (phase, completed) in twin.completedPhases.sorted(by: { $0.key < $1.key }) {
      let record = PhaseCompletedRecord(
        job: id, phase: phase, outputs: completed.outputs, results: completed.results, telemetry: JobTelemetry())
      job.completedPhases[phase] = record
      batch.records.append(.phaseCompleted(record))
    }
    for history in twin.steppedHistory {
      let evaluations = history.evaluations.map {
        EvaluationRecord(job: id, phase: $0.phase, step: $0.step, totals: $0.totals)
      }
      for evaluation in evaluations { batch.records.append(.evaluationTotals(evaluation)) }
      job.steppedHistory.append(
        SteppedHistory(
          phase: history.phase, measures: history.measures, steps: history.steps, evaluations: evaluations,
          checkpoints: [], telemetry: JobTelemetry()))
    }
    job.state.phase = UInt32(job.plan.phases.count)
    jobs[id] = job
    note("taken over from job \(twin.id), which computed the same from the same inputs", job: id)
    setState(id, .completed, reason: "")
    childChanged(id)
  }

  // MARK: Ends of stages

  /// A stage has ended or paused: its graph goes on, fails or pauses with it.
  mutating func childChanged(_ id: JobID) {
    guard let child = jobs[id], child.hasParent, let parent = jobs[child.submitted.parent],
      !parent.state.state.isFinal
    else { return }
    switch child.state.state {
    case .completed:
      advanceGraph(parent.id)
      pauseWithStages(parent.id)
    case .failed:
      note(failure(of: child), job: parent.id)
      cancelDependents(of: child)
      advanceGraph(parent.id)
      pauseWithStages(parent.id)
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
