import WireProtocol

extension Frame {
  /// What the frame takes from the sender's credit: its raw length when it is of the bulk class, for that is what the
  /// receiver must hold; control frames are exempt, or a grant could wait behind what it grants.
  var creditCost: Int { header.type.sizeClass == .bulk ? Int(clamping: header.rawLength) : 0 }

  var wireBytes: Int { FrameHeader.byteCount + body.count }
}

/// What waits to be sent on a connection, in order, and the credit it waits for. Knows no socket.
struct OutgoingQueue {
  private var frames: [Frame] = []
  private var head = 0
  /// Bytes of the frames in the queue, headers included.
  private(set) var queuedBytes = 0
  /// What the peer lets us send; `nil` on connections without flow control.
  private(set) var credit: Int?
  /// A grant of ours to the peer that has not left yet. It overtakes the queue: nothing else can unblock the peer.
  private(set) var pendingGrant = 0

  var isEmpty: Bool { head == frames.count && pendingGrant == 0 }
  var count: Int { frames.count - head }

  mutating func openFlowControl() { credit = WireLimits.initialCreditBytes }

  mutating func push(_ frame: Frame) {
    frames.append(frame)
    queuedBytes += frame.wireBytes
  }

  mutating func grant(_ bytes: Int) { pendingGrant += bytes }

  /// A CREDIT of the peer's.
  mutating func receive(_ grant: Credit) throws(WireError) {
    guard let credit else {
      throw .init(
        .flowControl, field: "credit", offset: 0, found: "a grant", expected: "none on this kind of connection")
    }
    let (sum, overflow) = credit.addingReportingOverflow(Int(clamping: grant.byteCount))
    guard !overflow, sum <= WireLimits.creditBytesOutstanding else {
      throw .init(
        .flowControl, field: "byteCount", offset: 0, found: "\(credit) + \(grant.byteCount) bytes of credit",
        expected: "at most \(WireLimits.creditBytesOutstanding)")
    }
    self.credit = sum
  }

  /// The next frames that may leave: at least one if any may, more while together they stay below `limit` bytes.
  mutating func take(upTo limit: Int, wireVersion: UInt8) -> [Frame] {
    var batch: [Frame] = []
    var bytes = 0
    if pendingGrant > 0 {
      let grant = Frame(Credit(byteCount: UInt32(clamping: pendingGrant)), wireVersion: wireVersion)
      pendingGrant = 0
      batch.append(grant)
      bytes += grant.wireBytes
    }
    while head < frames.count {
      let frame = frames[head]
      if let credit, frame.creditCost > credit { break }
      if !batch.isEmpty, bytes + frame.wireBytes > limit { break }
      credit = credit.map { $0 - frame.creditCost }
      bytes += frame.wireBytes
      queuedBytes -= frame.wireBytes
      batch.append(frame)
      // A frame that left must not be kept alive by its old place.
      frames[head].body = []
      head += 1
    }
    // Moving the rest now and then costs less than a deque.
    if head > 64 || head == frames.count {
      frames.removeFirst(head)
      head = 0
    }
    return batch
  }

  mutating func removeAll() {
    frames = []
    head = 0
    queuedBytes = 0
    pendingGrant = 0
  }
}

/// The receiver's side of the credit: what the peer may still send, and what was consumed but not granted again.
struct IncomingCredit {
  private(set) var outstanding = WireLimits.initialCreditBytes
  private var consumed = 0

  /// Grants go out one body at a time: one small frame for each megabyte, and the peer always has three bodies left.
  static let grantBytes = WireLimits.bulkBodyBytes

  mutating func receive(_ frame: Frame) throws(WireError) {
    guard frame.creditCost <= outstanding else {
      throw .init(
        .flowControl, field: "raw_len", offset: FrameHeader.Offset.rawLength,
        found: "\(frame.creditCost) bytes", expected: "at most \(outstanding), the credit that is left")
    }
    outstanding -= frame.creditCost
  }

  /// What to grant now that `bytes` more were consumed; 0 for nothing yet.
  mutating func consume(_ bytes: Int) -> Int {
    consumed += bytes
    guard consumed >= IncomingCredit.grantBytes else { return 0 }
    defer { consumed = 0 }
    outstanding += consumed
    return consumed
  }
}
