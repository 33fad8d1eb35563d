import CLibUV
public import WireProtocol

/// A connection that carries frames. Belongs to its loop's thread: every member is used there, but for `loop`, `peer`.
///
/// The owner sets the handlers, lets the handshake run (`Connection+Handshake.swift`), then sends and receives.
/// `onClose` is called exactly once, whatever happens; afterwards `send` throws.
///
/// `@unchecked Sendable` is true because all mutable state is touched only on the loop's thread, which every public
/// member checks.
public final class Connection: @unchecked Sendable {
  public let loop: EventLoop
  public let peer: Endpoint
  /// Our end's address, for `--advertise`'s default; `nil` for Unix sockets and pairs.
  public let local: Endpoint?

  /// A frame, its body unpacked. CREDIT and GOODBYE are the connection's own and do not come here.
  public var onFrame: ((Frame) -> Void)?
  public var onClose: ((CloseReason) -> Void)?
  /// The queue has room again after `send` or `isWritable` said that it had none.
  public var onWritable: (() -> Void)?
  /// False: what was received counts as consumed only when the owner says `consumed(frame)`.
  public var consumesOnReceipt = true

  public internal(set) var counters = ConnectionCounters()
  /// What was agreed in the handshake.
  public internal(set) var established: ConnectionState.Established?
  public internal(set) var closeReason: CloseReason?

  let stream: ByteStream
  var decoder: FrameDecoder
  var outgoing = OutgoingQueue()
  var incoming = IncomingCredit()
  var handshake: HandshakeDriver?
  var goodbye: String?
  var bytesInFlight = 0
  var wasFull = false
  var closingSentence: String?
  private var unread: [UInt8] = []
  private var isPaused = false
  private var isDecoding = false

  init(stream: ByteStream, peer: Endpoint, local: Endpoint?) {
    self.stream = stream
    self.loop = stream.loop
    self.peer = peer
    self.local = local
    decoder = FrameDecoder(state: .awaitingHello, checksum: bodyChecksum)
    stream.onBytes = { bytes in
      self.counters.bytesReceived += UInt64(bytes.count)
      self.receive(bytes)
    }
    stream.onEnd = { status in self.streamEnded(status) }
    stream.onLoopEnd = { self.finish(.loopEnded) }
  }

  /// Takes over one end of a socketpair (or any connected stream socket). `name` says who is at the other end.
  public static func adopt(fileDescriptor: CInt, name: String, loop: EventLoop) throws(TransportError) -> Connection {
    let stream = ByteStream(loop: loop, kind: .unix)
    let status = uv_pipe_open(stream.pipe, fileDescriptor)
    guard status == 0 else {
      stream.close()
      throw .system(call: "taking over descriptor \(fileDescriptor)", reason: uvMessage(status))
    }
    return Connection(stream: stream, peer: .pair(name), local: nil)
  }

  public var isOpen: Bool { closeReason == nil }

  // MARK: Reading

  /// Stops `onFrame` after the current one, and soon the peer.
  public func pauseReading() {
    loop.preconditionOnLoop()
    isPaused = true
    stream.stopReading()
  }

  public func resumeReading() {
    loop.preconditionOnLoop()
    guard isPaused else { return }
    isPaused = false
    guard isOpen, !isDecoding else { return }
    if unread.isEmpty { return stream.startReading() }
    // What was left goes first, but not inside this call: the owner may hold its own state half changed.
    loop.schedule(after: .zero) { self.receiveUnread() }
  }

  /// With `consumesOnReceipt` off: the frame's memory is free again, and the peer may send as much more.
  public func consumed(_ frame: Frame) { consumed(byteCount: frame.creditCost) }

  public func consumed(byteCount: Int) {
    loop.preconditionOnLoop()
    guard isOpen, let established, established.link.isFlowControlled else { return }
    let grant = incoming.consume(byteCount)
    guard grant > 0 else { return }
    outgoing.grant(grant)
    pump()
  }

  func startReading() { if !isPaused { stream.startReading() } }

  private func receiveUnread() {
    guard !isPaused, isOpen else { return }
    let bytes = unread
    unread = []
    bytes.withUnsafeBytes { receive($0) }
    if !isPaused, isOpen { stream.startReading() }
  }

  private func receive(_ bytes: UnsafeRawBufferPointer) {
    guard isOpen else { return }
    var input = bytes
    isDecoding = true
    defer { isDecoding = false }
    do throws(WireError) {
      while isOpen, closingSentence == nil, !isPaused, let frame = try decoder.next(&input) {
        counters.framesReceived += 1
        try receive(frame)
      }
    } catch {
      refuse(error)
    }
    if isOpen, closingSentence == nil, !input.isEmpty { unread.append(contentsOf: input) }
  }

  private func receive(_ frame: Frame) throws(WireError) {
    if handshake != nil { return advanceHandshake(frame) }
    if established?.link.isFlowControlled == true { try incoming.receive(frame) }
    switch frame.type {
    case .credit:
      try outgoing.receive(try frame.unpacked().decode(Credit.self))
      pump()
    case .goodbye:
      goodbye = try frame.unpacked().decode(Goodbye.self).sentence
    default:
      let unpacked = try frame.unpacked()
      onFrame?(unpacked)
      if consumesOnReceipt { consumed(byteCount: frame.creditCost) }
    }
  }

  // MARK: Ending

  /// Closes after what is queued has left, and says `sentence` to the peer; gives up after two seconds.
  public func close(_ sentence: String) {
    loop.preconditionOnLoop()
    guard isOpen, closingSentence == nil else { return }
    closingSentence = sentence
    stream.stopReading()
    if let established, handshake == nil {
      outgoing.push(
        Frame(Goodbye(sentence: sentence), wireVersion: established.wireVersion)
          .prepared(
            wireVersion: established.wireVersion, bodyChecksum: !established.allowsMissingBodyChecksum,
            by: bodyChecksum))
    }
    let timer = loop.schedule(after: .seconds(2)) { self.finish(.local(sentence)) }
    let onClose = self.onClose
    self.onClose = { reason in
      timer.cancel()
      onClose?(reason)
    }
    pump()
  }

  /// Closes at once; what is queued is dropped.
  public func abort(_ sentence: String) {
    loop.preconditionOnLoop()
    finish(.local(sentence))
  }

  private func streamEnded(_ status: CInt) {
    if status != 0 { return finish(.broken(uvMessage(status))) }
    do throws(WireError) {
      try decoder.finish()
      finish(.ended(goodbye: goodbye))
    } catch {
      finish(.malformed(error))
    }
  }

  /// Tells the peer what it sent wrong, if it still listens, and closes.
  private func refuse(_ error: WireError) {
    let farewell: Frame? =
      if let established {
        Frame(Goodbye(sentence: "\(error)"), wireVersion: established.wireVersion)
      } else if handshake?.isServer == true {
        Frame(Refusal(reason: .malformed, sentence: "\(error)"))
      } else {
        nil
      }
    finish(.malformed(error), farewell: farewell)
  }

  func finish(_ cause: CloseReason.Cause, farewell: Frame? = nil) {
    guard isOpen else { return }
    let reason = CloseReason(peer: peer, cause: cause)
    closeReason = reason
    let completion = handshake?.completion
    handshake?.cancelTimer()
    handshake = nil
    outgoing.removeAll()
    unread = []
    stream.stopReading()
    if let farewell, cause != .loopEnded {
      // Best effort: a peer that does not read loses it after a second.
      let stream = self.stream
      let timer = loop.schedule(after: .seconds(1)) { stream.close() }
      stream.write(copy([farewell])) { _ in
        timer.cancel()
        stream.close()
      }
    } else {
      stream.close()
    }
    let onClose = self.onClose
    self.onClose = nil
    onFrame = nil
    onWritable = nil
    completion?(.failure(.closed(reason)))
    onClose?(reason)
  }

  /// The frames' bytes, in memory of their own.
  func copy(_ frames: [Frame]) -> UnsafeMutableRawBufferPointer {
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: frames.reduce(0) { $0 + $1.wireBytes }, alignment: 16)
    var offset = 0
    for frame in frames {
      for part in [frame.header.encoded(), frame.body] {
        UnsafeMutableRawBufferPointer(rebasing: bytes[offset..<offset + part.count]).copyBytes(from: part)
        offset += part.count
      }
    }
    return bytes
  }
}

/// What went through a connection. Bytes include headers, and are those on the wire.
public struct ConnectionCounters: Sendable, Equatable {
  public var bytesSent: UInt64 = 0
  public var bytesReceived: UInt64 = 0
  public var framesSent: UInt64 = 0
  public var framesReceived: UInt64 = 0
  /// The most that was ever queued: what a slow peer cost us.
  public var queuedBytesMax = 0
  public init() {}
}
