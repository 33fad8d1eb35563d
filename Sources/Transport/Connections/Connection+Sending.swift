public import WireProtocol

extension Connection {
  /// Bytes that a peer has not taken yet: queued here or handed to the kernel and not accepted.
  public var queuedBytes: Int { outgoing.queuedBytes + bytesInFlight }

  /// The most that may be queued: memory that a slow reader can cost.
  public var queueLimit: Int {
    established?.link.isFlowControlled == true ? WireLimits.bulkQueueBytes : WireLimits.controlQueueBytes
  }

  /// Whether a whole bulk frame would be taken now. Once it was false, `onWritable` says when half the queue has left.
  public var isWritable: Bool {
    loop.preconditionOnLoop()
    guard isOpen, closingSentence == nil else { return false }
    let writable = queuedBytes + WireLimits.bulkBodyBytes + FrameHeader.byteCount <= queueLimit
    if !writable { wasFull = true }
    return writable
  }

  /// Sends `message`; throws `.unsendable` when a peer would have to refuse it. With `packed`, lz4 where it gains.
  public func send<Message: WireMessage>(
    _ message: Message, stream: UInt32 = 0, correlation: UInt64 = 0, generation: UInt64 = 0, packed: Bool = false
  ) throws(TransportError) {
    let frame: Frame
    do throws(WireError) {
      // The checksum comes when it is known whether one is due (`prepared`).
      frame = try Frame(
        fitting: message, stream: stream, correlation: correlation, generation: generation, bodyChecksum: false)
    } catch {
      throw .unsendable(error)
    }
    try send(packed ? frame.packed() : frame)
  }

  /// Queues `frame` and sends what may leave.
  ///
  /// Throws `.queueFull` on a flow-controlled connection whose queue is at its limit (the frame is not taken), and
  /// `.closed` when the connection is. A control peer that lets the queue grow to its limit is closed instead.
  public func send(_ frame: Frame) throws(TransportError) {
    loop.preconditionOnLoop()
    if let closeReason { throw .closed(closeReason) }
    if let closingSentence { throw .closed(CloseReason(peer: peer, cause: .local(closingSentence))) }
    guard let established else { preconditionFailure("\(frame.type) before the handshake was done") }
    guard frame.type.mayArrive(at: established.side == .opener ? .acceptor : .opener, of: established.link) else {
      preconditionFailure("\(frame.type) does not travel from the \(established.side) of a \(established.link) link")
    }
    if queuedBytes + frame.wireBytes > queueLimit {
      if established.link.isFlowControlled {
        wasFull = true
        throw .queueFull(queuedBytes: queuedBytes, limit: queueLimit)
      }
      let queued = queuedBytes
      finish(.peerTooSlow(queuedBytes: queued))
      throw .closed(CloseReason(peer: peer, cause: .peerTooSlow(queuedBytes: queued)))
    }
    outgoing.push(
      frame.prepared(
        wireVersion: established.wireVersion, bodyChecksum: !established.allowsMissingBodyChecksum,
        by: bodyChecksum))
    counters.queuedBytesMax = max(counters.queuedBytesMax, queuedBytes)
    pump()
  }

  /// Frames handed to the kernel in one write: enough to make system calls cheap, little enough that a write in flight
  /// does not hide how much is queued.
  static let batchBytes = 256 * 1024

  /// Hands the kernel what may leave. One write at a time: while it is under way, small frames gather for the next.
  func pump() {
    guard isOpen, bytesInFlight == 0 else { return }
    let batch = outgoing.take(upTo: Connection.batchBytes, wireVersion: established?.wireVersion ?? WireVersion.current)
    guard !batch.isEmpty else { return finishClosingIfDone() }
    let bytes = copy(batch)
    let count = bytes.count
    bytesInFlight = count
    counters.framesSent += UInt64(batch.count)
    counters.bytesSent += UInt64(count)
    stream.write(bytes) { status in
      self.bytesInFlight = 0
      guard self.isOpen else { return }
      if status != 0 { return self.finish(.broken(uvMessage(status))) }
      self.pump()
      self.announceWritable()
    }
  }

  private func announceWritable() {
    guard wasFull, queuedBytes <= queueLimit / 2 else { return }
    wasFull = false
    onWritable?()
  }

  private func finishClosingIfDone() {
    guard let closingSentence, outgoing.isEmpty else { return }
    finish(.local(closingSentence))
  }
}
