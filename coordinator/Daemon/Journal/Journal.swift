internal import CoordinatorCore
internal import GRDB
internal import StateFiles
internal import Synchronization
internal import Transport
internal import WireProtocol

/// The coordinator's memory: one SQLite database, one connection, one thread.
///
/// Batches become durable in the order of `append`. Those that wait while a transaction is on its way to the disk share
/// the next one (group commit), so that a slow disk costs latency, not throughput. After a write that failed nothing is
/// written any more: every later batch fails the same way.
final class Journal: Sendable {
  let path: String
  private let lock: DirectoryLock
  private let queue: DatabaseQueue
  private let thread: EventLoop

  private struct Pending: Sendable {
    let records: [JournalRecord]
    let completion: @Sendable (Result<Void, JournalError>) -> Void
  }
  private struct State {
    var pending: [Pending] = []
    var failure: JournalError?
  }
  private let state = Mutex(State())

  /// Batches in one transaction: enough to catch up with, few enough that the first of them does not wait long.
  private static let batchesInOneTransaction = 256

  /// Opens `DIRECTORY/journal.sqlite`, made when missing, and brings it to this build's schema.
  init(directory: String) throws(JournalError) {
    let path = "\(directory)/journal.sqlite"
    self.path = path
    do {
      lock = try DirectoryLock(directory: directory, name: "coordinator.lock") { holder in
        "another coordinator\(holder.map { " (process \($0))" } ?? "") works on this state directory on \(hostName()); "
          + "stop it, or choose another --state"
      }
      var configuration = Configuration()
      configuration.journalMode = .wal
      configuration.prepareDatabase { database in
        // FULL: a commit that was acknowledged survives a power failure.
        try database.execute(sql: "PRAGMA synchronous = FULL")
      }
      queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.inDatabase { try JournalSchema.migrate($0, path: path) }
    } catch {
      throw JournalError(error, path: path)
    }
    thread = EventLoop(name: "journal")
    thread.start()
  }

  /// The cluster's token, made by `make` when the journal is new.
  func clusterToken(_ make: () -> Token128) throws(JournalError) -> Token128 {
    do {
      return try queue.inDatabase { database in
        if let token = try JournalReading(database: database).clusterToken() { return token }
        let token = make()
        try JournalWriting(database: database, path: path).setMeta("cluster", column(token))
        return token
      }
    } catch {
      throw JournalError(error, path: path)
    }
  }

  func contents() throws(JournalError) -> JournalContents {
    do {
      return try queue.inDatabase { try JournalReading(database: $0).contents() }
    } catch {
      throw JournalError(error, path: path)
    }
  }

  /// Makes the records durable in one transaction, and then calls `completion` on the journal's thread. An empty batch
  /// waits for its turn all the same: its effects may tell of earlier ones.
  func append(_ records: [JournalRecord], _ completion: @escaping @Sendable (Result<Void, JournalError>) -> Void) {
    state.withLock { $0.pending.append(Pending(records: records, completion: completion)) }
    if !thread.execute({ self.writePending() }) {
      completion(.failure(JournalError(.system, path: path, problem: "the journal is closed")))
    }
  }

  /// Runs a query after all batches appended before it.
  func read<Answer: Sendable>(
    _ query: @escaping @Sendable (JournalReading) throws -> Answer,
    _ completion: @escaping @Sendable (Result<Answer, JournalError>) -> Void
  ) {
    let accepted = thread.execute { [self] in
      writePending()
      do {
        completion(.success(try queue.inDatabase { try query(JournalReading(database: $0)) }))
      } catch {
        completion(.failure(JournalError(error, path: path)))
      }
    }
    if !accepted { completion(.failure(JournalError(.system, path: path, problem: "the journal is closed"))) }
  }

  /// Writes what was appended, ends the thread, closes the database and lets go of the directory.
  func close() {
    thread.stop()
    thread.join()
    try? queue.close()
    lock.release()
  }

  private func writePending() {
    while true {
      let (batches, earlier) = state.withLock { state in
        let count = min(state.pending.count, Self.batchesInOneTransaction)
        let batches = Array(state.pending[..<count])
        state.pending.removeFirst(count)
        return (batches, state.failure)
      }
      guard !batches.isEmpty else { return }
      var result: Result<Void, JournalError> = earlier.map { .failure($0) } ?? .success(())
      if case .success = result, batches.contains(where: { !$0.records.isEmpty }) {
        do {
          try write(batches)
        } catch {
          let failure = JournalError(error, path: path)
          state.withLock { $0.failure = failure }
          result = .failure(failure)
        }
      }
      for batch in batches { batch.completion(result) }
    }
  }

  private func write(_ batches: [Pending]) throws {
    try queue.inDatabase { database in
      try database.inTransaction(.immediate) {
        let writing = JournalWriting(database: database, path: path)
        for batch in batches {
          for record in batch.records { try writing.write(record) }
        }
        return .commit
      }
    }
  }
}
