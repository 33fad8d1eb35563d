/// The opening side of the handshake, without I/O: say HELLO, wait for WELCOME or REFUSAL.
public struct ClientHandshake: Sendable {
  public enum Event: Sendable, Equatable {
    case opened
    case frameReceived(Frame)
    case timePassed
  }

  public enum Effect: Sendable, Equatable {
    case wakeAt(MonotonicTime)
    case send(Frame)
    case establish(ConnectionState.Established, Welcome)
    case fail(HandshakeFailure)
  }

  private enum Phase: Equatable {
    case idle
    case awaitingAnswer(until: MonotonicTime)
    case over
  }

  private let hello: Hello
  private let patience: Duration
  private let allowsMissingBodyChecksum: Bool
  private var phase = Phase.idle

  /// `patience`: how long the answer may take. `allowsMissingBodyChecksum`: true on a socketpair.
  public init(hello: Hello, patience: Duration = .seconds(5), allowsMissingBodyChecksum: Bool = false) {
    self.hello = hello
    self.patience = patience
    self.allowsMissingBodyChecksum = allowsMissingBodyChecksum
  }

  public mutating func handle(_ event: Event, now: MonotonicTime) -> [Effect] {
    switch (event, phase) {
    case (.opened, .idle):
      let deadline = now + patience
      phase = .awaitingAnswer(until: deadline)
      return [.send(Frame(hello)), .wakeAt(deadline)]
    case (.timePassed, .awaitingAnswer(let deadline)) where now >= deadline:
      return fail(.silent(patience))
    case (.frameReceived(let frame), .awaitingAnswer):
      do throws(WireError) {
        return try receive(frame)
      } catch {
        return fail(.malformed(error))
      }
    default:
      return []
    }
  }

  private mutating func receive(_ frame: Frame) throws(WireError) -> [Effect] {
    if frame.type == .refusal { return fail(.refused(try frame.decode(Refusal.self))) }
    let welcome = try frame.decode(Welcome.self)
    guard hello.wireVersionLow <= welcome.wireVersion, welcome.wireVersion <= hello.wireVersionHigh else {
      throw .init(
        .invalidValue, field: "wireVersion", offset: 0, found: "\(welcome.wireVersion)",
        expected: "\(hello.wireVersionLow) to \(hello.wireVersionHigh), as HELLO said")
    }
    phase = .over
    let established = ConnectionState.Established(
      wireVersion: welcome.wireVersion, link: hello.role, side: .opener,
      allowsMissingBodyChecksum: allowsMissingBodyChecksum)
    return [.establish(established, welcome)]
  }

  private mutating func fail(_ failure: HandshakeFailure) -> [Effect] {
    phase = .over
    return [.fail(failure)]
  }
}

/// Why a handshake came to nothing.
public enum HandshakeFailure: Error, Sendable, Equatable, CustomStringConvertible {
  case refused(Refusal)
  case silent(Duration)
  case malformed(WireError)

  public var description: String {
    switch self {
    case .refused(let refusal): "refused: \(refusal.sentence)"
    case .silent(let patience): "HELLO was not answered within \(patience.inSeconds) s"
    case .malformed(let error): "HELLO's answer was not understood: \(error)"
    }
  }
}
