extension FindMissing: WireMessage {
  public static var type: MessageType { .findMissing }
  public init(from reader: inout WireReader) throws(WireError) { self.init(digests: try reader.digests("digests")) }
  public func encode(into writer: inout WireWriter) { writer.list(digests) }
}

extension Missing: WireMessage {
  public static var type: MessageType { .missing }
  public init(from reader: inout WireReader) throws(WireError) { self.init(digests: try reader.digests("digests")) }
  public func encode(into writer: inout WireWriter) { writer.list(digests) }
}

extension Submit: WireMessage {
  public static var type: MessageType { .submit }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      plan: try reader.value("plan", of: JobPlan.self),
      jobFile: try reader.string("jobFile", max: WireLimits.documentBytes),
      recipeDigest: try reader.digest("recipeDigest"), submission: try reader.token("submission"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(plan)
    writer.string(jobFile)
    writer.digest(recipeDigest)
    writer.token(submission)
  }
}

extension Submitted: WireMessage {
  public static var type: MessageType { .submitted }
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(job: try reader.value("job", of: JobID.self))
  }
  public func encode(into writer: inout WireWriter) { writer.value(job) }
}

extension RequestFailed: WireMessage {
  public static var type: MessageType { .requestFailed }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(reason: try reader.choice("reason"), sentence: try reader.sentence("sentence"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u16(reason.rawValue)
    writer.sentence(sentence)
  }
}

extension ControlJob: WireMessage {
  public static var type: MessageType { .controlJob }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(job: try reader.value("job", of: JobID.self), action: try reader.choice("action"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(job)
    writer.u8(action.rawValue)
  }
}

extension Acknowledged: WireMessage {
  public static var type: MessageType { .acknowledged }
  public init(from reader: inout WireReader) throws(WireError) { self.init() }
  public func encode(into writer: inout WireWriter) {}
}

extension QueryStatus: WireMessage {
  public static var type: MessageType { .queryStatus }
  public init(from reader: inout WireReader) throws(WireError) { self.init() }
  public func encode(into writer: inout WireWriter) {}
}

extension QueryJob: WireMessage {
  public static var type: MessageType { .queryJob }
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(job: try reader.value("job", of: JobID.self))
  }
  public func encode(into writer: inout WireWriter) { writer.value(job) }
}

extension QueryMetrics: WireMessage {
  public static var type: MessageType { .queryMetrics }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      job: try reader.value("job", of: JobID.self), afterStep: try reader.u64("afterStep"),
      limit: try reader.u32("limit"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(job)
    writer.u64(afterStep)
    writer.u32(limit)
  }
}

extension QueryEvents: WireMessage {
  public static var type: MessageType { .queryEvents }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      job: try reader.value("job", of: JobID.self), afterSequence: try reader.u64("afterSequence"),
      limit: try reader.u32("limit"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(job)
    writer.u64(afterSequence)
    writer.u32(limit)
  }
}
