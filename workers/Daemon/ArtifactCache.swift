internal import Glibc
internal import StateFiles
internal import Synchronization
internal import WireProtocol

/// A worker's copies of artifacts, by content. A blob is verified when it comes, and once more before its first use in
/// this process (it may be from before a power failure) and whenever its file has been touched since: runners hold hard
/// links to it.
///
/// A worker of a local run needs no copies: what the coordinator's store has is used where it lies, verified as much.
///
/// Safe from any thread; the daemon uses it from its transfer thread, as verifying reads whole files.
final class ArtifactCache: Sendable {
  let store: BlobStore
  /// Beyond this many bytes, blobs that no assignment uses are removed, the longest unused first.
  let byteCountMax: UInt64
  /// The coordinator's store, when it is on this host.
  private let coordinatorStore: BlobStore?

  private struct Stamp: Equatable {
    let inode: UInt64
    let byteCount: Int
    let modifiedSeconds: Int
    let modifiedNanoseconds: Int
  }
  private struct State {
    /// By path.
    var verified: [String: Stamp] = [:]
    var pins: [AssignmentID: Set<Digest>] = [:]
  }
  private let state = Mutex(State())

  init(root: String, byteCountMax: UInt64, coordinatorStore: String? = nil) throws(StoreError) {
    store = try BlobStore(root: root)
    self.byteCountMax = byteCountMax
    self.coordinatorStore = try coordinatorStore.map { root throws(StoreError) in try BlobStore(root: root) }
  }

  /// Where the blob lies and is what its name says: here, or in the coordinator's store. Nil when it is to be fetched.
  func place(of file: FileReference) throws(StoreError) -> BlobPlace? {
    if try hasVerified(file) { return ownPlace(of: file.digest) }
    guard let coordinatorStore, coordinatorStore.byteCount(of: file.digest) == file.byteCount else { return nil }
    let path = coordinatorStore.path(of: file.digest)
    if !isVerified(path) {
      do throws(StoreError) {
        // One that is not what it was is the coordinator's to judge, which will be asked for it.
        guard try coordinatorStore.open(file.digest).sha256() == file.digest else { return nil }
      } catch  where error.code == .missing {
        return nil
      }
      markVerified(path)
    }
    return BlobPlace(path: path, isOwn: false)
  }

  /// Whether the blob is here and is what its name says. One that is not any more is moved aside and reported missing:
  /// it is fetched again.
  func hasVerified(_ file: FileReference) throws(StoreError) -> Bool {
    let path = store.path(of: file.digest)
    if !isVerified(path) {
      do {
        try store.verify(file.digest)
      } catch  where error.code == .corrupt || error.code == .missing {
        return false
      }
      markVerified(path)
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

  /// Where the blob lies that has just come, verified by who brought it.
  func placeOfFetched(_ digest: Digest) -> BlobPlace {
    let place = ownPlace(of: digest)
    markVerified(place.path)
    return place
  }

  private func ownPlace(of digest: Digest) -> BlobPlace { BlobPlace(path: store.path(of: digest), isOwn: true) }

  private func markVerified(_ path: String) {
    let found = stamp(of: path)
    state.withLock { $0.verified[path] = found }
  }

  private func isVerified(_ path: String) -> Bool {
    guard let stamp = stamp(of: path) else { return false }
    return state.withLock { $0.verified[path] } == stamp
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
      state.withLock { _ = $0.verified.removeValue(forKey: store.path(of: entry.digest)) }
      total -= min(total, entry.byteCount)
      if total <= byteCountMax { return }
    }
  }

  private func stamp(of path: String) -> Stamp? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Stamp(
      inode: UInt64(status.st_ino), byteCount: status.st_size, modifiedSeconds: status.st_mtim.tv_sec,
      modifiedNanoseconds: status.st_mtim.tv_nsec)
  }
}

/// Where a verified blob lies.
struct BlobPlace: Sendable, Equatable {
  let path: String
  /// In the worker's own store, where nothing that an assignment uses is removed.
  let isOwn: Bool
}
