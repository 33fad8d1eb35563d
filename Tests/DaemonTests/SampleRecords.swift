import CoordinatorCore
import WireProtocol

/// One record of each kind, and some that replace or remove.
enum SampleRecords {
  static let tree = NamedTree(
    name: "model", files: [FileReference(path: "a/b.bin", digest: digest(7), byteCount: 1 << 40)])

  static func digest(_ number: UInt8) -> Digest { Digest([UInt8](repeating: number, count: 32)) ?? .zero }

  static func event(_ sequence: UInt64, _ text: String) -> JournalRecord {
    .event(.init(sequence: sequence, unixMilliseconds: 1_700_000_000_000 + sequence, job: JobID(1), text: text))
  }

  static func commit(job: UInt32, step: UInt64) -> JournalRecord {
    .stepCommitted(
      StepCommitRecord(
        job: JobID(job), phase: 1, step: step, attempt: 1 << 32 | step, generation: 3,
        participants: [WorkerID(1), WorkerID(4)], digest: digest(UInt8(truncatingIfNeeded: step)), chain: digest(9),
        workUnits: 1024, metrics: [Metric("loss", 1 / Double(step)), Metric("lr", 0.5)], telemetry: telemetry,
        unixMilliseconds: 1_700_000_000_000))
  }

  static var telemetry: JobTelemetry {
    var telemetry = JobTelemetry()
    telemetry.rawBytes = 5
    telemetry.waitSeconds = 0.25
    telemetry.peakResidentBytes = 1 << 33
    return telemetry
  }

  static let plan = JobPlan(
    jobType: "test", pluginVersion: 2, name: "first",
    phases: [
      PhasePlan(
        name: "prepare",
        work: .sharded([
          ShardPlan(name: "s0", payload: [1, 2, 3], inputs: [.files(tree), .phase(0)], cacheKey: digest(8)),
          ShardPlan(name: "s1", payload: [], inputs: [.stage(name: "m", stage: "first", output: "model")]),
        ])),
      PhasePlan(
        name: "train",
        work: .stepped(
          SteppedPlan(
            payload: [0, 255], inputs: [], stepCount: 60, sliceCount: 8, measures: ["zh", "en"], evaluationRowCount: 12,
            evaluationInterval: 20, checkpointInterval: 0, checkpointsKept: 2, stateBytes: 1 << 35, workUnit: "tok"))),
    ], outputs: ["model"], notes: ["a note"])

  static func job(_ number: UInt32) -> JournalRecord {
    .jobSubmitted(
      JobSubmittedRecord(
        job: JobID(number), parent: JobID(0), parentPhase: 0, stage: 0, plan: plan, jobFile: "job: test\nname: 漢\n",
        recipeDigest: digest(1), submission: Token128(high: .max, low: UInt64(number)), unixMilliseconds: 17))
  }

  static func state(_ state: JobState, _ reason: String) -> JournalRecord {
    .jobState(
      JobStateRecord(
        job: JobID(1), state: state, phase: 1, pauseRequested: state == .running, reason: reason, unixMilliseconds: 18))
  }

  static func assignment(_ number: UInt32, shard: UInt32?, step: UInt64?) -> JournalRecord {
    .assignmentMade(
      AssignmentRecord(
        assignment: AssignmentID(number), worker: WorkerID(1), job: JobID(1), phase: 0, shard: shard,
        checkpointStep: step))
  }

  static func checkpoint(_ step: UInt64) -> JournalRecord {
    .checkpointSaved(
      CheckpointRecord(job: JobID(1), phase: 1, step: step, chain: digest(3), tree: tree, unixMilliseconds: 20))
  }

  static func cache(_ key: UInt8, _ result: String) -> JournalRecord {
    .cacheEntry(CacheEntryRecord(key: digest(key), outputs: [tree], result: result))
  }

  static let all: [JournalRecord] = [
    .boot(number: 1),
    .workerKnown(WorkerKnownRecord(node: Token128(high: .max, low: 1), worker: WorkerID(1), name: "one")),
    .workerKnown(WorkerKnownRecord(node: Token128(high: 2, low: 2), worker: WorkerID(2), name: "two")),
    .workerKnown(WorkerKnownRecord(node: Token128(high: .max, low: 1), worker: WorkerID(1), name: "one again")),
    job(1), job(2), job(1),
    state(.pending, ""), state(.running, "on its way"),
    .phaseStarted(PhaseStartedRecord(job: JobID(1), phase: 0, runToken: Token128(high: 5, low: 6))),
    .shardCompleted(ShardCompletedRecord(job: JobID(1), phase: 0, shard: 1, outputs: [tree], result: "{}")),
    .shardCompleted(ShardCompletedRecord(job: JobID(1), phase: 0, shard: 0, outputs: [], result: "{\"a\": 1}")),
    .phaseCompleted(
      PhaseCompletedRecord(
        job: JobID(1), phase: 0, outputs: [tree, tree], results: ["{}", "{\"a\": 1}"], telemetry: telemetry)),
    cache(1, "{}"), cache(2, "{}"), cache(1, "{\"b\": 2}"), .cacheEntryRemoved(key: digest(2)),
    assignment(1, shard: 0, step: nil), assignment(2, shard: nil, step: 20), .assignmentEnded(AssignmentID(2)),
    .assignmentEnded(AssignmentID(1)),
    commit(job: 1, step: 1), commit(job: 1, step: 2),
    .evaluationTotals(
      EvaluationRecord(
        job: JobID(1), phase: 1, step: 0,
        totals: [
          MeasureTotal(measure: 1, sum: -0.0, weight: 3, byteCount: 4),
          MeasureTotal(measure: 0, sum: .infinity, weight: 0, byteCount: 0),
        ])),
    checkpoint(20), checkpoint(40), .checkpointPruned(job: JobID(1), phase: 1, step: 20),
    event(1, "first"), event(2, "second"), event(3, "third"), .boot(number: 2),
  ]
}
