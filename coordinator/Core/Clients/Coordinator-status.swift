import WireProtocol

// What people are told.
extension Coordinator {
  /// Ended jobs that a status lists beside all others: what fits a screen, and bounds the answer.
  static let endedJobsListed = 100

  var clusterStatus: ClusterStatus {
    var units = 0.0
    var waits = (waitSeconds: 0.0, stepSeconds: 0.0)
    for case .stepped(let phase) in phases.values where jobs[phase.job]?.state.state == .running {
      units += phase.pace.workUnitsPerSecond
      waits.waitSeconds += phase.pace.waitSums.waitSeconds
      waits.stepSeconds += phase.pace.waitSums.stepSeconds
    }
    let ended = jobs.values.filter(\.state.state.isFinal).map(\.id).sorted().suffix(Coordinator.endedJobsListed)
    let listed = jobs.values.filter { !$0.state.state.isFinal || ended.contains($0.id) }.sorted { $0.id < $1.id }
    return ClusterStatus(
      workUnitsPerSecond: units, waitShare: waits.stepSeconds > 0 ? waits.waitSeconds / waits.stepSeconds : 0,
      workers: workers.values.filter { !$0.hasLeft && ($0.description != nil || $0.lastHeard != nil) }
        .sorted { $0.id < $1.id }.map(status), jobs: listed.map(status))
  }

  private func status(of worker: WorkerEntry) -> WorkerStatus {
    let silence = worker.lastHeard.map { Int(now.monotonic.elapsed(since: $0).inSeconds) }
    let assignment = worker.assignments.min().flatMap { assignments[$0] }
    var status = WorkerStatus(
      id: worker.id, name: worker.name, address: worker.address, state: .idle,
      isa: worker.description?.isa ?? "", threads: worker.description?.threads ?? 0, workUnitsPerSecond: 0,
      residentBytes: worker.residentBytes, reason: "")
    guard let silence else {
      status.state = .lost
      status.reason = "nothing was heard for its lease; it joins again when it is back"
      return status
    }
    if worker.isSuspect(settings, now: now.monotonic) {
      status.state = .suspect
      status.reason = worker.connection == nil ? "its connection ended \(silence) s ago" : "silent for \(silence) s"
    } else if let assignment {
      status.state = .busy
      status.reason = reason(of: assignment)
    } else if !worker.leaving.isEmpty {
      status.state = .busy
      status.reason = "a runner of an earlier job leaves"
    } else {
      status.reason = idleReason(of: worker)
    }
    if !worker.shortcomings.isEmpty { status.reason += "; \(worker.shortcomings)" }
    if let assignment, case .stepped(let phase)? = phases[assignment.job] {
      status.workUnitsPerSecond = phase.workUnitsPerSecond(of: assignment.id)
    }
    return status
  }

  private func reason(of assignment: Assignment) -> String {
    switch phases[assignment.job] {
    case .sharded(let phase)?: phase.reason(of: assignment.id)
    case .stepped(let phase)?: phase.reason(of: assignment.id)
    case .graph?, nil: "job \(assignment.job)"
    }
  }

  /// Why nobody has work for it.
  private func idleReason(of worker: WorkerEntry) -> String {
    guard worker.hasInventory else { return "just connected" }
    for id in jobs.keys.sorted() {
      guard let state = jobs[id]?.state.state, state == .running || state == .pending, let phase = phases[id]
      else { continue }
      if case .graph = phase { continue }
      if let refusal = refusal(of: worker.id, for: id) { return "not in job \(id): \(refusal)" }
      switch phase {
      case .stepped(let stepped) where Int(stepped.plan.sliceCount) <= stepped.members.count:
        return "job \(id) has \(stepped.plan.sliceCount) slices, and as many workers"
      case .sharded(let sharded) where sharded.completedCount + sharded.runners.count == sharded.states.count:
        return "all shards of job \(id) are done or running"
      default: break
      }
    }
    return "no job waits for a worker"
  }

  // MARK: Jobs

  func status(of job: Job) -> JobStatus {
    var status = JobStatus(
      id: job.id, parent: job.submitted.parent, name: job.plan.name, kind: job.plan.jobType, state: job.state.state,
      phase: job.phasePlan?.name ?? "", step: 0, steps: 0, losses: [], workUnitsPerSecond: 0, etaSeconds: -1,
      checkpointAgeSeconds: -1, reason: job.state.reason)
    let isAtWork = job.state.state == .running
    var saved = job.steppedHistory.last?.checkpoints.last
    switch phases[job.id] {
    case .stepped(let phase)?:
      status.step = phase.ledger.last
      status.steps = phase.plan.stepCount
      status.losses = phase.latestLosses
      if isAtWork {
        status.workUnitsPerSecond = phase.pace.workUnitsPerSecond
        status.etaSeconds = phase.etaSeconds
      }
      saved = phase.checkpoints.last ?? saved
    case .sharded(let phase)?:
      status.step = UInt64(phase.completedCount)
      status.steps = UInt64(phase.states.count)
      if isAtWork { status.etaSeconds = phase.etaSeconds }
    case .graph(let graph)?:
      let children = graph.children.compactMap { jobs[$0] }
      status.step = UInt64(children.count { $0.state.state == .completed })
      status.steps = UInt64(children.count)
    case nil:
      if let history = job.steppedHistory.last { (status.step, status.steps) = (history.steps, history.steps) }
    }
    if phases[job.id] == nil || status.losses.isEmpty, let history = job.steppedHistory.last {
      status.losses = history.losses
    }
    if let saved, now.unixMilliseconds >= saved.unixMilliseconds {
      status.checkpointAgeSeconds = Double(now.unixMilliseconds - saved.unixMilliseconds) / 1000
    }
    if isAtWork || job.state.state == .pending { status.reason = waitReason(of: job) }
    return status
  }

  /// Why the job waits; empty while it runs well. A pending job always has a reason.
  private func waitReason(of job: Job) -> String {
    let reason: String
    switch phases[job.id] {
    case .stepped(let phase)?: reason = phase.members.isEmpty ? lackOfWorkers(for: job) : phase.waitReason
    case .sharded(let phase)?: reason = phase.runners.isEmpty ? lackOfWorkers(for: job) : phase.waitReason
    case .graph(let graph)?:
      let children = graph.children.compactMap { jobs[$0] }
      let first = children.first { $0.state.state == .running } ?? children.first { !$0.state.state.isFinal }
      guard let first else { return "" }
      let inner = waitReason(of: first)
      reason = inner.isEmpty ? "" : "stage \(stage(of: first)?.name ?? "") (job \(first.id)): \(inner)"
    case nil:
      guard let blocking = blockingStage(of: job) else { return "begins" }
      return "waits for stage \(stage(of: blocking)?.name ?? "") (job \(blocking.id))"
    }
    return reason.isEmpty && job.state.state == .pending ? "waits for a worker" : reason
  }

  private func lackOfWorkers(for job: Job) -> String {
    let present = workers.values.filter { $0.connection != nil }.sorted { $0.id < $1.id }
    guard !present.isEmpty else { return "no worker is connected" }
    if let able = present.first(where: { refusal(of: $0.id, for: job.id) == nil }) {
      let holders = Set(present.flatMap { $0.assignments.compactMap { assignments[$0]?.job } }).subtracting([job.id])
      guard let other = holders.min() else { return "waits for \(able.title) to become free" }
      return "waits for job \(other), which has the workers"
    }
    return refusal(of: present[0].id, for: job.id) ?? "waits for a worker"
  }
}

extension SteppedHistory {
  /// The latest evaluation, by measure name.
  var losses: [Metric] { evaluations.last.map { $0.shownLosses(named: measures) } ?? [] }
}

extension EvaluationRecord {
  /// Measures by name. One whose name begins with a dot is kept with the evaluation and not shown: it is about another.
  func shownLosses(named measures: [String]) -> [Metric] {
    totals.compactMap { total in
      guard total.weight > 0, Int(total.measure) < measures.count else { return nil }
      let name = measures[Int(total.measure)]
      return name.hasPrefix(".") ? nil : Metric(name, total.sum / Double(total.weight))
    }
  }
}
