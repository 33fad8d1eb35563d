/// Cuts a stream of bytes, fed in any pieces, into frames. Knows no socket.
///
/// A header is checked whole before the first byte of its body is kept, so that what a peer claims never makes us
/// allocate more than its message type's limit. After an error the stream has no frame boundaries any more: the
/// decoder repeats the error, and the connection is closed.
public struct FrameDecoder: Sendable {
  /// What may arrive now. The owner changes it between two frames, when a handshake completes.
  public var state: ConnectionState

  private let checksum: BodyChecksum
  private var head: [UInt8] = []
  private var header: FrameHeader?
  private var body: [UInt8] = []
  private var failure: WireError?

  public init(state: ConnectionState, checksum: @escaping BodyChecksum = CRC32C.body) {
    self.state = state
    self.checksum = checksum
    head.reserveCapacity(FrameHeader.byteCount)
  }

  /// Takes bytes from the front of `input` until a frame is whole (returned) or `input` is used up (`nil`).
  ///
  /// One frame a call, so that the owner may change `state`, or stop reading, between any two.
  public mutating func next(_ input: inout UnsafeRawBufferPointer) throws(WireError) -> Frame? {
    if let failure { throw failure }
    do throws(WireError) {
      return try take(&input)
    } catch {
      failure = error
      throw error
    }
  }

  /// All frames that `chunk` completes. For bytes that are at hand as an array.
  public mutating func feed(_ chunk: [UInt8]) throws(WireError) -> [Frame] {
    var frames: [Frame] = []
    var thrown: WireError?
    chunk.withUnsafeBytes { buffer in
      var input = buffer
      do throws(WireError) {
        while let frame = try next(&input) { frames.append(frame) }
      } catch { thrown = error }
    }
    if let thrown { throw thrown }
    return frames
  }

  /// Call at the end of the stream: an error when it ends inside a frame.
  public func finish() throws(WireError) {
    if let failure { throw failure }
    if let header {
      throw .init(
        .truncated, field: "body", offset: body.count, found: "\(body.count) bytes of \(header.type)",
        expected: "\(header.bodyLength)")
    }
    guard head.isEmpty else {
      throw .init(
        .truncated, field: "header", offset: head.count, found: "\(head.count) bytes",
        expected: "\(FrameHeader.byteCount)")
    }
  }

  private mutating func take(_ input: inout UnsafeRawBufferPointer) throws(WireError) -> Frame? {
    if header == nil {
      move(from: &input, to: &head, until: FrameHeader.byteCount)
      // Refuse at the first wrong byte what is no Admix stream at all: it may never send 48.
      try checkMagicSoFar()
      guard head.count == FrameHeader.byteCount else { return nil }
      header = try FrameHeader(head, in: state)
      head.removeAll(keepingCapacity: true)
    }
    guard let complete = header, let length = Int(exactly: complete.bodyLength) else { return nil }
    if body.isEmpty { body.reserveCapacity(length) }
    move(from: &input, to: &body, until: length)
    guard body.count == length else { return nil }
    if !complete.flags.contains(.withoutBodyChecksum) {
      let computed = body.withUnsafeBytes { checksum($0) }
      guard computed == complete.bodyChecksum else {
        throw .init(
          .bodyChecksum, field: "body_crc32c", offset: FrameHeader.Offset.bodyChecksum,
          found: "\(complete.bodyChecksum)", expected: "\(computed), computed over \(complete.type)'s \(length) bytes")
      }
    }
    let frame = Frame(header: complete, body: body)
    header = nil
    body = []
    return frame
  }

  private func move(from input: inout UnsafeRawBufferPointer, to kept: inout [UInt8], until count: Int) {
    let part = min(count - kept.count, input.count)
    guard part > 0 else { return }
    kept.append(contentsOf: UnsafeRawBufferPointer(rebasing: input[..<part]))
    input = UnsafeRawBufferPointer(rebasing: input[part...])
  }

  private func checkMagicSoFar() throws(WireError) {
    var expected = FrameHeader.magic
    for byte in head.prefix(4) {
      guard byte == UInt8(truncatingIfNeeded: expected) else {
        throw .init(
          .magic, field: "magic", offset: FrameHeader.Offset.magic, found: "\(Array(head.prefix(4)))",
          expected: "[65, 68, 77, 88] (\"ADMX\")")
      }
      expected >>= 8
    }
  }
}
