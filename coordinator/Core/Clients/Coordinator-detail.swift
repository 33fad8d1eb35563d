import WireProtocol

// All about one job.
extension Coordinator {
  /// Everything that QUERY_JOB asks for. Of several stepped phases the last one's measures and checkpoints are shown;
  /// telemetry is summed.
  func detail(of job: Job) -> JobDetail {
    var histories = job.steppedHistory
    if case .stepped(let phase)? = phases[job.id] { histories.append(phase.history) }
    var telemetry = JobTelemetry()
    for history in histories { telemetry.add(history.telemetry) }
    let last = histories.last
    return JobDetail(
      status: status(of: job), jobFile: job.submitted.jobFile, recipeDigest: job.submitted.recipeDigest,
      measures: last?.measures ?? [], evaluations: EvaluationSeries.thinned(last?.evaluations ?? []),
      telemetry: telemetry, checkpoints: (last?.checkpoints ?? []).map { .init(step: $0.step, tree: $0.tree) },
      outputs: job.outputs, results: job.results, children: children(of: job.id), shards: shards(of: job))
  }
}

extension Coordinator {
  private func shards(of job: Job) -> [ShardStatus] {
    guard case .sharded(let phase)? = phases[job.id] else { return [] }
    return phase.statuses(limit: JobDetail.shardsListed)
  }
}

/// Evaluations as messages carry them.
enum EvaluationSeries {
  /// 26 bytes each on the wire: about 100 KiB, half of what a control frame may have.
  static let totalLimit = 4096

  /// Oldest first; when there are too many for a message, evenly thinned, with the first and the last.
  static func thinned(_ records: [EvaluationRecord]) -> [Finish.Evaluation] {
    let sorted = records.sorted { $0.step < $1.step }
    let perRecord = max(1, sorted.map(\.totals.count).max() ?? 1)
    let most = max(2, totalLimit / perRecord)
    let stride = max(1, (sorted.count + most - 2) / max(1, most - 1))
    return sorted.enumerated()
      .filter { $0.offset % stride == 0 || $0.offset == sorted.count - 1 }
      .map { .init(step: $0.element.step, measures: $0.element.totals) }
  }
}

extension JobTelemetry {
  mutating func add(_ other: JobTelemetry) {
    rawBytes &+= other.rawBytes
    sentBytes &+= other.sentBytes
    waitSeconds += other.waitSeconds
    stepSeconds += other.stepSeconds
    slicesComputed &+= other.slicesComputed
    workUnits &+= other.workUnits
    peakResidentBytes = max(peakResidentBytes, other.peakResidentBytes)
    extraAttempts &+= other.extraAttempts
    checkpointsRead &+= other.checkpointsRead
  }
}
