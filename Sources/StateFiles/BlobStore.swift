internal import Glibc
public import WireProtocol

/// Files named by the SHA-256 of their content: `ROOT/blobs/ab/cdef…`. What stands under such a name was verified
/// before it got it. Uploads in progress are in `ROOT/partial/` and survive a restart.
///
/// Safe from any thread: all state is in the file system but the set of partial files in use.
public final class BlobStore: Sendable {
  public let root: String
  private let claims = PartialClaims()
  /// Left free on the file system, but never more than a sixteenth of it.
  private let reserveByteCount: UInt64

  /// Makes the directories when missing. Of the file system's room `reserveByteCount` is not for blobs.
  public init(root: String, reserveByteCount: UInt64 = 0) throws(StoreError) {
    self.root = root
    self.reserveByteCount = reserveByteCount
    try makeDirectories("\(root)/blobs")
    try makeDirectories("\(root)/partial")
  }

  /// Where the blob lies or would lie.
  public func path(of digest: Digest) -> String {
    let hex = digest.hex
    return "\(root)/blobs/\(hex.prefix(2))/\(hex.dropFirst(2))"
  }

  /// nil when the blob is not here.
  public func byteCount(of digest: Digest) -> UInt64? {
    var status = stat()
    guard stat(path(of: digest), &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return UInt64(exactly: status.st_size)
  }

  public func contains(_ digest: Digest) -> Bool { byteCount(of: digest) != nil }

  /// Opens a blob for reading; `.missing` when it is not here.
  public func open(_ digest: Digest) throws(StoreError) -> BlobFile { try BlobFile(path: path(of: digest)) }

  /// Begins, or goes on with, taking in a blob of `byteCount` bytes. nil when it is here already.
  ///
  /// Two senders of one blob do not disturb each other: the second one gets a partial file of its own that starts
  /// empty. Throws `.full` when the file system has no room for what is to come.
  public func receive(_ digest: Digest, byteCount: UInt64) throws(StoreError) -> PartialBlob? {
    if contains(digest) { return nil }
    let partial = try PartialBlob(store: self, digest: digest, byteCount: byteCount, claims: claims)
    try requireSpace(byteCount - partial.offset)
    return partial
  }

  /// Reads the whole blob and compares it with its name. A blob that does not fit is moved aside (to
  /// `ROOT/corrupt/`), so that it is fetched anew, and `.corrupt` is thrown.
  public func verify(_ digest: Digest) throws(StoreError) {
    let file = try open(digest)
    let found = try file.sha256()
    guard found != digest else { return }
    try makeDirectories("\(root)/corrupt")
    let aside = "\(root)/corrupt/\(digest.hex)"
    guard rename(file.path, aside) == 0 else { throw .system("rename", file.path) }
    throw StoreError(
      .corrupt, path: file.path,
      problem: "its content has SHA-256 \(found.hex); moved to \(aside) (on \(hostName())), check that disk")
  }

  /// Removes a blob; that it is not here is fine.
  public func remove(_ digest: Digest) throws(StoreError) {
    let path = path(of: digest)
    guard unlink(path) == 0 || errno == ENOENT else { throw .system("unlink", path) }
  }

  /// A blob as `list` finds it.
  public struct Entry: Sendable {
    public let digest: Digest
    public let byteCount: UInt64
    /// Seconds of the epoch; set by `markUsed`.
    public let lastUsed: Int
    /// More than one: a run directory holds it, too.
    public let linkCount: Int
  }

  /// All blobs. Other files in the directories are left alone.
  public func list() throws(StoreError) -> [Entry] {
    var entries: [Entry] = []
    for prefix in try directoryEntries("\(root)/blobs") where prefix.utf8.count == 2 {
      for rest in try directoryEntries("\(root)/blobs/\(prefix)") {
        guard let digest = Digest(hex: prefix + rest) else { continue }
        var status = stat()
        guard stat(path(of: digest), &status) == 0, let count = UInt64(exactly: status.st_size) else { continue }
        entries.append(
          Entry(digest: digest, byteCount: count, lastUsed: status.st_atim.tv_sec, linkCount: Int(status.st_nlink)))
      }
    }
    return entries
  }

  /// For eviction by last use: file systems are mounted `noatime` or `relatime`, so reading leaves no trace.
  public func markUsed(_ digest: Digest) {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let times = [now, timespec(tv_sec: 0, tv_nsec: 1_073_741_822 /* UTIME_OMIT */)]
    _ = utimensat(AT_FDCWD, path(of: digest), times, 0)
  }

  /// Removes partial files that nobody has written for `age`.
  public func removeAbandonedUploads(olderThan age: Duration) throws(StoreError) {
    let now = time(nil)
    for name in try directoryEntries("\(root)/partial") {
      let path = "\(root)/partial/\(name)"
      var status = stat()
      guard !claims.contains(path), stat(path, &status) == 0,
        now - status.st_mtim.tv_sec > Int(clamping: age.components.seconds)
      else { continue }
      _ = unlink(path)
    }
  }

  /// Throws `.full` when so many more bytes would not fit, or would take the room that is not for blobs.
  func requireSpace(_ byteCount: UInt64) throws(StoreError) {
    var status = statvfs()
    guard statvfs(root, &status) == 0 else { throw .system("statvfs", root) }
    let (free, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    let (total, isHuge) = UInt64(status.f_blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    guard !overflow, !isHuge else { return }
    let reserve = min(reserveByteCount, total / 16)
    guard free >= reserve, byteCount <= free - reserve else {
      let kept = reserve == 0 ? "" : " (\(reserve) of them are kept for the journal)"
      throw StoreError(
        .full, path: root,
        problem: "\(byteCount) bytes are to come and \(free) are free on \(hostName())\(kept); make room there")
    }
  }
}
