import WireProtocol

/// Statuses as a coordinator would give them.
enum SampleCluster {
  static func worker(_ number: UInt32, _ state: WorkerStatus.State, reason: String = "step 12") -> WorkerStatus {
    WorkerStatus(
      id: WorkerID(number), name: "host-\(number)", address: "10.0.0.\(number):7451", state: state, isa: "avx512",
      threads: 8, workUnitsPerSecond: 245, residentBytes: 1_234_567_890, reason: reason)
  }

  static func job(
    _ number: UInt32, _ name: String, _ state: JobState, parent: UInt32 = 0, step: UInt64 = 0, steps: UInt64 = 60,
    losses: [Metric] = [], reason: String = ""
  ) -> JobStatus {
    JobStatus(
      id: JobID(number), parent: JobID(parent), name: name, kind: parent == 0 && name == "house" ? "pipeline" : "cpt",
      state: state, phase: "training", step: step, steps: steps, losses: losses,
      workUnitsPerSecond: state == .running ? 2940 : 0, etaSeconds: state == .running ? 18_720 : -1,
      checkpointAgeSeconds: step > 0 ? 180 : -1, reason: reason)
  }

  static let busy = ClusterStatus(
    workUnitsPerSecond: 2940, waitShare: 0.06,
    workers: [worker(1, .busy), worker(2, .suspect, reason: "no heartbeat for 4 s, last phase exchange")],
    jobs: [
      job(13, "旧的", .completed, step: 60),
      job(
        14, "llama3-zh", .running, step: 412, steps: 2000,
        losses: [Metric("zh_held", 2.41), Metric("en_held", 1.98)]),
      job(15, "next", .pending),
      job(16, "stuck", .paused, step: 9, reason: "no space left on host-1 in /var/admix"),
    ])

  static let telemetry: JobTelemetry = {
    var telemetry = JobTelemetry()
    telemetry.rawBytes = 1000
    telemetry.sentBytes = 400
    telemetry.waitSeconds = 1.5
    telemetry.stepSeconds = 30
    telemetry.workUnits = 60 * 4096
    telemetry.peakResidentBytes = 77
    return telemetry
  }()

  static func detail(
    _ status: JobStatus, checkpoints: [(UInt64, NamedTree)] = [], outputs: [NamedTree] = [], results: [String] = [],
    children: [UInt32] = []
  ) -> JobDetail {
    JobDetail(
      status: status, jobFile: "job: cpt\nname: \(status.name)\n", recipeDigest: .zero,
      measures: ["zh_held", "en_held"],
      evaluations: [
        Finish.Evaluation(
          step: 0,
          measures: [
            MeasureTotal(measure: 0, sum: 500, weight: 100, byteCount: 300),
            MeasureTotal(measure: 1, sum: 200, weight: 100, byteCount: 400),
          ]),
        Finish.Evaluation(
          step: 60,
          measures: [
            MeasureTotal(measure: 0, sum: 300, weight: 100, byteCount: 300),
            MeasureTotal(measure: 1, sum: 210, weight: 100, byteCount: 400),
          ]),
      ],
      telemetry: telemetry,
      checkpoints: checkpoints.map { JobDetail.SavedCheckpoint(step: $0.0, tree: $0.1) }, outputs: outputs,
      results: results, children: children.map { JobID($0) })
  }

  static let trainingResult = """
    {"weights_sha256": "ab", "parameters": 260032, "mixture": {"requested": 0.3, "achieved": 0.3001,
     "sources": [{"name": "zh", "tokens": 7}]}}
    """
}
