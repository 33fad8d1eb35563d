import WireProtocol

/// One message of each type, every field off its default: what the golden frames are made of.
enum MessageSamples {
  static let digest = digest(of: 1)
  static let token = Token128(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)

  static func digest(of seed: UInt8) -> Digest {
    Digest((0..<32).map { UInt8(truncatingIfNeeded: $0 &* 7) &+ seed }) ?? .zero
  }

  static let file = FileReference(path: "model/config.json", digest: digest(of: 2), byteCount: 1234)
  static let tree = NamedTree(
    name: "model", files: [file, FileReference(path: "w.safetensors", digest: digest(of: 3), byteCount: 1 << 33)])
  static let metrics = [Metric("loss", 2.25), Metric("zh_損失", -0.0)]

  static let assign = Assign(
    assignment: AssignmentID(9), job: JobID(4), jobType: "cpt", phase: 1, phaseName: "train",
    work: .shard(index: 3, of: 8), payload: [1, 2, 3], inputs: [tree], checkpoint: nil, checkpointStep: 0,
    checkpointChain: .zero, runToken: token)
  static let prepared = Prepared(step: 7, attempt: 1 << 32 | 2, digest: digest, workUnits: 1024, metrics: metrics)
  static let participant = Participant(
    assignment: AssignmentID(9), dataAddress: "10.0.0.2:7460", slices: [SliceRange(0, 3), SliceRange(5, 8)])
  static let evaluation = Finish.Evaluation(
    step: 20, measures: [MeasureTotal(measure: 1, sum: 10.5, weight: 4096, byteCount: 16_000)])

  static let handshake: [any WireMessage] = [
    Hello(
      wireVersionLow: 1, wireVersionHigh: 2, role: .worker, features: 5, cluster: token, node: token, boot: token,
      build: "admix 0.1 (abc)", numericsVersion: 3, plugins: [PluginVersion(name: "cpt", version: 1)],
      worker: WorkerDescription(
        name: "host-a", advertisedHost: "10.0.0.2", isa: "avx512", threads: 2, memoryBytes: 1 << 34, processID: 77),
      runToken: token, assignment: AssignmentID(2)),
    Welcome(
      wireVersion: 1, cluster: token, worker: WorkerID(3), generation: 12, heartbeatMilliseconds: 1000,
      suspicionMilliseconds: 3000, leaseMilliseconds: 10_000, fenceMilliseconds: 8000),
    Refusal(reason: .numericsVersion, sentence: "This side computes with numerics version 1."),
    Goodbye(sentence: "the worker is stopped"),
    Credit(byteCount: 1_052_672),
  ]

  static let membership: [any WireMessage] = [
    Heartbeat(sequence: 99, residentBytes: 1 << 30),
    HeartbeatAcknowledged(sequence: 99),
    Inventory(runners: [Inventory.Runner(assignment: AssignmentID(9), job: JobID(4))]),
    assign,
    Revoke(assignment: AssignmentID(9), kill: true),
    RunnerExited(assignment: AssignmentID(9), status: -1, signal: 9, lastLines: "Killed\nüber"),
  ]

  static let runner: [any WireMessage] = [
    Begin(
      assign: assign, directory: "/var/lib/admix/run-9", threads: 2, advertisedHost: "10.0.0.2", dataPortLow: 7460,
      dataPortHigh: 7479),
    Fence(),
    Unfence(generation: 13),
    Publish(request: 5, items: [Publish.Item(absolutePath: "/var/lib/out/a", path: "out/a")]),
    Published(request: 5, files: [file], failure: "no space"),
  ]

  static let steps: [any WireMessage] = [
    ReportState(),
    RunnerState(
      dataAddress: "10.0.0.2:7460", step: 6, chain: digest, attempt: 2, slices: [SliceRange(1, 1)],
      prepared: prepared),
    Plan(step: 7, attempt: 2, sliceCount: 8, participants: [participant], rotation: 1, discard: true),
    prepared,
    StepAborted(step: 7, attempt: 2, reason: "the loss is not finite"),
    PeerUnreachable(peer: AssignmentID(8), address: "10.0.0.3:7460", reason: "timed out"),
    Commit(step: 7, digest: digest),
    Applied(
      step: 7, chain: digest, slicesComputed: 4, rawBytes: 1 << 20, sentBytes: 1 << 19, waitSeconds: 0.25,
      stepSeconds: 1.5, peakResidentBytes: 1 << 31),
    Evaluate(step: 20, attempt: 3, rows: [SliceRange(0, 64)]),
    Evaluated(
      step: 20, attempt: 3, rows: [RowMeasure(row: 5, measure: 1, sum: 1.5, weight: 64, byteCount: 250)]),
    CopyState(step: 20, chain: digest, holders: [participant]),
    HashState(step: 20),
    StateHashed(step: 20, chain: digest, stateDigest: digest(of: 4)),
    SaveCheckpoint(step: 20),
    CheckpointSaved(step: 20, chain: digest, tree: tree, failure: nil),
    Finish(step: 60, evaluations: [evaluation]),
    Leave(),
    Completed(outputs: [tree], result: #"{"steps": 60}"#),
    Failed(message: "corpora/zh.jsonl.gz line 3: no text"),
    Progress(activity: "computing", fraction: 0.5, values: metrics),
    LogLine(text: "step 7 zh 2.41"),
  ]

  static let peers: [any WireMessage] = [
    Node(step: 7, chunk: 2, lower: 0, upper: 4, encoding: .planes, payload: [9, 8, 7, 6]),
    Root(step: 7, chunk: 2, encoding: .stored, payload: [1, 2, 3, 4]),
    StateRequest(step: 6, chunk: 2),
    StateChunk(step: 6, chunk: 2, part: .secondMoment, encoding: .stored, payload: [5, 5]),
  ]

  static let artifacts: [any WireMessage] = [
    GetArtifact(digest: digest, offset: 1 << 20),
    PutArtifact(digest: digest, byteCount: 1 << 33),
    ArtifactOffset(digest: digest, offset: 1 << 20, complete: false),
    ArtifactChunk(digest: digest, offset: 1 << 20, totalByteCount: 1 << 21, bytes: [1, 2, 3]),
    ArtifactStored(digest: digest),
    ArtifactFailed(digest: digest, message: "no space left"),
  ]

  static let stepped = SteppedPlan(
    payload: [4, 2], inputs: [.phase(0), .stage(name: "model", stage: "first", output: "model")], stepCount: 60,
    sliceCount: 8, measures: ["zh_held"], evaluationRowCount: 32, evaluationInterval: 20, checkpointInterval: 20,
    checkpointsKept: 2, stateBytes: 1 << 22, workUnit: "tok")
  static let plan = JobPlan(
    jobType: "pipeline", pluginVersion: 1, name: "p",
    phases: [
      PhasePlan(
        name: "prepare",
        work: .sharded([ShardPlan(name: "zh", payload: [1], inputs: [.files(tree)], cacheKey: digest(of: 5))])),
      PhasePlan(name: "train", work: .stepped(stepped)),
      PhasePlan(
        name: "stages",
        work: .graph([
          StagePlan(
            name: "s", needs: ["r"],
            plan: JobPlan(jobType: "cpt", pluginVersion: 2, name: "c", phases: [], outputs: ["model"]))
        ])),
    ], outputs: ["model"], notes: ["2 workers would idle"])

  static let requests: [any WireMessage] = [
    FindMissing(digests: [digest, digest(of: 2)]),
    Missing(digests: [digest]),
    Submit(plan: plan, jobFile: "job: cpt\n", recipeDigest: digest, submission: token),
    Submitted(job: JobID(4)),
    RequestFailed(reason: .notFound, sentence: "there is no job 5"),
    ControlJob(job: JobID(4), action: .pause),
    Acknowledged(),
    QueryStatus(),
  ]

  static let jobStatus = JobStatus(
    id: JobID(4), parent: JobID(2), name: "first-run", kind: "cpt", state: .running, phase: "train", step: 7,
    steps: 60, losses: metrics, workUnitsPerSecond: 260.5, etaSeconds: 12, checkpointAgeSeconds: -1,
    reason: "waits for 2 workers")
  static let telemetry: JobTelemetry = {
    var telemetry = JobTelemetry()
    telemetry.rawBytes = 100
    telemetry.sentBytes = 50
    telemetry.waitSeconds = 1.5
    telemetry.checkpointsRead = 2
    return telemetry
  }()

  static let answers: [any WireMessage] = [
    ClusterStatus(
      workUnitsPerSecond: 260.5, waitShare: 0.06,
      workers: [
        WorkerStatus(
          id: WorkerID(3), name: "host-a", address: "10.0.0.2:5", state: .busy, isa: "avx2", threads: 2,
          workUnitsPerSecond: 130, residentBytes: 1 << 28, reason: "job 4, step 7")
      ], jobs: [jobStatus]),
    QueryJob(job: JobID(4)),
    JobDetail(
      status: jobStatus, jobFile: "job: cpt\n", recipeDigest: digest, measures: ["zh_held"],
      evaluations: [evaluation], telemetry: telemetry,
      checkpoints: [JobDetail.SavedCheckpoint(step: 20, tree: NamedTree(name: "checkpoint", files: [file]))],
      outputs: [NamedTree(name: "model", files: [])], results: ["{}"], children: [JobID(5)]),
    QueryMetrics(job: JobID(4), afterStep: 6, limit: 100),
    MetricRows(rows: [MetricRows.Row(step: 7, unixMilliseconds: 1_700_000_000_000, metrics: metrics)]),
    QueryEvents(job: JobID(0), afterSequence: 6, limit: 100),
    JobEvents(events: [
      JobEvents.Event(sequence: 7, unixMilliseconds: 1_700_000_000_000, job: JobID(4), text: "worker-3 is gone")
    ]),
  ]

  static let all: [any WireMessage] =
    handshake + membership + runner + steps + peers + artifacts + requests + answers
}

extension WireMessage {
  static var messageType: MessageType { type }

  /// A frame with every header field off its default.
  func sampleFrame() -> Frame {
    Frame(self, stream: 0x0A0B_0C0D, correlation: 0x1122_3344_5566_7788, generation: 12)
  }

  /// Decodes `body` as this type and encodes it again.
  static func reencoded(_ body: [UInt8]) throws -> [UInt8] { try Self(body: body).encodedBody() }

  func equals(_ frame: Frame) throws -> Bool { try frame.decode(Self.self) == self }
}

extension MessageType {
  /// A connection on which this type may arrive.
  var stateThatTakesIt: ConnectionState {
    switch self {
    case .hello: return .awaitingHello
    case .welcome, .refusal: return .awaitingAnswer
    default:
      guard let route = routes.min(by: { $0.link.rawValue < $1.link.rawValue }) else { return .awaitingHello }
      return .established(.init(link: route.link, side: route.to))
    }
  }
}
