extension JobID: WireValue {
  public init(from reader: inout WireReader) throws(WireError) { self.init(try reader.u32("job")) }
  public func encode(into writer: inout WireWriter) { writer.u32(number) }
}

extension WorkerID: WireValue {
  public init(from reader: inout WireReader) throws(WireError) { self.init(try reader.u32("worker")) }
  public func encode(into writer: inout WireWriter) { writer.u32(number) }
}

extension AssignmentID: WireValue {
  public init(from reader: inout WireReader) throws(WireError) { self.init(try reader.u32("assignment")) }
  public func encode(into writer: inout WireWriter) { writer.u32(number) }
}

extension SliceRange: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    let start = reader.offset
    let lower = try reader.u32("lower")
    let upper = try reader.u32("upper")
    guard lower <= upper else {
      throw .init(
        .invalidValue, field: "upper", offset: start, found: "\(upper)", expected: "at least lower, \(lower)")
    }
    self.init(lower, upper)
  }

  public func encode(into writer: inout WireWriter) {
    writer.u32(lower)
    writer.u32(upper)
  }
}

extension FileReference: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    let start = reader.offset
    let path = try reader.string("path", max: WireLimits.pathBytes)
    guard FileReference.isRelative(path) else {
      throw .init(
        .invalidValue, field: "path", offset: start, found: "\"\(path)\"",
        expected: "a relative path without \"..\", \".\", empty parts or NUL")
    }
    self.init(path: path, digest: try reader.digest("digest"), byteCount: try reader.u64("byteCount"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(path)
    writer.digest(digest)
    writer.u64(byteCount)
  }

  /// Whether `path` stays below the directory it is laid in: a peer must not choose where on a host it writes.
  public static func isRelative(_ path: String) -> Bool {
    !path.utf8.contains(0)
      && path.split(separator: "/", omittingEmptySubsequences: false)
        .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }
}

extension NamedTree: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    let start = reader.offset
    let name = try reader.string("name")
    // A tree becomes a directory of its name.
    guard FileReference.isRelative(name), !name.utf8.contains(UInt8(ascii: "/")) else {
      throw .init(
        .invalidValue, field: "name", offset: start, found: "\"\(name)\"", expected: "a name fit for a directory")
    }
    self.init(name: name, files: try reader.list("files", of: FileReference.self))
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(name)
    writer.list(files)
  }
}

extension Metric: WireValue {
  public init(from reader: inout WireReader) throws(WireError) {
    self.init(try reader.string("label"), try reader.f64("value"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.string(label)
    writer.f64(value)
  }
}
