import ControlClient
import Results
import WireProtocol

/// Watches a job: its events become lines, its state the progress line.
final class JobFollower {
  private let connection: CoordinatorConnection
  private let job: JobID
  private var lastEvents: [JobID: UInt64] = [:]
  private var lastLosses: [JobID: String] = [:]
  /// Cells that were told of, by job.
  private var cellsTold: [JobID: Set<String>] = [:]

  init(_ connection: CoordinatorConnection, job: JobID) {
    self.connection = connection
    self.job = job
  }

  /// Looks once and shows what is new. Returns the job's status and its stages'.
  func look() throws -> JobStatus {
    let status = try connection.status()
    guard let own = status.jobs.first(where: { $0.id == job }) else {
      throw CommandFailure(.notFound, "the coordinator no longer knows job \(job)")
    }
    let stages = status.jobs.filter { $0.parent == job }
    for job in [own] + stages {
      try showEvents(of: job, prefix: job.id == own.id ? "" : "\(job.name): ")
      // Compared as text: a loss that is not a number differs from itself.
      let losses = job.losses.map { "\($0.label) \(fixed($0.value, digits: 4))" }.joined(separator: "  ")
      if !losses.isEmpty, lastLosses[job.id] != losses {
        lastLosses[job.id] = losses
        // The status has the step that is committed now, which may be a later one than was evaluated.
        let step = try connection.detail(of: job.id).evaluations.last?.step ?? job.step
        Console.shared.note("\(job.id == own.id ? "" : "\(job.name): ")step \(step)/\(job.steps)  \(losses)")
      }
      if job.kind == "sweep", job.state == .running {
        try showCells(of: job, prefix: job.id == own.id ? "" : "\(job.name): ")
      }
    }
    let shown = stages.last { $0.state == .running } ?? own
    Console.shared.progress(progressLine(shown, in: status))
    return own
  }

  /// A line a cell that is done, with its last losses.
  private func showCells(of job: JobStatus, prefix: String) throws {
    let told = cellsTold[job.id, default: []]
    let key = { (shard: ShardStatus) in "\(job.phase) \(shard.name)" }
    for shard in try connection.detail(of: job.id).shards
    where shard.state == .completed && !shard.values.isEmpty && !told.contains(key(shard)) {
      cellsTold[job.id, default: []].insert(key(shard))
      Console.shared.note(prefix + printable("\(shard.name)  \(shardValues(shard))"))
    }
  }

  /// All events there are now.
  func showEvents(of job: JobStatus, prefix: String, to show: (String) -> Void = Console.shared.note) throws {
    while true {
      let events = try connection.events(of: job.id, after: lastEvents[job.id] ?? 0)
      for event in events {
        show(prefix + printable(event.text))
        lastEvents[job.id] = event.sequence
      }
      if events.isEmpty { return }
    }
  }

  private func progressLine(_ job: JobStatus, in status: ClusterStatus) -> String {
    let alive = status.workers.count { $0.state == .idle || $0.state == .busy }
    var parts = ["\(job.name) \(job.state.word)"]
    if job.steps > 0 {
      parts.append("\(progressBar(Double(job.step) / Double(job.steps))) \(job.step)/\(job.steps)")
    }
    if job.workUnitsPerSecond > 0 { parts.append("\(rate(job.workUnitsPerSecond)) tok/s") }
    if job.etaSeconds >= 0 { parts.append("eta \(duration(job.etaSeconds))") }
    parts.append("\(alive) worker\(alive == 1 ? "" : "s")")
    let why = reason(of: job, in: status)
    if !why.isEmpty { parts.append(why) }
    return parts.joined(separator: "  ")
  }
}

/// What a state that a job has come to rest in means for the shell.
func exitStatus(of state: JobState) -> ExitStatus {
  switch state {
  case .completed, .pending, .running: .ok
  case .failed, .paused: .jobFailed
  case .cancelled: .cancelled
  }
}
