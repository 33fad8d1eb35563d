internal import StateFiles
internal import Transport
internal import WireProtocol

/// One bulk connection: serves GET_ARTIFACT in order, takes one upload at a time. On the bulk loop's thread.
///
/// What is read for the peer waits in the connection's queue, whose limit is a few chunks: a slow peer costs no more.
final class ArtifactSession {
  private let service: ArtifactService
  private let connection: Connection
  private var requests: [GetArtifact] = []
  private var serving: (sender: ArtifactSender, file: BlobFile, next: [ArtifactSender.Effect])?
  private var taking: (receiver: ArtifactReceiver, partial: PartialBlob)?
  /// Blobs that this peer was sent: of those it may say that they came damaged.
  private var served = Set<Digest>()

  /// A peer asks for one blob after another; whoever sends thousands of requests ahead is closed.
  private static let requestCountMax = 1024

  init(service: ArtifactService, connection: Connection) {
    self.service = service
    self.connection = connection
  }

  func receive(_ frame: Frame) {
    do throws(WireError) {
      switch frame.type {
      case .getArtifact:
        guard requests.count < Self.requestCountMax else { return connection.close("too many requests wait already") }
        requests.append(try frame.decode())
        pump()
      case .putArtifact: beginUpload(try frame.decode())
      case .artifactChunk: takePiece(try frame.decode())
      case .artifactFailed: peerFailed(try frame.decode())
      default: connection.close("\(frame.type) is nothing for a store")
      }
    } catch {
      connection.close("\(error)")
    }
  }

  func closed() {
    serving = nil
    taking = nil
    requests = []
  }

  // MARK: Serving

  /// Sends pieces while the connection takes them.
  func pump() {
    while connection.isWritable {
      if serving == nil, !beginServing() { return }
      guard let current = serving else { continue }
      var (sender, effects) = (current.sender, current.next)
      guard !effects.isEmpty else {
        serving = nil
        continue
      }
      switch effects.removeFirst() {
      case .read(let offset, let count):
        do throws(StoreError) {
          effects += sender.handle(.bytesRead(try current.file.read(at: offset, limit: count)))
          serving = (sender, current.file, effects)
        } catch {
          serving = nil
          fail(sender.digest, "\(error)")
        }
      case .send(let piece):
        serving = (sender, current.file, effects)
        send(piece)
      case .done: serving = nil
      case .fail(let error):
        serving = nil
        fail(sender.digest, "\(error)")
      case .put: preconditionFailure("a store does not upload")
      }
    }
  }

  /// False when nothing is asked for.
  private func beginServing() -> Bool {
    guard !requests.isEmpty else { return false }
    let request = requests.removeFirst()
    do throws(StoreError) {
      let file = try service.store.open(request.digest)
      var sender = ArtifactSender(serving: request, byteCount: file.byteCount)
      served.insert(request.digest)
      let effects = sender.handle(.begin)
      serving = (sender, file, effects)
    } catch {
      fail(request.digest, "\(error)")
      if error.code == .missing { service.onMissing?(request.digest) }
    }
    return true
  }

  // MARK: Taking in

  private func beginUpload(_ request: PutArtifact) {
    // An upload that its sender gave up for another one stays on disk, to go on with.
    taking = nil
    do throws(StoreError) {
      guard let partial = try service.store.receive(request.digest, byteCount: request.byteCount) else {
        return send(ArtifactOffset(digest: request.digest, offset: request.byteCount, complete: true))
      }
      taking = (ArtifactReceiver(storing: request, offset: partial.offset), partial)
      send(ArtifactOffset(digest: request.digest, offset: partial.offset, complete: false))
    } catch {
      fail(request.digest, "\(error)")
    }
  }

  private func takePiece(_ piece: ArtifactChunk) {
    // Pieces that were on their way when their upload failed.
    guard let (_, partial) = taking, partial.digest == piece.digest else { return }
    carryOut(.chunkReceived(piece), partial)
  }

  private func carryOut(_ event: ArtifactReceiver.Event, _ partial: PartialBlob) {
    guard let effects = taking?.receiver.handle(event) else { return }
    for effect in effects {
      do throws(StoreError) {
        switch effect {
        case .append(let bytes): try partial.append(bytes, at: partial.offset)
        case .finish:
          try partial.finish()
          carryOut(.finished, partial)
        case .reply(let stored): send(stored)
        case .replyFailed(let failure): fail(failure.digest, failure.message)
        case .done, .fail: taking = nil
        }
      } catch {
        taking = nil
        return fail(partial.digest, "\(error)")
      }
    }
  }

  /// The peer could not use what it got, or gives up what it sends.
  private func peerFailed(_ failure: ArtifactFailed) {
    if taking?.partial.digest == failure.digest { taking = nil }
    if serving?.sender.digest == failure.digest { serving = nil }
    guard served.remove(failure.digest) != nil else { return }
    service.log("\(connection.peer) could not use the blob \(failure.digest.hex): \(failure.message)")
    do throws(StoreError) {
      try service.store.verify(failure.digest)
    } catch {
      service.log("\(error)")
      if error.code == .corrupt || error.code == .missing { service.onMissing?(failure.digest) }
    }
    pump()
  }

  // MARK: Sending

  private func fail(_ digest: Digest, _ message: String) {
    service.log("transfer of \(digest.hex) with \(connection.peer) failed: \(message)")
    send(ArtifactFailed(digest: digest, message: message))
  }

  private func send(_ message: some WireMessage) {
    do throws(TransportError) {
      try connection.send(message)
    } catch .queueFull {
      // Pieces are sent only while there is room for one, and answers are few: a peer that makes us queue this much
      // asks without reading.
      connection.abort("the peer does not read its answers")
    } catch {
      // It closed; `closed` follows.
    }
  }
}
