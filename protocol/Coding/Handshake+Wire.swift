extension PluginVersion: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(name: try reader.string("name"), version: try reader.u32("version"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(name)
    writer.u32(version)
  }
}

extension WorkerDescription: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      name: try reader.string("name"), advertisedHost: try reader.string("advertisedHost"),
      isa: try reader.string("isa"), threads: try reader.u32("threads"), memoryBytes: try reader.u64("memoryBytes"),
      processID: try reader.u32("processID"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(name)
    writer.string(advertisedHost)
    writer.string(isa)
    writer.u32(threads)
    writer.u64(memoryBytes)
    writer.u32(processID)
  }
}

extension Hello: WireMessage {
  public static var type: MessageType { .hello }

  public init(from reader: inout WireReader) throws(WireError) {
    let versions = try Hello.versions(from: &reader)
    self.init(
      wireVersionLow: versions.lowerBound, wireVersionHigh: versions.upperBound, role: try reader.choice("role"),
      features: try reader.u64("features"), cluster: try reader.token("cluster"), node: try reader.token("node"),
      boot: try reader.token("boot"), build: try reader.string("build"),
      numericsVersion: try reader.u32("numericsVersion"),
      plugins: try reader.list("plugins", of: PluginVersion.self, max: 256),
      worker: try reader.optional("worker", of: WorkerDescription.self), runToken: try reader.token("runToken"),
      assignment: try reader.value("assignment", of: AssignmentID.self))
    let shortcomings = try reader.extensions().value(1, "shortcomings") { (reader) throws(WireError) in
      try reader.sentence("shortcomings", max: Hello.shortcomingsBytes)
    }
    self.shortcomings = shortcomings ?? ""
  }

  /// A small part of a handshake frame, whose other fields vary.
  private static let shortcomingsBytes = 512

  public func encode(into writer: inout WireWriter) {
    writer.u8(wireVersionLow)
    writer.u8(wireVersionHigh)
    writer.u8(role.rawValue)
    writer.u64(features)
    writer.token(cluster)
    writer.token(node)
    writer.token(boot)
    writer.string(build)
    writer.u32(numericsVersion)
    writer.list(plugins)
    writer.optional(worker)
    writer.token(runToken)
    writer.value(assignment)
    let shortcomings = shortcomings
    writer.extensions([
      (tag: 1, write: shortcomings.isEmpty ? nil : { $0.sentence(shortcomings, max: Hello.shortcomingsBytes) })
    ])
  }

  /// The first two bytes, in every version: the range that the speaker speaks. A server reads these before the rest,
  /// so that it can refuse in words even a HELLO whose rest it would not understand.
  public static func versions(from reader: inout WireReader) throws(WireError) -> ClosedRange<UInt8> {
    let low = try reader.u8("wireVersionLow")
    let high = try reader.u8("wireVersionHigh")
    guard low > 0, low <= high else {
      throw .init(
        .invalidValue, field: "wireVersionHigh", offset: 1, found: "\(low)…\(high)",
        expected: "a range of versions from 1 on")
    }
    return low...high
  }
}

extension Welcome: WireMessage {
  public static var type: MessageType { .welcome }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      wireVersion: try reader.u8("wireVersion"), cluster: try reader.token("cluster"),
      worker: try reader.value("worker", of: WorkerID.self), generation: try reader.u64("generation"),
      heartbeatMilliseconds: try reader.u32("heartbeatMilliseconds"),
      suspicionMilliseconds: try reader.u32("suspicionMilliseconds"),
      leaseMilliseconds: try reader.u32("leaseMilliseconds"), fenceMilliseconds: try reader.u32("fenceMilliseconds"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u8(wireVersion)
    writer.token(cluster)
    writer.value(worker)
    writer.u64(generation)
    writer.u32(heartbeatMilliseconds)
    writer.u32(suspicionMilliseconds)
    writer.u32(leaseMilliseconds)
    writer.u32(fenceMilliseconds)
  }
}

extension Refusal: WireMessage {
  public static var type: MessageType { .refusal }

  /// Half a handshake frame, so that the sentence always fits.
  private static let sentenceBytes = WireLimits.handshakeBodyBytes / 2

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      reason: try reader.choice("reason"), sentence: try reader.sentence("sentence", max: Refusal.sentenceBytes))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u16(reason.rawValue)
    writer.sentence(sentence, max: Refusal.sentenceBytes)
  }
}

extension Goodbye: WireMessage {
  public static var type: MessageType { .goodbye }
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(sentence: try reader.sentence("sentence"))
  }
  public func encode(into writer: inout WireWriter) { writer.sentence(sentence) }
}

extension Credit: WireMessage {
  public static var type: MessageType { .credit }
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(byteCount: try reader.u32("byteCount"))
  }
  public func encode(into writer: inout WireWriter) { writer.u32(byteCount) }
}
