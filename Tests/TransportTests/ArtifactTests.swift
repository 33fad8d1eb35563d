import Crypto
import Testing
@testable import Transport
import WireProtocol

@Suite("Artifacts")
struct ArtifactTests {
  static let blob = noise(3 * WireLimits.chunkBytes + 12_345, seed: 4)

  static func digest(_ bytes: [UInt8]) -> WireProtocol.Digest {
    WireProtocol.Digest(sha256: SHA256.hash(data: bytes))
  }

  /// A store's side of one blob, in memory.
  final class Blob {
    var bytes: [UInt8] = []
    var isWhole = false
    var offset: UInt64 { UInt64(bytes.count) }

    func finish(_ digest: WireProtocol.Digest) throws(ArtifactError) {
      let found = ArtifactTests.digest(bytes)
      guard found == digest else {
        bytes = []
        throw .wrongContent(expected: digest, found: found)
      }
      isWhole = true
    }
  }

  /// Plays an upload between the two machines, until an end or until `pieces` have been written.
  static func upload(
    _ source: [UInt8], _ digest: WireProtocol.Digest, to file: Blob, pieces: Int = .max
  ) -> (sender: [ArtifactSender.Effect], receiver: [ArtifactReceiver.Effect]) {
    var sender = ArtifactSender(uploading: digest, byteCount: UInt64(source.count))
    var receiver: ArtifactReceiver?
    var sending = sender.handle(.begin)
    var receiving: [ArtifactReceiver.Effect] = []
    var written = 0
    var ends: (sender: [ArtifactSender.Effect], receiver: [ArtifactReceiver.Effect]) = ([], [])
    while !sending.isEmpty || !receiving.isEmpty {
      if !receiving.isEmpty {
        switch receiving.removeFirst() {
        case .append(let bytes):
          if written == pieces { return ends }
          written += 1
          file.bytes += bytes
        case .finish:
          do throws(ArtifactError) {
            try file.finish(digest)
            receiving += receiver?.handle(.finished) ?? []
          } catch { receiving += receiver?.handle(.failed(error)) ?? [] }
        case .reply(let stored): sending += sender.handle(.storedReceived(stored))
        case .replyFailed(let failed): sending += sender.handle(.failedReceived(failed))
        case let end: ends.receiver.append(end)
        }
        continue
      }
      switch sending.removeFirst() {
      case .put(let request):
        receiver = ArtifactReceiver(storing: request, offset: file.offset)
        let offset = ArtifactOffset(digest: digest, offset: file.offset, complete: false)
        sending += sender.handle(.offsetReceived(offset))
      case .read(let offset, let count):
        sending += sender.handle(.bytesRead(Array(source[Int(offset)..<Int(offset) + count])))
      case .send(let piece): receiving += receiver?.handle(.chunkReceived(piece)) ?? []
      case let end: ends.sender.append(end)
      }
    }
    return ends
  }

  @Test("A blob arrives whole, of any size", arguments: [0, 1, WireLimits.chunkBytes, blob.count])
  func whole(_ count: Int) {
    let bytes = Array(Self.blob[..<count])
    let file = Blob()
    let ends = Self.upload(bytes, Self.digest(bytes), to: file)
    #expect(ends.sender == [.done] && ends.receiver == [.done])
    #expect(file.isWhole && file.bytes == bytes)
  }

  @Test("A transfer that was cut goes on where it stopped", arguments: [0, 1, 2, 3])
  func resuming(_ pieces: Int) {
    let digest = Self.digest(Self.blob)
    let file = Blob()
    _ = Self.upload(Self.blob, digest, to: file, pieces: pieces)
    #expect(!file.isWhole && file.bytes.count == pieces * WireLimits.chunkBytes)
    let ends = Self.upload(Self.blob, digest, to: file)
    #expect(ends.sender == [.done] && ends.receiver == [.done])
    #expect(file.isWhole && file.bytes == Self.blob)
  }

  @Test("Bytes that are not the blob's are refused, and both sides hear why")
  func wrongContent() {
    let digest = Self.digest([3, 2, 1])
    let file = Blob()
    let ends = Self.upload([1, 2, 3], digest, to: file)
    #expect(ends.receiver == [.fail(.wrongContent(expected: digest, found: Self.digest([1, 2, 3])))])
    guard case .fail(.failedByPeer(let sentence)) = ends.sender.first else {
      Issue.record("\(ends.sender)")
      return
    }
    #expect(sentence.contains("SHA-256") && !file.isWhole)
  }

  @Test("Pieces that do not follow each other are refused")
  func outOfOrder() {
    let digest = Self.digest([1])
    func failure(_ piece: ArtifactChunk) -> Bool {
      var receiver = ArtifactReceiver(storing: PutArtifact(digest: digest, byteCount: 10), offset: 4)
      let effects = receiver.handle(.chunkReceived(piece))
      if case .fail(.outOfOrder) = effects.last { return effects.count == 2 }
      return false
    }
    func piece(
      _ offset: UInt64, _ total: UInt64, _ count: Int, _ digest: WireProtocol.Digest = digest
    ) -> ArtifactChunk {
      ArtifactChunk(digest: digest, offset: offset, totalByteCount: total, bytes: [UInt8](repeating: 0, count: count))
    }
    #expect(!failure(piece(4, 10, 6)) && !failure(piece(4, 10, 1)))
    #expect(failure(piece(3, 10, 1)) && failure(piece(5, 10, 1)), "a hole or an overlap")
    #expect(failure(piece(4, 11, 1)), "another total")
    #expect(failure(piece(4, 10, 7)), "beyond the end")
    #expect(failure(piece(4, 10, 0)), "nothing, though something is due")
    #expect(failure(piece(4, 10, 1, .zero)), "another blob")
    var download = ArtifactReceiver(getting: digest, offset: .max)
    let end = download.handle(.chunkReceived(piece(.max, .max, 1)))
    #expect(end.count == 2, "offsets that overflow")
  }

  @Test("A download beyond the blob's end is refused by the store")
  func downloadBeyondTheEnd() {
    var sender = ArtifactSender(serving: GetArtifact(digest: .zero, offset: 11), byteCount: 10)
    guard case .fail(.outOfOrder) = sender.handle(.begin).first else {
      Issue.record("offset 11 of 10 was served")
      return
    }
    var exact = ArtifactSender(serving: GetArtifact(digest: .zero, offset: 10), byteCount: 10)
    #expect(exact.handle(.begin) == [.read(offset: 10, count: 0)])
    #expect(exact.handle(.bytesRead([])).last == .done)
  }

  @Test("A file that shrank while it was sent is an error, not a short blob")
  func shrinkingFile() {
    var sender = ArtifactSender(serving: GetArtifact(digest: .zero, offset: 0), byteCount: 10)
    _ = sender.handle(.begin)
    guard case .fail(.outOfOrder) = sender.handle(.bytesRead([1, 2, 3])).first else {
      Issue.record("a short read was sent")
      return
    }
  }
}
