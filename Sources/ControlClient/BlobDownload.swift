internal import Glibc
internal import StateFiles
internal import Transport
internal import WireProtocol

/// One blob from the coordinator's store into a partial file, on one connection: carries out what
/// `ArtifactReceiver` says.
struct BlobDownload {
  let connection: BlockingConnection
  let partial: PartialBlob
  let stallTimeout: Duration

  func run(_ isCancelled: () -> Bool, progress: (UInt64) -> Void) throws(ClientError) {
    var receiver = ArtifactReceiver(getting: partial.digest, offset: partial.offset)
    try connection.send(GetArtifact(digest: partial.digest, offset: partial.offset), timeout: stallTimeout)
    while true {
      let frame = try connection.receive(timeout: stallTimeout, isCancelled: isCancelled)
      // Also the last piece: credit that is not given back is missing to the next blob on this connection.
      defer { connection.consumed(frame) }
      let effects = receiver.handle(try event(frame))
      for effect in effects {
        if try carryOut(effect, &receiver, progress) { return }
      }
    }
  }

  private func event(_ frame: Frame) throws(ClientError) -> ArtifactReceiver.Event {
    do throws(WireError) {
      switch frame.type {
      case .artifactChunk: return .chunkReceived(try frame.decode())
      case .artifactFailed: return .failedReceived(try frame.decode())
      default: break
      }
    } catch {
      throw ClientError(.malformedAnswer, "a piece of \(partial.digest.hex) was not understood: \(error)")
    }
    throw ClientError(.malformedAnswer, "\(frame.type) came in place of a piece of \(partial.digest.hex)")
  }

  /// True when the blob is done.
  private func carryOut(
    _ effect: ArtifactReceiver.Effect, _ receiver: inout ArtifactReceiver, _ progress: (UInt64) -> Void
  ) throws(ClientError) -> Bool {
    do throws(StoreError) {
      switch effect {
      case .append(let bytes):
        try partial.append(bytes, at: partial.offset)
        progress(UInt64(bytes.count))
      case .finish:
        // The sender's word about the length is not ours.
        guard partial.isComplete else {
          throw StoreError(
            .corrupt, path: partial.digest.hex,
            problem: "the coordinator's blob ends after \(partial.offset) bytes; \(partial.byteCount) are expected")
        }
        try partial.finish()
        return receiver.handle(.finished).contains(.done)
      case .done: return true
      case .reply, .replyFailed: break
      case .fail(let error): throw StoreError(.outOfOrder, path: partial.digest.hex, problem: "\(error)")
      }
      return false
    } catch {
      // The store looks at its copy when it hears that what came of it was wrong.
      try? connection.send(
        ArtifactFailed(digest: partial.digest, message: "\(error)"), timeout: stallTimeout)
      let isOurs = error.code == .full || error.code == .system
      throw ClientError(isOurs ? .file : .transfer, "\(error)")
    }
  }
}

func sleep(for duration: Duration) {
  let nanoseconds = max(0, duration.wholeNanoseconds)
  var left = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
  var remaining = timespec()
  while nanosleep(&left, &remaining) != 0 && errno == EINTR { left = remaining }
}
