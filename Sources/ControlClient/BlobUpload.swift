internal import StateFiles
internal import Transport
internal import WireProtocol

/// One file into the coordinator's store, on one connection: carries out what `ArtifactSender` says.
struct BlobUpload {
  let connection: BlockingConnection
  let file: BlobFile
  let digest: Digest
  let stallTimeout: Duration

  func run(_ isCancelled: () -> Bool, progress: (UInt64) -> Void) throws(ClientError) {
    var sender = ArtifactSender(uploading: digest, byteCount: file.byteCount)
    var effects = sender.handle(.begin)
    while true {
      if isCancelled() { throw ClientError(.cancelled, "the transfer was cancelled") }
      // A store that gave up says so while pieces are still on their way.
      if let frame = connection.receiveIfAny() {
        effects += sender.handle(try event(frame))
        connection.consumed(frame)
      }
      if effects.isEmpty {
        let frame = try connection.receive(timeout: stallTimeout, isCancelled: isCancelled)
        effects = sender.handle(try event(frame))
        connection.consumed(frame)
        continue
      }
      switch effects.removeFirst() {
      case .put(let request): try connection.send(request, timeout: stallTimeout)
      case .read(let offset, let count):
        do throws(StoreError) {
          effects += sender.handle(.bytesRead(try file.read(at: offset, limit: count)))
        } catch {
          throw ClientError(.file, "\(error)")
        }
      case .send(let piece):
        let count = UInt64(piece.bytes.count)
        try connection.send(piece, timeout: stallTimeout)
        progress(count)
      case .done: return
      case .fail(.failedByPeer(let message)): throw ClientError(.transfer, message)
      case .fail(let error): throw ClientError(.file, "\(file.path): \(error)")
      }
    }
  }

  private func event(_ frame: Frame) throws(ClientError) -> ArtifactSender.Event {
    do throws(WireError) {
      switch frame.type {
      case .artifactOffset: return .offsetReceived(try frame.decode())
      case .artifactStored: return .storedReceived(try frame.decode())
      case .artifactFailed: return .failedReceived(try frame.decode())
      default: break
      }
    } catch {
      throw ClientError(.malformedAnswer, "the answer about \(digest.hex) was not understood: \(error)")
    }
    throw ClientError(.malformedAnswer, "\(frame.type) came in answer to the upload of \(digest.hex)")
  }
}
