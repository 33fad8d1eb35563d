extension Node: WireMessage {
  public static var type: MessageType { .node }

  public init(from reader: inout WireReader) throws(WireError) {
    let step = try reader.u64("step")
    let chunk = try reader.u32("chunk")
    let slices = try reader.value("slices", of: SliceRange.self)
    self.init(
      step: step, chunk: chunk, lower: slices.lower, upper: slices.upper, encoding: try reader.choice("encoding"),
      payload: try reader.bytes("payload", max: WireLimits.encodedChunkBytes))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.u32(chunk)
    writer.u32(lower)
    writer.u32(upper)
    writer.u8(encoding.rawValue)
    writer.bytes(payload)
  }
}

extension Root: WireMessage {
  public static var type: MessageType { .root }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      step: try reader.u64("step"), chunk: try reader.u32("chunk"), encoding: try reader.choice("encoding"),
      payload: try reader.bytes("payload", max: WireLimits.encodedChunkBytes))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.u32(chunk)
    writer.u8(encoding.rawValue)
    writer.bytes(payload)
  }
}

extension StateRequest: WireMessage {
  public static var type: MessageType { .stateRequest }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(step: try reader.u64("step"), chunk: try reader.u32("chunk"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.u32(chunk)
  }
}

extension StateChunk: WireMessage {
  public static var type: MessageType { .stateChunk }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      step: try reader.u64("step"), chunk: try reader.u32("chunk"), part: try reader.choice("part"),
      encoding: try reader.choice("encoding"),
      payload: try reader.bytes("payload", max: WireLimits.encodedChunkBytes))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(step)
    writer.u32(chunk)
    writer.u8(part.rawValue)
    writer.u8(encoding.rawValue)
    writer.bytes(payload)
  }
}
