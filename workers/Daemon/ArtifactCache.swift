internal import Glibc
internal import StateFiles
internal import Synchronization
internal import WireProtocol

/// A worker's copies of artifacts, by content. A blob is verified when it comes, and once more before its first use in
/// this process (it may be from before a power failure) and whenever its file has been touched since: runners hold hard
/// links to it.
///
/// Safe from any thread; the daemon uses it from its transfer thread, as verifying reads whole files.
final class ArtifactCache: Sendable {
  let store: BlobStore
  /// Beyond this many bytes, blobs that no assignment uses are removed, the longest unused first.
  let byteCountMax: UInt64

  private struct Stamp: Equatable {
    let inode: UInt64
    let byteCount: Int
    let modifiedSeconds: Int
    let modifiedNanoseconds: Int
  }
  private struct State {
    var verified: [Digest: Stamp] = [:]
    var pins: [AssignmentID: Set<Digest>] = [:]
  }
  private let state = Mutex(State())

  init(root: String, byteCountMax: UInt64) throws(StoreError) {
    store = try BlobStore(root: root)
    self.byteCountMax = byteCountMax
  }

  /// Whether the blob is here and is what its name says. One that is not any more is moved aside and reported missing:
  /// it is fetched again.
  func hasVerified(_ file: FileReference) throws(StoreError) -> Bool {
    guard let stamp = stamp(of: file.digest) else { return false }
    if state.withLock({ $0.verified[file.digest] }) != stamp {
      do {
        try store.verify(file.digest)
      } catch  where error.code == .corrupt || error.code == .missing {
        return false
      }
      markVerified(file.digest)
    }
    let found = store.byteCount(of: file.digest) ?? 0
    guard found == file.byteCount else {
      throw StoreError(
        .corrupt, path: file.path,
        problem:
          "the blob \(file.digest.hex) has \(found) bytes; \(file.byteCount) are expected"
      )
    }
    store.markUsed(file.digest)
    return true
  }

  /// Whether the blob could be had from the store at `other`, on this host, without a copy, and is what its name says.
  func link(_ file: FileReference, from other: String) throws(StoreError) -> Bool {
    guard try store.link(file.digest, from: other) else { return false }
    return try hasVerified(file)
  }

  /// The blob has just been verified by who brought it.
  func markVerified(_ digest: Digest) {
    let found = stamp(of: digest)
    state.withLock { $0.verified[digest] = found }
  }

  /// Keeps these blobs from eviction until `unpin`.
  func pin(_ digests: some Sequence<Digest>, for assignment: AssignmentID) {
    state.withLock { $0.pins[assignment, default: []].formUnion(digests) }
  }

  func unpin(_ assignment: AssignmentID) { state.withLock { _ = $0.pins.removeValue(forKey: assignment) } }

  /// Makes room for `incoming` bytes. What is in use stays, even when the limit is passed for that.
  func evict(toFit incoming: UInt64) throws(StoreError) {
    let pinned = state.withLock { $0.pins.values.reduce(into: Set()) { $0.formUnion($1) } }
    var entries = try store.list()
    var total = entries.reduce(incoming) { sum, entry in
      let (next, overflow) = sum.addingReportingOverflow(entry.byteCount)
      return overflow ? .max : next
    }
    guard total > byteCountMax else { return }
    entries.sort { $0.lastUsed < $1.lastUsed }
    for entry in entries where !pinned.contains(entry.digest) && entry.linkCount == 1 {
      try store.remove(entry.digest)
      state.withLock { _ = $0.verified.removeValue(forKey: entry.digest) }
      total -= min(total, entry.byteCount)
      if total <= byteCountMax { return }
    }
  }

  private func stamp(of digest: Digest) -> Stamp? {
    var status = stat()
    guard stat(store.path(of: digest), &status) == 0 else { return nil }
    return Stamp(
      inode: UInt64(status.st_ino), byteCount: status.st_size, modifiedSeconds: status.st_mtim.tv_sec,
      modifiedNanoseconds: status.st_mtim.tv_nsec)
  }
}
