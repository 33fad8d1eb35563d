internal import CoordinatorCore
internal import GRDB
internal import WireProtocol

/// Record → row. A record with the key of a row replaces the row's values and keeps its place.
struct JournalWriting {
  let database: Database
  let path: String

  func write(_ record: JournalRecord) throws {
    switch record {
    case .boot(let number): try setMeta("boot", number)
    case .workerKnown(let row):
      try put("workers", key: ["node"], ["node": column(row.node), "worker": row.worker.number, "name": row.name])
    case .jobSubmitted(let row): try write(row)
    case .jobState(let row):
      try put(
        "job_states", key: ["job"],
        [
          "job": row.job.number, "state": row.state.rawValue, "phase": row.phase,
          "pause_requested": row.pauseRequested, "reason": row.reason, "unix_ms": try time(row.unixMilliseconds),
        ])
    case .phaseStarted(let row):
      try put(
        "phases_started", key: ["job", "phase"],
        ["job": row.job.number, "phase": row.phase, "run_token": column(row.runToken)])
    case .phaseCompleted(let row):
      try put(
        "phases_completed", key: ["job", "phase"],
        [
          "job": row.job.number, "phase": row.phase, "outputs": column(row.outputs),
          "results": column { $0.list(row.results) }, "telemetry": column(row.telemetry),
        ])
    case .shardCompleted(let row):
      try put(
        "shards", key: ["job", "phase", "shard"],
        [
          "job": row.job.number, "phase": row.phase, "shard": row.shard, "outputs": column(row.outputs),
          "result": row.result,
        ])
    case .shardCheckpoint(let row):
      try put(
        "shard_checkpoints", key: ["job", "phase", "shard"],
        [
          "job": row.job.number, "phase": row.phase, "shard": row.shard,
          "step": try column(row.step, "step", path: path), "chain": column(row.chain), "tree": column(row.tree),
        ])
    case .cacheEntry(let row):
      try put("cache", key: ["key"], ["key": column(row.key), "outputs": column(row.outputs), "result": row.result])
    case .cacheEntryRemoved(let key):
      try database.execute(sql: "DELETE FROM cache WHERE key = ?", arguments: [column(key)])
    case .assignmentMade(let row): try write(row)
    case .assignmentEnded(let assignment):
      try database.execute(sql: "DELETE FROM assignments WHERE assignment = ?", arguments: [assignment.number])
    case .stepCommitted(let row): try write(row)
    case .evaluationTotals(let row):
      try put(
        "evaluations", key: ["job", "phase", "step"],
        [
          "job": row.job.number, "phase": row.phase, "step": try column(row.step, "step", path: path),
          "totals": column(row.totals),
        ])
    case .checkpointSaved(let row):
      try put(
        "checkpoints", key: ["job", "phase", "step"],
        [
          "job": row.job.number, "phase": row.phase, "step": try column(row.step, "step", path: path),
          "chain": column(row.chain), "tree": column(row.tree), "unix_ms": try time(row.unixMilliseconds),
        ])
    case .checkpointPruned(let job, let phase, let step):
      try database.execute(
        sql: "DELETE FROM checkpoints WHERE job = ? AND phase = ? AND step = ?",
        arguments: [job.number, phase, try column(step, "step", path: path)])
    case .event(let event):
      try put(
        "events", key: ["sequence"],
        [
          "sequence": try column(event.sequence, "sequence", path: path),
          "unix_ms": try time(event.unixMilliseconds), "job": event.job.number, "text": event.text,
        ])
    }
  }

  private func write(_ row: JobSubmittedRecord) throws {
    try put(
      "jobs", key: ["job"],
      [
        "job": row.job.number, "parent": row.parent.number, "parent_phase": row.parentPhase, "stage": row.stage,
        "plan": column(row.plan), "job_file": row.jobFile, "recipe_digest": column(row.recipeDigest),
        "submission": column(row.submission), "unix_ms": try time(row.unixMilliseconds),
      ])
  }

  private func write(_ row: AssignmentRecord) throws {
    try put(
      "assignments", key: ["assignment"],
      [
        "assignment": row.assignment.number, "worker": row.worker.number, "job": row.job.number, "phase": row.phase,
        "shard": row.shard, "checkpoint_step": try row.checkpointStep.map { try column($0, "step", path: path) },
      ])
    // The highest number survives the row: no assignment's number is ever given twice.
    try database.cachedStatement(
      sql: """
        INSERT INTO meta (key, value) VALUES ('last_assignment', ?)
        ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)
        """
    ).execute(arguments: [row.assignment.number])
  }

  private func write(_ row: StepCommitRecord) throws {
    let metrics = column(row.metrics)
    guard metrics.count <= 4096 else {
      throw JournalError(
        .unstorable, path: path, problem: "the metrics of a step have \(metrics.count) bytes; at most 4096 are kept")
    }
    try put(
      "commits", key: ["job", "phase", "step"],
      [
        "job": row.job.number, "phase": row.phase, "step": try column(row.step, "step", path: path),
        "attempt": try column(row.attempt, "attempt", path: path),
        "generation": try column(row.generation, "generation", path: path), "participants": column(row.participants),
        "digest": column(row.digest), "chain": column(row.chain),
        "work_units": try column(row.workUnits, "work units", path: path), "metrics": metrics,
        "telemetry": column(row.telemetry), "unix_ms": try time(row.unixMilliseconds),
      ])
  }

  func setMeta(_ key: String, _ value: some DatabaseValueConvertible) throws {
    try put("meta", key: ["key"], ["key": key, "value": value])
  }

  private func time(_ unixMilliseconds: UInt64) throws -> Int64 {
    try column(unixMilliseconds, "time", path: path)
  }

  private func put(
    _ table: String, key: [String], _ values: KeyValuePairs<String, (any DatabaseValueConvertible)?>
  ) throws {
    let names = values.map(\.key)
    let places = names.map { _ in "?" }.joined(separator: ", ")
    let updates = names.filter { !key.contains($0) }.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    let statement = try database.cachedStatement(
      sql: """
        INSERT INTO \(table) (\(names.joined(separator: ", "))) VALUES (\(places))
        ON CONFLICT (\(key.joined(separator: ", "))) DO UPDATE SET \(updates)
        """)
    try statement.execute(arguments: StatementArguments(values.map(\.value)))
  }
}
