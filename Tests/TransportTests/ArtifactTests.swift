import Crypto
import Glibc
import Testing
@testable import Transport
import WireProtocol

@Suite("Artifacts")
struct ArtifactTests {
  static let blob = noise(3 * WireLimits.chunkBytes + 12_345, seed: 4)

  static func digest(_ bytes: [UInt8]) -> WireProtocol.Digest {
    WireProtocol.Digest(Array(SHA256.hash(data: bytes))) ?? .zero
  }

  static func write(_ bytes: [UInt8], to path: String) {
    let file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0o644)
    _ = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
    close(file)
  }

  static func contents(_ path: String) throws -> [UInt8] {
    let source = try ArtifactSource(path: path)
    return try source.read(offset: 0, count: Int(source.byteCount))
  }

  /// Plays an upload between the two machines and real files, until an end or until `pieces` have been written.
  static func upload(
    _ source: ArtifactSource, _ digest: WireProtocol.Digest, to file: ArtifactFile, pieces: Int = .max
  ) throws -> (sender: [ArtifactSender.Effect], receiver: [ArtifactReceiver.Effect]) {
    var sender = ArtifactSender(uploading: digest, byteCount: source.byteCount)
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
          try file.append(bytes)
        case .finish:
          do throws(ArtifactError) {
            try file.finish()
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
        sending += sender.handle(.bytesRead(try source.read(offset: offset, count: count)))
      case .send(let piece): receiving += receiver?.handle(.chunkReceived(piece)) ?? []
      case let end: ends.sender.append(end)
      }
    }
    return ends
  }

  @Test("A blob arrives whole under its name, of any size", arguments: [0, 1, WireLimits.chunkBytes, blob.count])
  func whole(_ count: Int) throws {
    try withDirectory { directory in
      let bytes = Array(Self.blob[..<count])
      Self.write(bytes, to: "\(directory)/in")
      let file = try ArtifactFile(path: "\(directory)/out", digest: Self.digest(bytes))
      let ends = try Self.upload(try ArtifactSource(path: "\(directory)/in"), Self.digest(bytes), to: file)
      #expect(ends.sender == [.done] && ends.receiver == [.done])
      #expect(try Self.contents("\(directory)/out") == bytes)
      #expect(access("\(directory)/out.partial", F_OK) != 0)
    }
  }

  @Test("A transfer that was cut goes on where it stopped", arguments: [0, 1, 2, 3])
  func resuming(_ pieces: Int) throws {
    try withDirectory { directory in
      let digest = Self.digest(Self.blob)
      Self.write(Self.blob, to: "\(directory)/in")
      let source = try ArtifactSource(path: "\(directory)/in")
      let cut = try ArtifactFile(path: "\(directory)/out", digest: digest)
      _ = try Self.upload(source, digest, to: cut, pieces: pieces)
      #expect(access("\(directory)/out", F_OK) != 0, "nothing has the name before it is whole")
      let file = try ArtifactFile(path: "\(directory)/out", digest: digest)
      #expect(file.offset == UInt64(pieces * WireLimits.chunkBytes))
      let ends = try Self.upload(source, digest, to: file)
      #expect(ends.sender == [.done] && ends.receiver == [.done])
      #expect(try Self.contents("\(directory)/out") == Self.blob)
    }
  }

  @Test("Bytes that are not the blob's are refused, nothing takes the name, and both sides hear why")
  func wrongContent() throws {
    try withDirectory { directory in
      Self.write([1, 2, 3], to: "\(directory)/in")
      let digest = Self.digest([3, 2, 1])
      let file = try ArtifactFile(path: "\(directory)/out", digest: digest)
      let ends = try Self.upload(try ArtifactSource(path: "\(directory)/in"), digest, to: file)
      #expect(ends.receiver == [.fail(.wrongContent(expected: digest, found: Self.digest([1, 2, 3])))])
      guard case .fail(.failedByPeer(let sentence)) = ends.sender.first else {
        Issue.record("\(ends.sender)")
        return
      }
      #expect(sentence.contains("SHA-256"))
      #expect(access("\(directory)/out", F_OK) != 0 && access("\(directory)/out.partial", F_OK) != 0)
    }
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

  @Test(.enabled(if: SmallDisk.isAvailable, "unshare -rm with a tmpfs is not permitted here"))
  func `A full disk is an error that says so, and gives back the space it took`() throws {
    let disk = try SmallDisk(kilobytes: 1024)
    let file = try ArtifactFile(path: "\(disk.path)/blob", digest: Self.digest(Self.blob))
    let error = #expect(throws: ArtifactError.self) {
      for _ in 0..<3 { try file.append(Array(Self.blob[..<600_000])) }
    }
    #expect(error == .diskFull(path: "\(disk.path)/blob.partial"))
    #expect(access("\(disk.path)/blob.partial", F_OK) != 0 && access("\(disk.path)/blob", F_OK) != 0)
  }
}

/// A file system of a few hundred kilobytes, in a mount namespace of its own that a child process holds open.
final class SmallDisk {
  let path: String
  private let child: UnsafeMutablePointer<FILE>

  static let isAvailable = (try? SmallDisk(kilobytes: 64)) != nil

  init(kilobytes: Int) throws {
    let script = "mount -t tmpfs -o size=\(kilobytes)k tmpfs /mnt && echo $$ && exec sleep 60"
    child = try #require(popen("exec unshare -rm sh -c '\(script)' 2>/dev/null", "r"))
    var line = [CChar](repeating: 0, count: 64)
    let read = fgets(&line, 64, child) != nil
    let digits = line.prefix { $0 != 10 && $0 != 0 }.map { UInt8(bitPattern: $0) }
    guard read, let process = pid_t(String(decoding: digits, as: UTF8.self))
    else {
      pclose(child)
      throw ArtifactError.file(path: "/mnt", reason: "no namespace")
    }
    self.process = process
    path = "/proc/\(process)/root/mnt"
  }

  private let process: pid_t

  deinit {
    kill(process, SIGKILL)
    pclose(child)
  }
}
