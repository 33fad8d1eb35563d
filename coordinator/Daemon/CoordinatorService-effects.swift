internal import CoordinatorCore
internal import Glibc
internal import Transport
internal import WireProtocol

/// What the core wants done.
extension CoordinatorService {
  /// A page of metrics or events: three quarters of a control frame's 256 KiB leave room for what describes it.
  private static let pageBytes = 3 * WireLimits.controlBodyBytes / 4

  func run(_ effect: CoordinatorEffect) {
    switch effect {
    case .send(let message, let id, let stream, let correlation, let generation):
      send(message, id, stream, correlation, generation)
    case .close(let id, let sentence): close(id, sentence)
    case .wake(let time): wake(at: time)
    case .answerMetrics(let query, let id, let correlation):
      answer(id, correlation) { try $0.metrics(query, byteCountMax: Self.pageBytes) }
    case .answerEvents(let query, let id, let correlation):
      answer(id, correlation) { try $0.events(query, byteCountMax: Self.pageBytes) }
    case .deleteArtifacts(let digests): artifacts.delete(digests)
    case .log(let line): log(line)
    }
  }

  private func send(
    _ message: CoordinatorMessage, _ id: ConnectionID, _ stream: UInt32, _ correlation: UInt64, _ generation: UInt64
  ) {
    guard let peer = peers[id] else { return }
    if case .welcome(let welcome) = message {
      peers[id]?.isAdmitted = true
      return peer.connection.admit(welcome)
    }
    do throws(TransportError) {
      try message.send(on: peer.connection, stream: stream, correlation: correlation, generation: generation)
    } catch .unsendable(let error) {
      tooLarge(message, error, id, correlation: correlation, generation: generation)
    } catch {
      // It closed meanwhile; its `onClose` tells the core.
    }
  }

  /// A message that its receiver would have to refuse: whoever waits for it hears why.
  private func tooLarge(
    _ message: CoordinatorMessage, _ error: WireError, _ id: ConnectionID, correlation: UInt64, generation: UInt64
  ) {
    log("a message for \(id) cannot be sent: \(error)")
    if correlation != 0 {
      reply(
        RequestFailed(reason: .storage, sentence: "The answer does not fit a control frame (\(error))."), id,
        correlation)
    } else if case .assign(let assign) = message {
      take(
        .workerSaid(
          id, generation: generation,
          .runnerExited(
            RunnerExited(
              assignment: assign.assignment, status: -1, signal: 0,
              lastLines: "the assignment does not fit a control frame: \(error). Give the job fewer or larger files"))))
    }
  }

  func reply<Message: WireMessage>(_ message: Message, _ id: ConnectionID, _ correlation: UInt64) {
    guard let connection = peers[id]?.connection else { return }
    do throws(TransportError) {
      try connection.send(message, correlation: correlation)
    } catch {
      log("an answer for \(id) was not sent: \(error)")
    }
  }

  private func close(_ id: ConnectionID, _ sentence: String) {
    guard let peer = peers[id] else { return }
    if peer.isAdmitted {
      peer.connection.close(sentence)
    } else {
      peer.connection.refuse(Refusal(reason: .draining, sentence: sentence))
    }
  }

  private func answer<Page: WireMessage>(
    _ id: ConnectionID, _ correlation: UInt64, _ query: @escaping @Sendable (JournalReading) throws -> Page
  ) {
    let bound = LoopBound(self, loop: loop)
    journal.read(query) { [loop] result in
      loop.execute {
        switch result {
        case .success(let page): bound.value.reply(page, id, correlation)
        case .failure(let error):
          bound.value.reply(RequestFailed(reason: .storage, sentence: "\(error)"), id, correlation)
        }
      }
    }
  }
}

extension CoordinatorMessage {
  func send(
    on connection: Connection, stream: UInt32, correlation: UInt64, generation: UInt64
  ) throws(TransportError) {
    func send(_ message: some WireMessage) throws(TransportError) {
      try connection.send(message, stream: stream, correlation: correlation, generation: generation)
    }
    switch self {
    case .welcome: preconditionFailure("WELCOME goes through the handshake")
    case .heartbeatAcknowledged(let message): try send(message)
    case .assign(let message): try send(message)
    case .revoke(let message): try send(message)
    case .reportState(let message): try send(message)
    case .plan(let message): try send(message)
    case .commit(let message): try send(message)
    case .evaluate(let message): try send(message)
    case .copyState(let message): try send(message)
    case .hashState(let message): try send(message)
    case .saveCheckpoint(let message): try send(message)
    case .finish(let message): try send(message)
    case .submitted(let message): try send(message)
    case .requestFailed(let message): try send(message)
    case .acknowledged(let message): try send(message)
    case .clusterStatus(let message): try send(message)
    case .jobDetail(let message): try send(message)
    }
  }
}

/// The wall clock, which is only shown, never decided by.
func unixMilliseconds() -> UInt64 {
  var now = timespec()
  clock_gettime(CLOCK_REALTIME, &now)
  return UInt64(clamping: now.tv_sec) * 1000 + UInt64(clamping: now.tv_nsec / 1_000_000)
}
