public import WireProtocol

/// Sends one blob in pieces, without I/O: what to read next, what to send next. One read is under way at a time.
///
/// To upload (`init(uploading:…)`): PUT_ARTIFACT, the store's ARTIFACT_OFFSET, pieces, ARTIFACT_STORED. To serve a
/// GET_ARTIFACT (`init(serving:…)`): pieces at once. The owner carries out `read` when its connection is writable.
public struct ArtifactSender: Sendable {
  public enum Event: Sendable, Equatable {
    case begin
    case offsetReceived(ArtifactOffset)
    /// What `read` asked for.
    case bytesRead([UInt8])
    case storedReceived(ArtifactStored)
    case failedReceived(ArtifactFailed)
  }

  public enum Effect: Sendable, Equatable {
    case put(PutArtifact)
    case read(offset: UInt64, count: Int)
    case send(ArtifactChunk)
    case done
    case fail(ArtifactError)
  }

  private enum Phase: Equatable {
    case idle, awaitingOffset
    case sending(next: UInt64)
    case awaitingStored
    case over
  }

  public let digest: Digest
  public let byteCount: UInt64
  private let isUpload: Bool
  private let start: UInt64
  private var phase = Phase.idle

  public init(uploading digest: Digest, byteCount: UInt64) {
    self.digest = digest
    self.byteCount = byteCount
    isUpload = true
    start = 0
  }

  public init(serving request: GetArtifact, byteCount: UInt64) {
    digest = request.digest
    self.byteCount = byteCount
    isUpload = false
    start = request.offset
  }

  public mutating func handle(_ event: Event) -> [Effect] {
    switch (event, phase) {
    case (.begin, .idle):
      guard isUpload else { return read(from: start) }
      phase = .awaitingOffset
      return [.put(PutArtifact(digest: digest, byteCount: byteCount))]
    case (.offsetReceived(let answer), .awaitingOffset) where answer.digest == digest:
      if answer.complete { return end(.done) }
      return read(from: answer.offset)
    case (.bytesRead(let bytes), .sending(let next)):
      return send(bytes, at: next)
    case (.storedReceived(let answer), .awaitingStored) where answer.digest == digest:
      return end(.done)
    case (.failedReceived(let failure), _) where failure.digest == digest && phase != .over:
      return end(.fail(.failedByPeer(failure.message)))
    default:
      return []
    }
  }

  private mutating func read(from offset: UInt64) -> [Effect] {
    guard offset <= byteCount else {
      return end(.fail(.outOfOrder(field: "offset", found: "\(offset)", expected: "at most \(byteCount)")))
    }
    phase = .sending(next: offset)
    // At the end as well: the empty piece says that there is no more, also of a blob without bytes.
    return [.read(offset: offset, count: count(from: offset))]
  }

  private mutating func send(_ bytes: [UInt8], at offset: UInt64) -> [Effect] {
    let expected = count(from: offset)
    guard bytes.count == expected else {
      return end(
        .fail(
          .outOfOrder(field: "file", found: "\(bytes.count) bytes at \(offset)", expected: "\(expected): it changed")))
    }
    let next = offset + UInt64(bytes.count)
    let piece = ArtifactChunk(digest: digest, offset: offset, totalByteCount: byteCount, bytes: bytes)
    if next < byteCount {
      phase = .sending(next: next)
      return [.send(piece), .read(offset: next, count: count(from: next))]
    }
    guard isUpload else { return [.send(piece)] + end(.done) }
    phase = .awaitingStored
    return [.send(piece)]
  }

  private mutating func end(_ effect: Effect) -> [Effect] {
    phase = .over
    return [effect]
  }

  private func count(from offset: UInt64) -> Int {
    Int(clamping: min(UInt64(WireLimits.chunkBytes), byteCount - offset))
  }
}
