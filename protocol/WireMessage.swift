/// A value with a layout of its own: a field group inside messages, or a whole message.
public protocol WireValue: Sendable, Equatable {
  /// Reads the fields in the order in which `encode` writes them.
  init(from reader: inout WireReader) throws(WireError)
  func encode(into writer: inout WireWriter)
}

/// A frame's body.
public protocol WireMessage: WireValue {
  static var type: MessageType { get }
}

extension WireMessage {
  /// The body's bytes.
  public func encodedBody() -> [UInt8] {
    var writer = WireWriter()
    encode(into: &writer)
    return writer.finish()
  }

  /// From a whole body; bytes left over are an error.
  public init(body: [UInt8]) throws(WireError) {
    var reader = WireReader(body)
    self = try Self(from: &reader)
    try reader.finish()
  }
}
