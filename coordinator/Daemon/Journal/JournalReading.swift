internal import CoordinatorCore
internal import GRDB
internal import WireProtocol

/// Rows → what the core recovers from, and the pages that clients ask for.
struct JournalReading {
  let database: Database

  /// Everything, in the order in which it was first written.
  func contents() throws -> JournalContents {
    var contents = JournalContents()
    contents.bootNumber = try meta("boot") ?? 0
    contents.lastAssignment = try meta("last_assignment") ?? 0
    contents.lastEventSequence = try UInt64.fetchOne(database, sql: "SELECT max(sequence) FROM events") ?? 0
    contents.workers = try rows("workers") {
      WorkerKnownRecord(
        node: try $0.token("node"), worker: WorkerID(try $0.number("worker")), name: try $0.text("name"))
    }
    contents.jobs = try rows("jobs") {
      JobSubmittedRecord(
        job: JobID(try $0.number("job")), parent: JobID(try $0.number("parent")),
        parentPhase: try $0.number("parent_phase"), stage: try $0.number("stage"), plan: try $0.value("plan"),
        jobFile: try $0.text("job_file"), recipeDigest: try $0.digest("recipe_digest"),
        submission: try $0.token("submission"), unixMilliseconds: try $0.number("unix_ms"))
    }
    contents.jobStates = try rows("job_states") {
      guard let state = JobState(rawValue: try $0.number("state")) else {
        throw JournalError(
          .damaged, path: "journal", problem: "job_states holds the state \(try $0.number("state", UInt8.self))")
      }
      return JobStateRecord(
        job: JobID(try $0.number("job")), state: state, phase: try $0.number("phase"),
        pauseRequested: try $0.number("pause_requested", UInt8.self) != 0, reason: try $0.text("reason"),
        unixMilliseconds: try $0.number("unix_ms"))
    }
    contents.phasesStarted = try rows("phases_started") {
      PhaseStartedRecord(
        job: JobID(try $0.number("job")), phase: try $0.number("phase"), runToken: try $0.token("run_token"))
    }
    contents.phasesCompleted = try rows("phases_completed") {
      PhaseCompletedRecord(
        job: JobID(try $0.number("job")), phase: try $0.number("phase"), outputs: try $0.list("outputs"),
        results: try $0.decode("results") { (reader) throws(WireError) in
          try reader.strings("results", each: WireLimits.documentBytes)
        }, telemetry: try $0.value("telemetry"))
    }
    contents.shardsCompleted = try rows("shards") {
      ShardCompletedRecord(
        job: JobID(try $0.number("job")), phase: try $0.number("phase"), shard: try $0.number("shard"),
        outputs: try $0.list("outputs"), result: try $0.text("result"))
    }
    contents.shardCheckpoints = try rows("shard_checkpoints") {
      ShardCheckpointRecord(
        job: JobID(try $0.number("job")), phase: try $0.number("phase"), shard: try $0.number("shard"),
        step: try $0.number("step"), chain: try $0.digest("chain"), tree: try $0.value("tree"))
    }
    contents.cacheEntries = try rows("cache") {
      CacheEntryRecord(key: try $0.digest("key"), outputs: try $0.list("outputs"), result: try $0.text("result"))
    }
    contents.assignments = try rows("assignments") {
      AssignmentRecord(
        assignment: AssignmentID(try $0.number("assignment")), worker: WorkerID(try $0.number("worker")),
        job: JobID(try $0.number("job")), phase: try $0.number("phase"), shard: try $0.numberIfAny("shard"),
        checkpointStep: try $0.numberIfAny("checkpoint_step"))
    }
    contents.commits = try rows("commits", by: "job, phase, step", commit)
    contents.evaluations = try rows("evaluations", by: "job, phase, step") {
      EvaluationRecord(
        job: JobID(try $0.number("job")), phase: try $0.number("phase"), step: try $0.number("step"),
        totals: try $0.list("totals"))
    }
    contents.checkpoints = try rows("checkpoints", by: "job, phase, step") {
      CheckpointRecord(
        job: JobID(try $0.number("job")), phase: try $0.number("phase"), step: try $0.number("step"),
        chain: try $0.digest("chain"), tree: try $0.value("tree"), unixMilliseconds: try $0.number("unix_ms"))
    }
    return contents
  }

  /// Committed steps after `afterStep`, as many as fit one answer. Of a job with several stepped phases only
  /// those of the last one that has begun: each counts from 1.
  func metrics(_ query: QueryMetrics, byteCountMax: Int) throws -> MetricRows {
    var answer = MetricRows(rows: [])
    var bytes = 0
    let cursor = try Row.fetchCursor(
      database,
      sql: """
        SELECT step, unix_ms, participants, metrics, telemetry FROM commits WHERE job = ? AND step > ?
        AND phase = (SELECT max(phase) FROM commits WHERE job = ?) ORDER BY step LIMIT ?
        """,
      arguments: [query.job.number, Int64(clamping: query.afterStep), query.job.number, max(1, query.limit)])
    while let row = try cursor.next() {
      let step = MetricRows.Row(
        step: try row.number("step"), unixMilliseconds: try row.number("unix_ms"),
        metrics: try row.list("metrics", of: Metric.self) + accounts(row))
      bytes += step.metrics.reduce(32) { $0 + 16 + $1.label.utf8.count }
      if bytes > byteCountMax && !answer.rows.isEmpty { break }
      answer.rows.append(step)
    }
    return answer
  }

  /// What the step took beside what it computed: who took part, and totals up to its commit, of the reports that had
  /// come by then. A step's own share is the difference to the row before.
  private func accounts(_ row: Row) throws -> [Metric] {
    let participants: [WorkerID] = try row.list("participants")
    let telemetry: JobTelemetry = try row.value("telemetry")
    return [
      Metric("workers", Double(participants.count)), Metric("total/raw_bytes", Double(telemetry.rawBytes)),
      Metric("total/sent_bytes", Double(telemetry.sentBytes)), Metric("total/step_seconds", telemetry.stepSeconds),
      Metric("total/wait_seconds", telemetry.waitSeconds),
      Metric("total/extra_attempts", Double(telemetry.extraAttempts)),
    ]
  }

  /// Events of the job (of job 0: the cluster's own) after `afterSequence`, as many as fit one answer.
  func events(_ query: QueryEvents, byteCountMax: Int) throws -> JobEvents {
    var answer = JobEvents(events: [])
    var bytes = 0
    let cursor = try Row.fetchCursor(
      database, sql: "SELECT * FROM events WHERE job = ? AND sequence > ? ORDER BY sequence LIMIT ?",
      arguments: [query.job.number, Int64(clamping: query.afterSequence), max(1, query.limit)])
    while let row = try cursor.next() {
      let event = JobEvents.Event(
        sequence: try row.number("sequence"), unixMilliseconds: try row.number("unix_ms"),
        job: JobID(try row.number("job")), text: try row.text("text"))
      bytes += 32 + event.text.utf8.count
      if bytes > byteCountMax && !answer.events.isEmpty { break }
      answer.events.append(event)
    }
    return answer
  }

  func meta<Value: DatabaseValueConvertible>(_ key: String) throws -> Value? {
    try Value.fetchOne(database, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
  }

  func clusterToken() throws -> Token128? {
    try Row.fetchOne(database, sql: "SELECT value FROM meta WHERE key = 'cluster'")?.token("value")
  }

  private func commit(_ row: Row) throws -> StepCommitRecord {
    StepCommitRecord(
      job: JobID(try row.number("job")), phase: try row.number("phase"), step: try row.number("step"),
      attempt: try row.number("attempt"), generation: try row.number("generation"),
      participants: try row.list("participants"), digest: try row.digest("digest"), chain: try row.digest("chain"),
      workUnits: try row.number("work_units"), metrics: try row.list("metrics"), telemetry: try row.value("telemetry"),
      unixMilliseconds: try row.number("unix_ms"))
  }

  private func rows<Record>(_ table: String, by order: String = "rowid", _ make: (Row) throws -> Record) throws
    -> [Record]
  {
    var records: [Record] = []
    let cursor = try Row.fetchCursor(database, sql: "SELECT * FROM \(table) ORDER BY \(order)")
    while let row = try cursor.next() { records.append(try make(row)) }
    return records
  }
}
