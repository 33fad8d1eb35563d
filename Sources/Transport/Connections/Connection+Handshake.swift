public import WireProtocol

/// Drives one of the two handshake machines of WireProtocol for a connection.
final class HandshakeDriver {
  enum Side {
    case server(ServerHandshake, onHello: (Hello) -> Void)
    case client(ClientHandshake, completion: (Result<Welcome, TransportError>) -> Void)
  }
  var side: Side
  private var timer: LoopTimer?

  init(_ side: Side) { self.side = side }

  /// Who waits for the answer to a HELLO of ours.
  var completion: ((Result<Welcome, TransportError>) -> Void)? {
    if case .client(_, let completion) = side { return completion }
    return nil
  }

  var isServer: Bool {
    if case .server = side { return true }
    return false
  }

  func wake(_ loop: EventLoop, at time: MonotonicTime, _ action: @escaping () -> Void) {
    cancelTimer()
    timer = loop.schedule(at: time, action)
  }

  func cancelTimer() {
    timer?.cancel()
    timer = nil
  }
}

extension Connection {
  /// Accepting side: waits for HELLO and checks it against `policy`. `onHello` is called with one that passed; answer
  /// it, then or later, with `admit` or `refuse`. What does not pass is refused and closed here.
  public func awaitHello(_ policy: ServerHandshake.Policy, onHello: @escaping (Hello) -> Void) {
    loop.preconditionOnLoop()
    precondition(established == nil && handshake == nil, "one handshake a connection")
    decoder.state = .awaitingHello
    handshake = HandshakeDriver(.server(ServerHandshake(policy: policy), onHello: onHello))
    drive(.opened)
    startReading()
  }

  /// Answers a HELLO; from now on frames flow. `welcome.wireVersion` is set to the version both speak.
  public func admit(_ welcome: Welcome) {
    loop.preconditionOnLoop()
    guard isOpen else { return }
    drive(.admitted(welcome))
  }

  /// Answers a HELLO with the reason why not, and closes.
  public func refuse(_ refusal: Refusal) {
    loop.preconditionOnLoop()
    guard isOpen else { return }
    drive(.turnedAway(refusal))
  }

  /// Opening side: says HELLO and waits for the answer. `completion` is called once, before `onClose` when the answer
  /// is no; set the handlers in it.
  /// `checksums: false` only on a socketpair.
  public func sayHello(
    _ hello: Hello, patience: Duration = .seconds(5), checksums: Bool = true,
    completion: @escaping (Result<Welcome, TransportError>) -> Void
  ) {
    loop.preconditionOnLoop()
    precondition(established == nil && handshake == nil, "one handshake a connection")
    decoder.state = .awaitingAnswer
    let machine = ClientHandshake(hello: hello, patience: patience, allowsMissingBodyChecksum: !checksums)
    handshake = HandshakeDriver(.client(machine, completion: completion))
    driveClient(.opened)
    startReading()
  }

  func advanceHandshake(_ frame: Frame) {
    guard let handshake else { return }
    switch handshake.side {
    case .server: drive(.frameReceived(frame))
    case .client: driveClient(.frameReceived(frame))
    }
  }

  private func drive(_ event: ServerHandshake.Event) {
    guard let handshake, case .server(var machine, let onHello) = handshake.side else { return }
    let effects = machine.handle(event, now: loop.now)
    handshake.side = .server(machine, onHello: onHello)
    for effect in effects where isOpen {
      switch effect {
      case .wakeAt(let time): handshake.wake(loop, at: time) { self.drive(.timePassed) }
      case .decide(let hello, _):
        handshake.cancelTimer()
        onHello(hello)
      case .send(let frame): write(frame)
      case .establish(let state): establish(state)
      case .close(let sentence): closeAfterWriting(sentence)
      }
    }
  }

  private func driveClient(_ event: ClientHandshake.Event) {
    guard let handshake, case .client(var machine, let completion) = handshake.side else { return }
    let effects = machine.handle(event, now: loop.now)
    handshake.side = .client(machine, completion: completion)
    for effect in effects where isOpen {
      switch effect {
      case .wakeAt(let time): handshake.wake(loop, at: time) { self.driveClient(.timePassed) }
      case .send(let frame): write(frame)
      case .establish(let state, let welcome):
        establish(state)
        completion(.success(welcome))
      case .fail(let failure): finish(.handshake(failure))
      }
    }
  }

  private func establish(_ state: ConnectionState.Established) {
    handshake?.cancelTimer()
    handshake = nil
    established = state
    decoder.state = .established(state)
    if state.link.isFlowControlled { outgoing.openFlowControl() }
  }

  private func write(_ frame: Frame) {
    outgoing.push(frame)
    pump()
  }

  private func closeAfterWriting(_ sentence: String) {
    handshake?.cancelTimer()
    close(sentence)
  }
}
