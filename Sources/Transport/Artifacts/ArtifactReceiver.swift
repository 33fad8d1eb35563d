public import WireProtocol

/// Takes one blob in pieces, without I/O: checks that each follows the one before, and says what to write.
///
/// The owner carries the effects out (a blob store writes and verifies) and reports `finished` or `failed`.
public struct ArtifactReceiver: Sendable {
  public enum Event: Sendable, Equatable {
    case chunkReceived(ArtifactChunk)
    /// `finish` was carried out: verified, durable, under its name.
    case finished
    /// Writing or finishing failed here.
    case failed(ArtifactError)
    case failedReceived(ArtifactFailed)
  }

  public enum Effect: Sendable, Equatable {
    case append([UInt8])
    case finish
    /// To an uploader: ARTIFACT_STORED.
    case reply(ArtifactStored)
    /// To the other side: it failed here.
    case replyFailed(ArtifactFailed)
    case done
    case fail(ArtifactError)
  }

  public let digest: Digest
  /// Known from PUT_ARTIFACT or from the first piece.
  public private(set) var byteCount: UInt64?
  /// The next byte's offset: where to resume.
  public private(set) var offset: UInt64
  private let isUpload: Bool
  private var isFinishing = false
  private var isOver = false

  /// Store's side of an upload, of which `offset` bytes are here from an earlier try.
  public init(storing request: PutArtifact, offset: UInt64) {
    digest = request.digest
    byteCount = request.byteCount
    self.offset = offset
    isUpload = true
  }

  /// Receiver's side of a download that goes on at `offset`.
  public init(getting digest: Digest, offset: UInt64) {
    self.digest = digest
    self.offset = offset
    isUpload = false
  }

  public mutating func handle(_ event: Event) -> [Effect] {
    guard !isOver else { return [] }
    switch event {
    case .chunkReceived(let piece):
      if let error = check(piece) { return end(with: error) }
      byteCount = piece.totalByteCount
      offset += UInt64(piece.bytes.count)
      let append: [Effect] = piece.bytes.isEmpty ? [] : [.append(piece.bytes)]
      guard offset == piece.totalByteCount else { return append }
      isFinishing = true
      return append + [.finish]
    case .finished:
      guard isFinishing else { return [] }
      isOver = true
      return (isUpload ? [.reply(ArtifactStored(digest: digest))] : []) + [.done]
    case .failed(let error):
      return end(with: error)
    case .failedReceived(let failure):
      guard failure.digest == digest else { return [] }
      isOver = true
      return [.fail(.failedByPeer(failure.message))]
    }
  }

  private func check(_ piece: ArtifactChunk) -> ArtifactError? {
    if isFinishing { return .outOfOrder(field: "offset", found: "\(piece.offset)", expected: "no piece more") }
    if piece.digest != digest {
      return .outOfOrder(field: "digest", found: "\(piece.digest)", expected: "\(digest)")
    }
    if let byteCount, piece.totalByteCount != byteCount {
      return .outOfOrder(field: "totalByteCount", found: "\(piece.totalByteCount)", expected: "\(byteCount)")
    }
    if piece.offset != offset {
      return .outOfOrder(field: "offset", found: "\(piece.offset)", expected: "\(offset)")
    }
    let (end, overflow) = offset.addingReportingOverflow(UInt64(piece.bytes.count))
    if overflow || end > piece.totalByteCount {
      return .outOfOrder(
        field: "bytes", found: "\(piece.bytes.count) at \(offset)", expected: "at most to \(piece.totalByteCount)")
    }
    if piece.bytes.isEmpty, end != piece.totalByteCount {
      return .outOfOrder(field: "bytes", found: "none", expected: "some, as \(piece.totalByteCount) are due")
    }
    return nil
  }

  private mutating func end(with error: ArtifactError) -> [Effect] {
    isOver = true
    return [.replyFailed(ArtifactFailed(digest: digest, message: "\(error)")), .fail(error)]
  }
}
