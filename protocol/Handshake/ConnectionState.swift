/// What a decoder may let through: which side has been heard, and what it is.
public enum ConnectionState: Sendable, Equatable {
  /// A server that has heard nothing yet.
  case awaitingHello
  /// A client that said HELLO.
  case awaitingAnswer
  /// Both know each other.
  case established(Established)

  public struct Established: Sendable, Equatable {
    public var wireVersion: UInt8
    /// What the connection was opened as.
    public var link: Role
    /// The end that decodes.
    public var side: ConnectionSide
    /// True on a socketpair between worker and runner.
    public var allowsMissingBodyChecksum: Bool

    public init(
      wireVersion: UInt8 = WireVersion.current, link: Role, side: ConnectionSide,
      allowsMissingBodyChecksum: Bool = false
    ) {
      self.wireVersion = wireVersion
      self.link = link
      self.side = side
      self.allowsMissingBodyChecksum = allowsMissingBodyChecksum
    }
  }

  /// HELLO and its answers keep their layout in every version, so that a refusal can name both sides' versions.
  func accepts(wireVersion: UInt8) -> Bool {
    switch self {
    case .awaitingHello, .awaitingAnswer: wireVersion > 0
    case .established(let connection): wireVersion == connection.wireVersion
    }
  }

  var expectedWireVersion: String {
    switch self {
    case .awaitingHello, .awaitingAnswer: "1 or more"
    case .established(let connection): "\(connection.wireVersion), as agreed in the handshake"
    }
  }

  var allowsMissingBodyChecksum: Bool {
    if case .established(let connection) = self { return connection.allowsMissingBodyChecksum }
    return false
  }

  /// The type that `raw` names, if it is one that may arrive now.
  func accept(type raw: UInt16) throws(WireError) -> MessageType {
    guard let type = MessageType(rawValue: raw) else {
      throw .init(
        .unknownType, field: "type", offset: FrameHeader.Offset.type, found: "\(raw)",
        expected: "a message type of wire version \(WireVersion.current)")
    }
    let expected: String
    switch self {
    case .awaitingHello:
      if type == .hello { return type }
      expected = "hello, as nothing was said yet"
    case .awaitingAnswer:
      if type == .welcome || type == .refusal { return type }
      expected = "welcome or refusal, as hello was not answered yet"
    case .established(let connection):
      if type.mayArrive(at: connection.side, of: connection.link) { return type }
      expected = "a type that travels to the \(connection.side) of a \(connection.link) connection"
    }
    throw .init(
      .unexpectedType, field: "type", offset: FrameHeader.Offset.type, found: "\(type) (\(raw))", expected: expected)
  }
}
