internal import Dispatch
internal import Synchronization
internal import Transport
internal import WireProtocol

/// A connection to the coordinator for a thread that may wait: `send` returns when the frame was queued, `receive` when
/// one came. One thread at a time; `close` may come from any.
final class BlockingConnection: Sendable {
  let welcome: Welcome
  private let connection: Connection
  private let loop: EventLoop
  private let mailbox: Mailbox

  /// Frames and the connection's end, from the loop's thread to the waiting one.
  private final class Mailbox: Sendable {
    struct State {
      var frames: [Frame] = []
      var failure: ClientError?
      var isWritable = true
    }
    let state = Mutex(State())
    let changed = DispatchSemaphore(value: 0)

    func change(_ body: (inout State) -> Void) {
      state.withLock { body(&$0) }
      changed.signal()
    }

    /// Waits until `take` gives something.
    func wait<Result>(until deadline: MonotonicTime, _ take: (inout State) -> Result?) -> Result? {
      while true {
        if let result = state.withLock({ take(&$0) }) { return result }
        let left = deadline.elapsed(since: EventLoop.now)
        guard left > .zero else { return nil }
        _ = changed.wait(timeout: .now() + .nanoseconds(Int(clamping: left.wholeNanoseconds)))
      }
    }
  }

  /// Connects and shakes hands. Throws `.unreachable` and `.refused`.
  init(to address: String, hello: Hello, loop: EventLoop, timeout: Duration) throws(ClientError) {
    let endpoint: Endpoint
    do throws(TransportError) {
      endpoint = try Endpoint(address, defaultPort: 7450)
    } catch {
      throw ClientError(.address, "\(error)")
    }
    let mailbox = Mailbox()
    let outcome = Mutex<Result<(Connection, Welcome), TransportError>?>(nil)
    let done = DispatchSemaphore(value: 0)
    let accepted = loop.execute {
      Connection.open(to: endpoint, hello: hello, loop: loop, timeout: timeout) { result in
        if case .success((let connection, _)) = result {
          connection.consumesOnReceipt = false
          connection.onFrame = { frame in mailbox.change { $0.frames.append(frame) } }
          connection.onWritable = { mailbox.change { $0.isWritable = true } }
          connection.onClose = { reason in
            mailbox.change { $0.failure = $0.failure ?? ClientError(closing: reason, coordinator: address) }
          }
        }
        outcome.withLock { $0 = result }
        done.signal()
      }
    }
    // Connecting and the handshake have the timeout each; beyond both the loop itself is stuck.
    guard accepted, done.wait(timeout: .now() + timeout.inSeconds * 2 + 5) == .success,
      let result = outcome.withLock({ $0 })
    else { throw ClientError(.unreachable, "coordinator \(address) did not answer within \(timeout.inSeconds) s") }
    do throws(TransportError) {
      (connection, welcome) = try result.get()
    } catch {
      throw ClientError(connecting: error, coordinator: address)
    }
    self.loop = loop
    self.mailbox = mailbox
  }

  /// Queues the message; waits while the queue is full. Throws `.timedOut` when the peer takes nothing for `timeout`.
  func send<Message: WireMessage>(
    _ message: Message, correlation: UInt64 = 0, timeout: Duration
  ) throws(ClientError) {
    let deadline = EventLoop.now + timeout
    while true {
      let outcome = Mutex<Result<Void, TransportError>?>(nil)
      let done = DispatchSemaphore(value: 0)
      let (connection, mailbox) = (connection, mailbox)
      let accepted = loop.execute {
        do throws(TransportError) {
          try connection.send(message, correlation: correlation)
          outcome.withLock { $0 = .success(()) }
        } catch {
          if case .queueFull = error { mailbox.state.withLock { $0.isWritable = false } }
          outcome.withLock { $0 = .failure(error) }
        }
        done.signal()
      }
      guard accepted else { throw ClientError(.connectionLost, "the connection is closed") }
      done.wait()
      do throws(TransportError) {
        try outcome.withLock { $0 }?.get()
        return
      } catch .queueFull {
        let free = mailbox.wait(until: deadline) { $0.isWritable || $0.failure != nil ? true : nil }
        guard free != nil else {
          throw ClientError(.timedOut, "\(connection.peer) has taken nothing for \(timeout.inSeconds) s")
        }
      } catch {
        if let failure = mailbox.state.withLock({ $0.failure }) { throw failure }
        if case .unsendable = error { throw ClientError(.requestFailed, "\(error)", requestFailure: .malformed) }
        throw ClientError(.connectionLost, "\(error)")
      }
    }
  }

  /// The next frame. Throws `.timedOut`, or why the connection ended once all frames before that were received.
  func receive(timeout: Duration) throws(ClientError) -> Frame {
    let deadline = EventLoop.now + timeout
    let next: Result<Frame, ClientError>? = mailbox.wait(until: deadline) { state in
      if !state.frames.isEmpty { return .success(state.frames.removeFirst()) }
      return state.failure.map { .failure($0) }
    }
    guard let next else {
      throw ClientError(.timedOut, "\(connection.peer) has not answered within \(timeout.inSeconds) s")
    }
    return try next.get()
  }

  /// The same for a wait that its owner may give up: asks a few times a second whether it has.
  func receive(timeout: Duration, isCancelled: () -> Bool) throws(ClientError) -> Frame {
    let deadline = EventLoop.now + timeout
    while true {
      if isCancelled() { throw ClientError(.cancelled, "the transfer was cancelled") }
      let left = deadline.elapsed(since: EventLoop.now)
      do throws(ClientError) {
        return try receive(timeout: min(left, .milliseconds(250)))
      } catch where error.code == .timedOut && left > .milliseconds(250) {
        continue
      }
    }
  }

  /// A frame that is here already.
  func receiveIfAny() -> Frame? {
    mailbox.state.withLock { $0.frames.isEmpty ? nil : $0.frames.removeFirst() }
  }

  /// The frame's memory is free again: the peer may send as much more.
  func consumed(_ frame: Frame) {
    let connection = connection
    loop.execute { connection.consumed(frame) }
  }

  func close(_ sentence: String) {
    let connection = connection
    mailbox.change { $0.failure = $0.failure ?? ClientError(.connectionLost, sentence) }
    loop.execute { connection.close(sentence) }
  }
}

extension ClientError {
  init(connecting error: TransportError, coordinator: String) {
    switch error {
    case .badAddress: self.init(.address, "\(error)")
    case .closed(let reason): self.init(closing: reason, coordinator: coordinator)
    default:
      self.init(.unreachable, "no coordinator at \(coordinator): \(error)")
    }
  }

  init(closing reason: CloseReason, coordinator: String) {
    switch reason.cause {
    case .handshake(.refused(let refusal)):
      self.init(.refused, "coordinator \(coordinator) refused: \(refusal.sentence)", refusal: refusal.reason)
    case .handshake:
      self.init(.unreachable, "what listens at \(coordinator) is no Admix coordinator: \(reason)")
    case .malformed(let error): self.init(.malformedAnswer, "coordinator \(coordinator): \(error)")
    default: self.init(.connectionLost, "coordinator \(coordinator): \(reason)")
    }
  }
}
