extension Heartbeat: WireMessage {
  public static var type: MessageType { .heartbeat }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(sequence: try reader.u64("sequence"), residentBytes: try reader.u64("residentBytes"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(sequence)
    writer.u64(residentBytes)
  }
}

extension HeartbeatAcknowledged: WireMessage {
  public static var type: MessageType { .heartbeatAcknowledged }
  public init(from reader: inout WireReader) throws(WireError) { self.init(sequence: try reader.u64("sequence")) }
  public func encode(into writer: inout WireWriter) { writer.u64(sequence) }
}

extension Inventory.Runner: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      assignment: try reader.value("assignment", of: AssignmentID.self), job: try reader.value("job", of: JobID.self))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(assignment)
    writer.value(job)
  }
}

extension Inventory: WireMessage {
  public static var type: MessageType { .inventory }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(runners: try reader.list("runners", of: Inventory.Runner.self, max: 4096))
  }

  public func encode(into writer: inout WireWriter) { writer.list(runners) }
}
