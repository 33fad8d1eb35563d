/// A header and its body. The body is what stands on the wire: packed when `header.codec` says so.
public struct Frame: Sendable, Equatable {
  public var header: FrameHeader
  public var body: [UInt8]

  public init(header: FrameHeader, body: [UInt8]) {
    self.header = header
    self.body = body
  }

  /// A stored frame that carries `message`.
  public init<Message: WireMessage>(
    _ message: Message, stream: UInt32 = 0, correlation: UInt64 = 0, generation: UInt64 = 0,
    wireVersion: UInt8 = WireVersion.current, bodyChecksum: Bool = true
  ) {
    let body = message.encodedBody()
    // Our own mistake: a message that can outgrow its class is cut by whoever makes it, not by the wire.
    precondition(body.count <= Message.type.sizeClass.bodyBytes, "\(Message.type) has \(body.count) bytes")
    self.init(
      Message.type, body: body, stream: stream, correlation: correlation, generation: generation,
      wireVersion: wireVersion, bodyChecksum: bodyChecksum)
  }

  /// As above, for messages made from what users wrote (a plan, a result): refused here, with the field's name, rather
  /// than by the peer's decoder, which would cost the connection.
  public init<Message: WireMessage>(
    fitting message: Message, stream: UInt32 = 0, correlation: UInt64 = 0, generation: UInt64 = 0,
    wireVersion: UInt8 = WireVersion.current, bodyChecksum: Bool = true
  ) throws(WireError) {
    let body = message.encodedBody()
    guard body.count <= Message.type.sizeClass.bodyBytes else {
      throw .init(
        .tooLarge, field: "\(Message.type)", offset: 0, found: "\(body.count) bytes",
        expected: "at most \(Message.type.sizeClass.bodyBytes)")
    }
    // Bulk bodies have one long field, which was just measured; everything else is read back, which is cheap.
    if Message.type.sizeClass != .bulk { _ = try Message(body: body) }
    self.init(
      Message.type, body: body, stream: stream, correlation: correlation, generation: generation,
      wireVersion: wireVersion, bodyChecksum: bodyChecksum)
  }

  private init(
    _ type: MessageType, body: [UInt8], stream: UInt32, correlation: UInt64, generation: UInt64, wireVersion: UInt8,
    bodyChecksum: Bool
  ) {
    let length = UInt32(truncatingIfNeeded: body.count)
    self.init(
      header: FrameHeader(
        wireVersion: wireVersion, type: type, flags: bodyChecksum ? [] : .withoutBodyChecksum, bodyLength: length,
        rawLength: length, stream: stream, correlation: correlation, generation: generation,
        bodyChecksum: bodyChecksum ? CRC32C.checksum(body) : 0),
      body: body)
  }

  public var type: MessageType { header.type }

  /// The frame as it stands on the wire.
  public func encoded() -> [UInt8] { header.encoded() + body }

  /// The message of type `Message`; an error when the frame carries another type, or its body is still packed.
  public func decode<Message: WireMessage>(_ type: Message.Type = Message.self) throws(WireError) -> Message {
    guard header.type == Message.type else {
      throw .init(
        .unexpectedType, field: "type", offset: FrameHeader.Offset.type, found: "\(header.type)",
        expected: "\(Message.type)")
    }
    guard header.codec == .stored else {
      throw .init(
        .compression, field: "codec", offset: FrameHeader.Offset.codec, found: "\(header.codec)",
        expected: "a body that was unpacked before")
    }
    return try Message(body: body)
  }

  /// The frame as a connection sends it: with the version agreed on, and with a checksum where one is due.
  public func prepared(
    wireVersion: UInt8, bodyChecksum: Bool, by checksum: BodyChecksum = CRC32C.body
  ) -> Frame {
    var frame = self
    frame.header.wireVersion = wireVersion
    let has = !header.flags.contains(.withoutBodyChecksum)
    if bodyChecksum && !has {
      frame.header.flags.remove(.withoutBodyChecksum)
      frame.header.bodyChecksum = body.withUnsafeBytes { checksum($0) }
    } else if !bodyChecksum && has {
      frame.header.flags.insert(.withoutBodyChecksum)
      frame.header.bodyChecksum = 0
    }
    return frame
  }

  /// The same frame with its body unpacked by `unpack(packed, rawLength)`, whose result must have `raw_len` bytes.
  public func unpacked(
    by unpack: (_ packed: [UInt8], _ rawLength: Int) -> [UInt8]?
  ) throws(WireError) -> Frame {
    guard header.codec != .stored else { return self }
    guard let rawLength = Int(exactly: header.rawLength), let raw = unpack(body, rawLength), raw.count == rawLength
    else {
      throw .init(
        .compression, field: "body", offset: 0, found: "\(body.count) bytes of \(header.codec)",
        expected: "bytes that unpack to exactly \(header.rawLength)")
    }
    var frame = Frame(header: header, body: raw)
    frame.header.codec = .stored
    frame.header.bodyLength = header.rawLength
    // The checksum was of the packed bytes and has done its work.
    frame.header.flags.insert(.withoutBodyChecksum)
    frame.header.bodyChecksum = 0
    return frame
  }
}
