extension ReportState: WireMessage {
  public static var type: MessageType { .reportState }
  public init(from reader: inout WireReader) throws(WireError) { self.init() }
  public func encode(into writer: inout WireWriter) {}
}

extension RunnerState: WireMessage {
  public static var type: MessageType { .runnerState }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      dataAddress: try reader.string("dataAddress"), step: try reader.u64("step"), chain: try reader.digest("chain"),
      attempt: try reader.u64("attempt"), slices: try reader.list("slices", of: SliceRange.self),
      prepared: try reader.optional("prepared", of: Prepared.self))
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(dataAddress)
    writer.u64(step)
    writer.digest(chain)
    writer.u64(attempt)
    writer.list(slices)
    writer.optional(prepared)
  }
}

extension Participant: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      assignment: try reader.value("assignment", of: AssignmentID.self),
      dataAddress: try reader.string("dataAddress"), slices: try reader.list("slices", of: SliceRange.self))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(assignment)
    writer.string(dataAddress)
    writer.list(slices)
  }
}

extension Plan: WireMessage {
  public static var type: MessageType { .plan }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      step: try reader.u64("step"), attempt: try reader.u64("attempt"), sliceCount: try reader.u32("sliceCount"),
      participants: try reader.list("participants", of: Participant.self, max: 4096),
      rotation: try reader.u32("rotation"), discard: try reader.bool("discard"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.u64(attempt)
    writer.u32(sliceCount)
    writer.list(participants)
    writer.u32(rotation)
    writer.bool(discard)
  }
}

extension Prepared: WireMessage {
  public static var type: MessageType { .prepared }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      step: try reader.u64("step"), attempt: try reader.u64("attempt"), digest: try reader.digest("digest"),
      workUnits: try reader.u64("workUnits"), metrics: try reader.list("metrics", of: Metric.self, max: 4096))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.u64(attempt)
    writer.digest(digest)
    writer.u64(workUnits)
    writer.list(metrics)
  }
}

extension StepAborted: WireMessage {
  public static var type: MessageType { .stepAborted }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      step: try reader.u64("step"), attempt: try reader.u64("attempt"), reason: try reader.sentence("reason"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.u64(attempt)
    writer.sentence(reason)
  }
}

extension PeerUnreachable: WireMessage {
  public static var type: MessageType { .peerUnreachable }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      peer: try reader.value("peer", of: AssignmentID.self), address: try reader.string("address"),
      reason: try reader.sentence("reason"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(peer)
    writer.string(address)
    writer.sentence(reason)
  }
}

extension Commit: WireMessage {
  public static var type: MessageType { .commit }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(step: try reader.u64("step"), digest: try reader.digest("digest"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.digest(digest)
  }
}

extension Applied: WireMessage {
  public static var type: MessageType { .applied }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      step: try reader.u64("step"), chain: try reader.digest("chain"),
      slicesComputed: try reader.u32("slicesComputed"), rawBytes: try reader.u64("rawBytes"),
      sentBytes: try reader.u64("sentBytes"), waitSeconds: try reader.f64("waitSeconds"),
      stepSeconds: try reader.f64("stepSeconds"), peakResidentBytes: try reader.u64("peakResidentBytes"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.digest(chain)
    writer.u32(slicesComputed)
    writer.u64(rawBytes)
    writer.u64(sentBytes)
    writer.f64(waitSeconds)
    writer.f64(stepSeconds)
    writer.u64(peakResidentBytes)
  }
}
