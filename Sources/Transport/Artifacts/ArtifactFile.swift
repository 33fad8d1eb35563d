import Crypto
import Glibc
public import WireProtocol

/// A blob on its way into a file: written beside its place under `<name>.partial`, hashed as it comes, renamed when
/// whole and right. Blocks on the disk: never on a control loop's thread.
///
/// Not thread-safe; one at a time for a name.
public final class ArtifactFile {
  public let path: String
  public let digest: WireProtocol.Digest
  /// Bytes that are here: where to resume.
  public private(set) var offset: UInt64 = 0
  private let partialPath: String
  private var descriptor: CInt
  private var hash = SHA256()

  /// Opens (or makes) the partial file; what an earlier try left is hashed and counts.
  public init(path: String, digest: WireProtocol.Digest) throws(ArtifactError) {
    self.path = path
    self.digest = digest
    partialPath = path + ".partial"
    descriptor = open(partialPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw ArtifactFile.failure(partialPath) }
    var buffer = [UInt8](repeating: 0, count: WireLimits.chunkBytes)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count >= 0 else { throw ArtifactFile.failure(partialPath) }
      if count == 0 { break }
      buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      offset += UInt64(count)
    }
  }

  deinit { if descriptor >= 0 { _ = close(descriptor) } }

  /// Appends a piece. On `.diskFull` the partial file is removed, so that the space it took is free again.
  public func append(_ bytes: [UInt8]) throws(ArtifactError) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written) }
      if count < 0 {
        if errno == EINTR { continue }
        let error = ArtifactFile.failure(partialPath)
        if case .diskFull = error { unlink(partialPath) }
        throw error
      }
      written += count
    }
    hash.update(data: bytes)
    offset += UInt64(bytes.count)
  }

  /// Verifies the digest, makes the file durable and gives it its name. With other content the partial file is removed:
  /// going on from it could never end well.
  public func finish() throws(ArtifactError) {
    guard let found = WireProtocol.Digest(Array(hash.finalize())) else { preconditionFailure("SHA-256 has 32 bytes") }
    guard found == digest else {
      unlink(partialPath)
      throw .wrongContent(expected: digest, found: found)
    }
    guard fsync(descriptor) == 0 else { throw ArtifactFile.failure(partialPath) }
    _ = close(descriptor)
    descriptor = -1
    guard rename(partialPath, path) == 0 else { throw ArtifactFile.failure(path) }
    // The name itself is durable only with its directory.
    let slash = path.lastIndex(of: "/")
    let directory = open(slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".", O_RDONLY | O_CLOEXEC)
    guard directory >= 0 else { throw ArtifactFile.failure(path) }
    defer { _ = close(directory) }
    guard fsync(directory) == 0 else { throw ArtifactFile.failure(path) }
  }

  /// Gives up for good: the partial file is removed.
  public func discard() {
    if descriptor >= 0 { _ = close(descriptor) }
    descriptor = -1
    unlink(partialPath)
  }

  private static func failure(_ path: String) -> ArtifactError {
    errno == ENOSPC || errno == EDQUOT
      ? .diskFull(path: path) : .file(path: path, reason: String(cString: strerror(errno)))
  }
}

/// Reads a blob's pieces from a file, for `ArtifactSender.read`. Blocks on the disk. Not thread-safe.
public final class ArtifactSource {
  public let path: String
  public let byteCount: UInt64
  private let descriptor: CInt

  public init(path: String) throws(ArtifactError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .file(path: path, reason: String(cString: strerror(errno))) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, let size = UInt64(exactly: status.st_size) else {
      _ = close(descriptor)
      throw .file(path: path, reason: String(cString: strerror(errno)))
    }
    byteCount = size
  }

  deinit { _ = close(descriptor) }

  /// At most `count` bytes from `offset` on; fewer only at the end of the file.
  public func read(offset: UInt64, count: Int) throws(ArtifactError) -> [UInt8] {
    var status = 0
    var failure: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = 0
      while filled < count {
        status = pread(
          descriptor, buffer.baseAddress?.advanced(by: filled), count - filled,
          off_t(clamping: offset) + off_t(filled))
        if status < 0, errno == EINTR { continue }
        if status < 0 { failure = errno }
        if status <= 0 { break }
        filled += status
      }
    }
    guard status >= 0 else { throw .file(path: path, reason: String(cString: strerror(failure))) }
    return bytes
  }
}
