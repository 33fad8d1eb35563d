extension WorkerStatus: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      id: try reader.value("id", of: WorkerID.self), name: try reader.string("name"),
      address: try reader.string("address"), state: try reader.choice("state"), isa: try reader.string("isa"),
      threads: try reader.u32("threads"), workUnitsPerSecond: try reader.f64("workUnitsPerSecond"),
      residentBytes: try reader.u64("residentBytes"), reason: try reader.sentence("reason"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(id)
    writer.string(name)
    writer.string(address)
    writer.u8(state.rawValue)
    writer.string(isa)
    writer.u32(threads)
    writer.f64(workUnitsPerSecond)
    writer.u64(residentBytes)
    writer.sentence(reason)
  }
}

extension JobStatus: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      id: try reader.value("id", of: JobID.self), parent: try reader.value("parent", of: JobID.self),
      name: try reader.string("name"), kind: try reader.string("kind"), state: try reader.choice("state"),
      phase: try reader.string("phase"), step: try reader.u64("step"), steps: try reader.u64("steps"),
      losses: try reader.list("losses", of: Metric.self, max: 4096),
      workUnitsPerSecond: try reader.f64("workUnitsPerSecond"), etaSeconds: try reader.f64("etaSeconds"),
      checkpointAgeSeconds: try reader.f64("checkpointAgeSeconds"), reason: try reader.sentence("reason"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(id)
    writer.value(parent)
    writer.string(name)
    writer.string(kind)
    writer.u8(state.rawValue)
    writer.string(phase)
    writer.u64(step)
    writer.u64(steps)
    writer.list(losses)
    writer.f64(workUnitsPerSecond)
    writer.f64(etaSeconds)
    writer.f64(checkpointAgeSeconds)
    writer.sentence(reason)
  }
}

extension ClusterStatus: WireMessage {
  public static var type: MessageType { .clusterStatus }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      workUnitsPerSecond: try reader.f64("workUnitsPerSecond"), waitShare: try reader.f64("waitShare"),
      workers: try reader.list("workers", of: WorkerStatus.self, max: 4096),
      jobs: try reader.list("jobs", of: JobStatus.self))
  }

  public func encode(into writer: inout WireWriter) {
    writer.f64(workUnitsPerSecond)
    writer.f64(waitShare)
    writer.list(workers)
    writer.list(jobs)
  }
}

extension JobTelemetry: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init()
    rawBytes = try reader.u64("rawBytes")
    sentBytes = try reader.u64("sentBytes")
    waitSeconds = try reader.f64("waitSeconds")
    stepSeconds = try reader.f64("stepSeconds")
    slicesComputed = try reader.u64("slicesComputed")
    workUnits = try reader.u64("workUnits")
    peakResidentBytes = try reader.u64("peakResidentBytes")
    extraAttempts = try reader.u64("extraAttempts")
    checkpointsRead = try reader.u64("checkpointsRead")
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(rawBytes)
    writer.u64(sentBytes)
    writer.f64(waitSeconds)
    writer.f64(stepSeconds)
    writer.u64(slicesComputed)
    writer.u64(workUnits)
    writer.u64(peakResidentBytes)
    writer.u64(extraAttempts)
    writer.u64(checkpointsRead)
  }
}

extension JobDetail.SavedCheckpoint: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(step: try reader.u64("step"), tree: try reader.value("tree", of: NamedTree.self))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.value(tree)
  }
}

extension JobDetail: WireMessage {
  public static var type: MessageType { .jobDetail }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      status: try reader.value("status", of: JobStatus.self),
      jobFile: try reader.string("jobFile", max: WireLimits.documentBytes),
      recipeDigest: try reader.digest("recipeDigest"), measures: try reader.strings("measures", max: 4096),
      evaluations: try reader.list("evaluations", of: Finish.Evaluation.self),
      telemetry: try reader.value("telemetry", of: JobTelemetry.self),
      checkpoints: try reader.list("checkpoints", of: SavedCheckpoint.self),
      outputs: try reader.list("outputs", of: NamedTree.self),
      results: try reader.strings("results", each: WireLimits.documentBytes),
      children: try reader.list("children", of: JobID.self))
    let shards = try reader.extensions().value(1, "shards") { (reader) throws(WireError) in
      try reader.list("shards", of: ShardStatus.self, max: JobDetail.shardsListed)
    }
    self.shards = shards ?? []
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(status)
    writer.string(jobFile)
    writer.digest(recipeDigest)
    writer.list(measures)
    writer.list(evaluations)
    writer.value(telemetry)
    writer.list(checkpoints)
    writer.list(outputs)
    writer.list(results)
    writer.list(children)
    let shards = shards
    writer.extensions([(tag: 1, write: shards.isEmpty ? nil : { $0.list(shards) })])
  }
}

extension ShardStatus: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    let name = try reader.string("name")
    let start = reader.offset
    let number = try reader.u8("state")
    guard let state = State(rawValue: number) else {
      throw .init(
        .invalidValue, field: "state", offset: start, found: "\(number)",
        expected: "1 (waiting), 2 (running) or 3 (completed)")
    }
    self.init(
      name: name, state: state, worker: try reader.string("worker"), activity: try reader.string("activity"),
      fraction: try reader.f64("fraction"), values: try reader.list("values", of: Metric.self, max: 64))
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(name)
    writer.u8(state.rawValue)
    writer.string(worker)
    writer.string(activity)
    writer.f64(fraction)
    writer.list(values)
  }
}

extension MetricRows.Row: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      step: try reader.u64("step"), unixMilliseconds: try reader.u64("unixMilliseconds"),
      metrics: try reader.list("metrics", of: Metric.self, max: 4096))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.u64(unixMilliseconds)
    writer.list(metrics)
  }
}

extension MetricRows: WireMessage {
  public static var type: MessageType { .metricRows }
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(rows: try reader.list("rows", of: Row.self))
  }
  public func encode(into writer: inout WireWriter) { writer.list(rows) }
}

extension JobEvents.Event: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      sequence: try reader.u64("sequence"), unixMilliseconds: try reader.u64("unixMilliseconds"),
      job: try reader.value("job", of: JobID.self), text: try reader.sentence("text"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(sequence)
    writer.u64(unixMilliseconds)
    writer.value(job)
    writer.sentence(text)
  }
}

extension JobEvents: WireMessage {
  public static var type: MessageType { .jobEvents }
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(events: try reader.list("events", of: Event.self))
  }
  public func encode(into writer: inout WireWriter) { writer.list(events) }
}
