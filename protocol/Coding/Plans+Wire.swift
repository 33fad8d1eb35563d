extension JobPlan: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      jobType: try reader.string("jobType"), pluginVersion: try reader.u32("pluginVersion"),
      name: try reader.string("name"), phases: try reader.list("phases", of: PhasePlan.self, max: 256),
      outputs: try reader.strings("outputs", max: 256),
      notes: try reader.strings("notes", max: 256, each: WireLimits.sentenceBytes))
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(jobType)
    writer.u32(pluginVersion)
    writer.string(name)
    writer.list(phases)
    writer.list(outputs)
    writer.list(notes) { $0.sentence($1) }
  }
}

extension PhasePlan: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(name: try reader.string("name"), work: try reader.value("work", of: Work.self))
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(name)
    writer.value(work)
  }
}

extension PhasePlan.Work: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    let start = reader.offset
    switch try reader.u8("work") {
    case 1: self = .sharded(try reader.list("shards", of: ShardPlan.self))
    case 2: self = .stepped(try reader.value("stepped", of: SteppedPlan.self))
    case 3: self = .graph(try reader.list("stages", of: StagePlan.self, max: 1024))
    case 4:
      self = .sharded(
        try reader.list("shards", bytesEach: 12) { (reader) throws(WireError) in
          var shard = try reader.value("shard", of: ShardPlan.self)
          shard.threads = try reader.u32("threads")
          shard.memoryBytes = try reader.u64("memoryBytes")
          return shard
        })
    case let other:
      throw .init(
        .invalidValue, field: "work", offset: start, found: "\(other)",
        expected: "1 (sharded), 2 (stepped), 3 (graph) or 4 (sharded with shares)")
    }
  }

  public func encode(into writer: inout WireWriter) {
    switch self {
    case .sharded(let shards) where shards.contains(where: \.hasShare):
      writer.u8(4)
      writer.list(shards) { (writer, shard) in
        writer.value(shard)
        writer.u32(shard.threads)
        writer.u64(shard.memoryBytes)
      }
    case .sharded(let shards):
      writer.u8(1)
      writer.list(shards)
    case .stepped(let plan):
      writer.u8(2)
      writer.value(plan)
    case .graph(let stages):
      writer.u8(3)
      writer.list(stages)
    }
  }
}

extension InputReference: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    let start = reader.offset
    switch try reader.u8("input") {
    case 1: self = .files(try reader.value("files", of: NamedTree.self))
    case 2: self = .phase(try reader.u32("phase"))
    case 3:
      self = .stage(
        name: try reader.string("name"), stage: try reader.string("stage"), output: try reader.string("output"))
    case 4: self = .output(phase: try reader.u32("phase"), name: try reader.string("name"))
    case let other:
      throw .init(
        .invalidValue, field: "input", offset: start, found: "\(other)",
        expected: "1 (files), 2 (phase), 3 (stage) or 4 (output)")
    }
  }

  public func encode(into writer: inout WireWriter) {
    switch self {
    case .files(let tree):
      writer.u8(1)
      writer.value(tree)
    case .phase(let index):
      writer.u8(2)
      writer.u32(index)
    case .stage(let name, let stage, let output):
      writer.u8(3)
      writer.string(name)
      writer.string(stage)
      writer.string(output)
    case .output(let phase, let name):
      writer.u8(4)
      writer.u32(phase)
      writer.string(name)
    }
  }
}

extension ShardPlan: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      name: try reader.string("name"), payload: try reader.bytes("payload", max: WireLimits.documentBytes),
      inputs: try reader.list("inputs", of: InputReference.self),
      cacheKey: try reader.optional("cacheKey") { (reader) throws(WireError) in try reader.digest("cacheKey") })
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(name)
    writer.bytes(payload)
    writer.list(inputs)
    writer.optional(cacheKey) { $0.digest($1) }
  }
}

extension SteppedPlan: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      payload: try reader.bytes("payload", max: WireLimits.documentBytes),
      inputs: try reader.list("inputs", of: InputReference.self), stepCount: try reader.u64("stepCount"),
      sliceCount: try reader.u32("sliceCount"), measures: try reader.strings("measures", max: 4096),
      evaluationRowCount: try reader.u32("evaluationRowCount"),
      evaluationInterval: try reader.u64("evaluationInterval"),
      checkpointInterval: try reader.u64("checkpointInterval"),
      checkpointsKept: try reader.u32("checkpointsKept"), stateBytes: try reader.u64("stateBytes"),
      workUnit: try reader.string("workUnit"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.bytes(payload)
    writer.list(inputs)
    writer.u64(stepCount)
    writer.u32(sliceCount)
    writer.list(measures)
    writer.u32(evaluationRowCount)
    writer.u64(evaluationInterval)
    writer.u64(checkpointInterval)
    writer.u32(checkpointsKept)
    writer.u64(stateBytes)
    writer.string(workUnit)
  }
}

extension StagePlan: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      name: try reader.string("name"), needs: try reader.strings("needs", max: 1024),
      plan: try reader.value("plan", of: JobPlan.self))
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(name)
    writer.list(needs)
    writer.value(plan)
  }
}
