extension Fence: WireMessage {
  public static var type: MessageType { .fence }
  public init(from reader: inout WireReader) throws(WireError) { self.init() }
  public func encode(into writer: inout WireWriter) {}
}

extension Unfence: WireMessage {
  public static var type: MessageType { .unfence }
  public init(from reader: inout WireReader) throws(WireError) { self.init(generation: try reader.u64("generation")) }
  public func encode(into writer: inout WireWriter) { writer.u64(generation) }
}

extension Begin: WireMessage {
  public static var type: MessageType { .begin }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      assign: try reader.value("assign", of: Assign.self),
      directory: try reader.string("directory", max: WireLimits.pathBytes), threads: try reader.u32("threads"),
      advertisedHost: try reader.string("advertisedHost"), dataPortLow: try reader.u16("dataPortLow"),
      dataPortHigh: try reader.u16("dataPortHigh"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.value(assign)
    writer.string(directory)
    writer.u32(threads)
    writer.string(advertisedHost)
    writer.u16(dataPortLow)
    writer.u16(dataPortHigh)
  }
}

extension Publish.Item: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    let absolutePath = try reader.string("absolutePath", max: WireLimits.pathBytes)
    let start = reader.offset
    let path = try reader.string("path", max: WireLimits.pathBytes)
    guard FileReference.isRelative(path) else {
      throw .init(
        .invalidValue, field: "path", offset: start, found: "\"\(path)\"",
        expected: "a relative path without \"..\", \".\", empty parts or NUL")
    }
    self.init(absolutePath: absolutePath, path: path)
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(absolutePath)
    writer.string(path)
  }
}

extension Publish: WireMessage {
  public static var type: MessageType { .publish }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(request: try reader.u64("request"), items: try reader.list("items", of: Item.self))
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(request)
    writer.list(items)
  }
}

extension Published: WireMessage {
  public static var type: MessageType { .published }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      request: try reader.u64("request"), files: try reader.list("files", of: FileReference.self),
      failure: try reader.optional("failure") { (reader) throws(WireError) in try reader.sentence("failure") })
  }

  public func encode(into writer: inout WireWriter) {
    writer.u64(request)
    writer.list(files)
    writer.optional(failure) { $0.sentence($1) }
  }
}

extension Completed: WireMessage {
  public static var type: MessageType { .completed }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      outputs: try reader.list("outputs", of: NamedTree.self),
      result: try reader.string("result", max: WireLimits.documentBytes))
  }

  public func encode(into writer: inout WireWriter) {
    writer.list(outputs)
    writer.string(result)
  }
}

extension Failed: WireMessage {
  public static var type: MessageType { .failed }
  public init(from reader: inout WireReader) throws(WireError) { self.init(message: try reader.sentence("message")) }
  public func encode(into writer: inout WireWriter) { writer.sentence(message) }
}

extension Progress: WireMessage {
  public static var type: MessageType { .progress }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      activity: try reader.string("activity"), fraction: try reader.f64("fraction"),
      values: try reader.list("values", of: Metric.self, max: 256))
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(activity)
    writer.f64(fraction)
    writer.list(values)
  }
}

extension LogLine: WireMessage {
  public static var type: MessageType { .logLine }
  public init(from reader: inout WireReader) throws(WireError) { self.init(text: try reader.sentence("text")) }
  public func encode(into writer: inout WireWriter) { writer.sentence(text) }
}
