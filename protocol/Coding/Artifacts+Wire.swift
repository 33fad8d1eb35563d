extension GetArtifact: WireMessage {
  public static var type: MessageType { .getArtifact }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(digest: try reader.digest("digest"), offset: try reader.u64("offset"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.digest(digest)
    writer.u64(offset)
  }
}

extension PutArtifact: WireMessage {
  public static var type: MessageType { .putArtifact }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(digest: try reader.digest("digest"), byteCount: try reader.u64("byteCount"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.digest(digest)
    writer.u64(byteCount)
  }
}

extension ArtifactOffset: WireMessage {
  public static var type: MessageType { .artifactOffset }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      digest: try reader.digest("digest"), offset: try reader.u64("offset"), complete: try reader.bool("complete"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.digest(digest)
    writer.u64(offset)
    writer.bool(complete)
  }
}

extension ArtifactChunk: WireMessage {
  public static var type: MessageType { .artifactChunk }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(
      digest: try reader.digest("digest"), offset: try reader.u64("offset"),
      totalByteCount: try reader.u64("totalByteCount"),
      bytes: try reader.bytes("bytes", max: WireLimits.chunkBytes))
  }

  public func encode(into writer: inout WireWriter) {
    writer.digest(digest)
    writer.u64(offset)
    writer.u64(totalByteCount)
    writer.bytes(bytes)
  }
}

extension ArtifactStored: WireMessage {
  public static var type: MessageType { .artifactStored }
  public init(from reader: inout WireReader) throws(WireError) { self.init(digest: try reader.digest("digest")) }
  public func encode(into writer: inout WireWriter) { writer.digest(digest) }
}

extension ArtifactFailed: WireMessage {
  public static var type: MessageType { .artifactFailed }

  public init(from reader: inout WireReader) throws(WireError) {
    self.init(digest: try reader.digest("digest"), message: try reader.sentence("message"))
  }

  public func encode(into writer: inout WireWriter) {
    writer.digest(digest)
    writer.sentence(message)
  }
}
