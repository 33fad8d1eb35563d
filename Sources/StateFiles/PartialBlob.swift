internal import Glibc
internal import Synchronization
public import WireProtocol

/// A blob that is being taken in: appended to in order, then verified, made durable and named.
///
/// One thread at a time. Dropped before `finish` it stays on disk, for the sender to go on with.
public final class PartialBlob {
  public let digest: Digest
  public let byteCount: UInt64
  /// Where the next byte goes.
  public private(set) var offset: UInt64

  private let store: BlobStore
  private let path: String
  private let claims: PartialClaims
  private let descriptor: Int32
  private var hash = ContentHash()
  private var hashedCount: UInt64 = 0
  private var isFinished = false

  /// Bytes of an earlier session hashed with each append: a resumed gigabyte does not stall the bulk loop in one piece.
  private static let catchUpBytes: UInt64 = 8 << 20

  init(store: BlobStore, digest: Digest, byteCount: UInt64, claims: PartialClaims) throws(StoreError) {
    self.store = store
    self.digest = digest
    self.byteCount = byteCount
    self.claims = claims
    path = claims.claim { "\(store.root)/partial/\(digest.hex)\($0 == 0 ? "" : ".\($0)").part" }
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      let number = errno
      claims.release(path)
      throw .system("open", path, errno: number)
    }
    var status = stat()
    let found = fstat(descriptor, &status) == 0 ? UInt64(clamping: status.st_size) : 0
    // Longer than the whole: another claim about the same digest. One of them lies, so nothing of it is kept.
    if found > byteCount { ftruncate(descriptor, 0) }
    offset = found > byteCount ? 0 : found
  }

  deinit {
    close(descriptor)
    claims.release(path)
  }

  public var isComplete: Bool { offset == byteCount }

  /// Writes the piece that begins at `start`. A piece that was written before is passed over; one that leaves a gap, or
  /// goes beyond the end, is `.outOfOrder`.
  public func append(_ bytes: [UInt8], at start: UInt64) throws(StoreError) {
    let (end, overflow) = start.addingReportingOverflow(UInt64(bytes.count))
    guard !overflow, start <= offset, end <= byteCount else {
      throw StoreError(
        .outOfOrder, path: path,
        problem: "a piece at \(start) of \(bytes.count) bytes came; at \(offset) of \(byteCount) bytes is expected")
    }
    guard end > offset else { return }
    let skipped = Int(offset - start)
    do throws(StoreError) {
      // Again, since other blobs may have come meanwhile.
      try store.requireSpace(UInt64(bytes.count - skipped))
    } catch {
      discard()
      throw error
    }
    var written = skipped
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        pwrite(
          descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written, Int(clamping: start) + written)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let failure = StoreError.system("write", path)
        // What is here of it takes the room that everyone else needs now; the sender begins again.
        if failure.code == .full { discard() }
        throw failure
      }
      written += count
      offset = start + UInt64(written)
    }
    if hashedCount + UInt64(bytes.count - skipped) == offset {
      bytes.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[skipped...])) }
      hashedCount = offset
    } else {
      try hashBehind(limit: UInt64(bytes.count) + Self.catchUpBytes)
    }
  }

  /// Verifies the content, makes it durable and gives it its name. Content that does not fit is removed and `.corrupt`
  /// thrown: the sender has to begin again.
  public func finish() throws(StoreError) {
    precondition(isComplete && !isFinished, "finish comes once, after the last byte")
    try hashBehind(limit: .max)
    let found = hash.finish()
    guard found == digest else {
      unlink(path)
      throw StoreError(
        .corrupt, path: path, problem: "the bytes that came have SHA-256 \(found.hex); \(digest.hex) is expected")
    }
    // Read-only: runners get hard links to this very file.
    guard fchmod(descriptor, 0o444) == 0 else { throw .system("fchmod", path) }
    guard fsync(descriptor) == 0 else { throw .system("fsync", path) }
    let final = store.path(of: digest)
    guard let slash = final.lastIndex(of: "/") else { preconditionFailure("a blob's path has a directory") }
    let directory = String(final[..<slash])
    try makeDirectories(directory)
    guard rename(path, final) == 0 else { throw .system("rename", path) }
    try synchronizeDirectory(directory)
    try synchronizeDirectory("\(store.root)/blobs")
    isFinished = true
  }

  /// Gives up for good: the space is free again, and a later sender begins at 0.
  public func discard() {
    unlink(path)
    ftruncate(descriptor, 0)
    offset = 0
  }

  private func hashBehind(limit: UInt64) throws(StoreError) {
    var left = limit
    while hashedCount < offset && left > 0 {
      let wanted = Int(min(1 << 20, offset - hashedCount, left))
      var buffer = [UInt8](repeating: 0, count: wanted)
      let count = pread(descriptor, &buffer, wanted, Int(clamping: hashedCount))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .system("read", path) }
      hash.update(buffer[..<count])
      hashedCount += UInt64(count)
      left -= UInt64(count)
    }
  }
}

/// Which partial files are being written, so that two senders of one blob never share one.
final class PartialClaims: Sendable {
  private let paths = Mutex<Set<String>>([])

  func claim(_ name: (Int) -> String) -> String {
    paths.withLock { paths in
      var attempt = 0
      while !paths.insert(name(attempt)).inserted { attempt += 1 }
      return name(attempt)
    }
  }

  func release(_ path: String) { paths.withLock { _ = $0.remove(path) } }
  func contains(_ path: String) -> Bool { paths.withLock { $0.contains(path) } }
}
