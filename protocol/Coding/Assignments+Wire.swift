extension Assign.Work: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    let start = reader.offset
    switch try reader.u8("work") {
    case 1: self = .shard(index: try reader.u32("index"), of: try reader.u32("of"))
    case 2: self = .member
    case 3:
      self = .shard(
        index: try reader.u32("index"), of: try reader.u32("of"), threads: try reader.u32("threads"))
    case let other:
      throw .init(
        .invalidValue, field: "work", offset: start, found: "\(other)",
        expected: "1 (shard), 2 (member) or 3 (shard with threads)")
    }
  }

  public func encode(into writer: inout WireWriter) {
    switch self {
    case .shard(let index, let count, let threads):
      writer.u8(threads == 0 ? 1 : 3)
      writer.u32(index)
      writer.u32(count)
      if threads > 0 { writer.u32(threads) }
    case .member:
      writer.u8(2)
    }
  }
}

extension Assign: WireMessage {
  public static var type: MessageType { .assign }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      assignment: try reader.value("assignment", of: AssignmentID.self), job: try reader.value("job", of: JobID.self),
      jobType: try reader.string("jobType"), phase: try reader.u32("phase"),
      phaseName: try reader.string("phaseName"), work: try reader.value("work", of: Work.self),
      payload: try reader.bytes("payload", max: WireLimits.documentBytes),
      inputs: try reader.list("inputs", of: NamedTree.self),
      checkpoint: try reader.optional("checkpoint", of: NamedTree.self),
      checkpointStep: try reader.u64("checkpointStep"), checkpointChain: try reader.digest("checkpointChain"),
      runToken: try reader.token("runToken"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(assignment)
    writer.value(job)
    writer.string(jobType)
    writer.u32(phase)
    writer.string(phaseName)
    writer.value(work)
    writer.bytes(payload)
    writer.list(inputs)
    writer.optional(checkpoint)
    writer.u64(checkpointStep)
    writer.digest(checkpointChain)
    writer.token(runToken)
  }
}

extension Revoke: WireMessage {
  public static var type: MessageType { .revoke }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(assignment: try reader.value("assignment", of: AssignmentID.self), kill: try reader.bool("kill"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(assignment)
    writer.bool(kill)
  }
}

extension RunnerExited: WireMessage {
  public static var type: MessageType { .runnerExited }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      assignment: try reader.value("assignment", of: AssignmentID.self), status: try reader.i64("status"),
      signal: try reader.u32("signal"), lastLines: try reader.sentence("lastLines", max: WireLimits.linesBytes))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(assignment)
    writer.i64(status)
    writer.u32(signal)
    writer.sentence(lastLines, max: WireLimits.linesBytes)
  }
}
