internal import Synchronization
internal import Transport
internal import WireProtocol

/// The control connection of a client: one question at a time, each connection made when it is needed.
final class ControlChannel: Sendable {
  let loop: EventLoop
  private let options: ClientOptions
  private let boot = Token128.random()

  private struct State {
    var connection: BlockingConnection?
    var cluster = Token128.zero
    var nextCorrelation: UInt64 = 1
  }
  /// Held during a question, so that questions of several threads follow one another.
  private let question = Mutex(())
  private let state = Mutex(State())
  private let isClosed = Atomic(false)

  init(_ options: ClientOptions) throws(ClientError) {
    self.options = options
    loop = EventLoop(name: "client")
    loop.start()
  }

  deinit { loop.stop() }

  var cluster: Token128 { state.withLock { $0.cluster } }

  func hello(_ role: Role) -> Hello {
    Hello(
      wireVersionLow: WireVersion.oldestSpoken, wireVersionHigh: WireVersion.current, role: role, boot: boot,
      build: options.build, numericsVersion: options.numericsVersion)
  }

  /// The connection, made now if there is none.
  @discardableResult
  func connect() throws(ClientError) -> BlockingConnection {
    guard !isClosed.load(ordering: .relaxed) else {
      throw ClientError(.connectionLost, "the connection was closed here")
    }
    if let connection = state.withLock({ $0.connection }) { return connection }
    let connection = try BlockingConnection(
      to: options.address, hello: hello(.client), loop: loop, timeout: options.connectTimeout)
    state.withLock {
      $0.connection = connection
      $0.cluster = connection.welcome.cluster
    }
    return connection
  }

  func request<Request: WireMessage, Answer: WireMessage>(
    _ request: Request, answer: Answer.Type, timeout: Duration
  ) throws(ClientError) -> Answer {
    let result: Result<Answer, ClientError> = question.withLock { _ in
      // Once more on a new connection: the old one may have died with an earlier coordinator, unseen until now.
      do throws(ClientError) {
        return .success(try ask(request, answer: answer, timeout: timeout))
      } catch  where error.code == .connectionLost && !isClosed.load(ordering: .relaxed) {
        forget()
        do throws(ClientError) {
          return .success(try ask(request, answer: answer, timeout: timeout))
        } catch { return .failure(error) }
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  func close() {
    isClosed.store(true, ordering: .relaxed)
    state.withLock { $0.connection.take() }?.close("the client is done")
    loop.stop()
  }

  private func ask<Request: WireMessage, Answer: WireMessage>(
    _ request: Request, answer: Answer.Type, timeout: Duration
  ) throws(ClientError) -> Answer {
    let connection = try connect()
    let correlation = state.withLock { state in
      defer { state.nextCorrelation &+= 1 }
      return state.nextCorrelation
    }
    do throws(ClientError) {
      try connection.send(request, correlation: correlation, timeout: timeout)
      let deadline = EventLoop.now + timeout
      while true {
        let frame = try connection.receive(timeout: deadline.elapsed(since: EventLoop.now))
        // An answer that an earlier question no longer waited for.
        guard frame.header.correlation == correlation else { continue }
        return try decode(frame)
      }
    } catch {
      // A connection that broke is of no use to the next question; one that answered is.
      if error.code == .connectionLost || error.code == .timedOut || error.code == .malformedAnswer { forget() }
      throw error
    }
  }

  private func decode<Answer: WireMessage>(_ frame: Frame) throws(ClientError) -> Answer {
    let failed: RequestFailed
    do throws(WireError) {
      guard frame.type == .requestFailed else { return try frame.decode(Answer.self) }
      failed = try frame.decode(RequestFailed.self)
    } catch {
      throw ClientError(.malformedAnswer, "coordinator \(options.address): \(error)")
    }
    throw ClientError(.requestFailed, failed.sentence, requestFailure: failed.reason)
  }

  private func forget() { state.withLock { $0.connection.take() }?.close("asking again") }
}

extension Token128 {
  static func random() -> Token128 {
    Token128(high: .random(in: 1 ... .max), low: .random(in: 0 ... .max))
  }
}
