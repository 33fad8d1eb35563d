internal import ControlClient
internal import Dispatch
internal import StateFiles
internal import Synchronization
internal import Transport
internal import WireProtocol

/// The worker's transfers, one after another on a queue that may wait: inputs into the cache and below a run directory,
/// published files into the coordinator's store.
final class WorkerTransfers: Sendable {
  private let cache: ArtifactCache
  private let runsDirectory: String
  private let keepsRunDirectories: Bool
  private let connection: ArtifactConnection
  private let loop: EventLoop
  private let queue = DispatchQueue(label: "admix.transfers")
  private let cancelled = Mutex<Set<AssignmentID>>([])
  private let isClosed = Atomic(false)

  init(cache: ArtifactCache, options: WorkerOptions, hello: Hello) {
    self.cache = cache
    runsDirectory = "\(options.cacheDirectory)/runs"
    keepsRunDirectories = options.keepsRunDirectories
    loop = EventLoop(name: "transfers")
    var settings = ArtifactConnection.Options(address: options.coordinator, hello: hello)
    settings.patience = options.transferPatience
    connection = ArtifactConnection(settings, loop: loop)
    loop.start()
  }

  /// Answers with the run directory, or with why the inputs are not there. Not at all after `cancel`.
  func fetch(
    _ assignment: AssignmentID, inputs: [NamedTree], checkpoint: NamedTree?,
    _ completion: @escaping @Sendable (Result<String, TransferFailure>) -> Void
  ) {
    cancelled.withLock { _ = $0.remove(assignment) }
    queue.async { [self] in
      guard !isCancelled(assignment) else { return }
      do throws(TransferFailure) {
        let directory = try materialize(assignment, inputs, checkpoint)
        if !isCancelled(assignment) { completion(.success(directory)) }
      } catch {
        if !isCancelled(assignment) { completion(.failure(error)) }
      }
    }
  }

  /// Answers with what the files are in the store, or with why they are not there. Not at all after `cancel`.
  func upload(
    _ assignment: AssignmentID, _ items: [Publish.Item],
    _ completion: @escaping @Sendable (Result<[FileReference], TransferFailure>) -> Void
  ) {
    queue.async { [self] in
      guard !isCancelled(assignment) else { return }
      do throws(TransferFailure) {
        let files = try publish(assignment, items)
        if !isCancelled(assignment) { completion(.success(files)) }
      } catch {
        if !isCancelled(assignment) { completion(.failure(error)) }
      }
    }
  }

  /// Stops what runs for the assignment and drops what waits.
  func cancel(_ assignment: AssignmentID) { cancelled.withLock { _ = $0.insert(assignment) } }

  /// The assignment is over: its directory goes, and its inputs may be evicted.
  func discard(_ assignment: AssignmentID, log: @escaping @Sendable (String) -> Void) {
    cancel(assignment)
    queue.async { [self] in
      cache.unpin(assignment)
      // Nothing of it waits in the queue behind this.
      cancelled.withLock { _ = $0.remove(assignment) }
      guard !keepsRunDirectories else { return }
      do throws(StoreError) {
        try removeTree(directory(assignment))
      } catch {
        log("a run directory was not removed: \(error)")
      }
    }
  }

  /// Cuts what runs and ends the threads.
  func close() {
    isClosed.store(true, ordering: .relaxed)
    connection.close()
    queue.sync {}
    loop.stop()
    loop.join()
  }

  private func directory(_ assignment: AssignmentID) -> String { "\(runsDirectory)/\(assignment.number)" }

  private func isCancelled(_ assignment: AssignmentID) -> Bool {
    isClosed.load(ordering: .relaxed) || cancelled.withLock { $0.contains(assignment) }
  }

  private func materialize(
    _ assignment: AssignmentID, _ inputs: [NamedTree], _ checkpoint: NamedTree?
  ) throws(TransferFailure) -> String {
    let files = (inputs + [checkpoint].compactMap { $0 }).flatMap(\.files)
    do throws(StoreError) {
      cache.pin(files.map(\.digest), for: assignment)
      var places: [Digest: BlobPlace] = [:]
      var missing: [FileReference] = []
      var seen = Set<Digest>()
      for file in files where seen.insert(file.digest).inserted {
        // Whoever gave up shall not wait for the hashes of large files.
        if isCancelled(assignment) { break }
        if let place = try cache.place(of: file) {
          places[file.digest] = place
        } else {
          missing.append(file)
        }
      }
      if !missing.isEmpty { try cache.evict(toFit: missing.reduce(0) { $0 &+ $1.byteCount }) }
      for file in missing {
        do throws(ClientError) {
          try connection.fetch(
            file.digest, byteCount: file.byteCount, into: cache.store, isCancelled: { self.isCancelled(assignment) })
        } catch {
          throw StoreError(.system, path: file.path, problem: error.sentence)
        }
        places[file.digest] = cache.placeOfFetched(file.digest)
      }
      return try RunDirectory(
        path: directory(assignment), inputs: inputs, checkpoint: checkpoint, places: places
      ).path
    } catch {
      cache.unpin(assignment)
      throw TransferFailure(sentence: "\(error)")
    }
  }

  private func publish(
    _ assignment: AssignmentID, _ items: [Publish.Item]
  ) throws(TransferFailure) -> [FileReference] {
    var files: [FileReference] = []
    for item in items {
      do throws(StoreError) {
        // Whoever joins the tree's path to a directory checks it too; the runner hears of it here.
        _ = try TreePath.join("", item.path)
        guard item.absolutePath.hasPrefix("/") else {
          throw StoreError(.unsafePath, path: item.absolutePath, problem: "is not absolute")
        }
        let file = try BlobFile(path: item.absolutePath)
        let reference = FileReference(path: item.path, digest: try file.sha256(), byteCount: file.byteCount)
        do throws(ClientError) {
          try connection.put(
            path: item.absolutePath, digest: reference.digest, byteCount: reference.byteCount,
            isCancelled: { self.isCancelled(assignment) })
        } catch {
          throw StoreError(.system, path: item.absolutePath, problem: error.sentence)
        }
        files.append(reference)
      } catch {
        throw TransferFailure(sentence: "\(error)")
      }
    }
    return files
  }
}

/// Why inputs or outputs did not travel, for people.
struct TransferFailure: Error, Sendable {
  let sentence: String
}
