import Foundation
import StateFiles
import Synchronization
import Testing
import WireProtocol

@testable import CoordinatorCore
@testable import CoordinatorDaemon

@Suite struct JournalTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// Appends and waits until it is durable.
  private func append(_ records: [JournalRecord], to journal: Journal) throws {
    let done = DispatchSemaphore(value: 0)
    let outcome = Mutex<Result<Void, JournalError>?>(nil)
    journal.append(records) { result in
      outcome.withLock { $0 = result }
      done.signal()
    }
    done.wait()
    try #require(outcome.withLock { $0 }).get()
  }

  private func read<Answer: Sendable>(
    _ journal: Journal, _ query: @escaping @Sendable (JournalReading) throws -> Answer
  ) throws -> Answer {
    let done = DispatchSemaphore(value: 0)
    let outcome = Mutex<Result<Answer, JournalError>?>(nil)
    journal.read(query) { result in
      outcome.withLock { $0 = result }
      done.signal()
    }
    done.wait()
    return try #require(outcome.withLock { $0 }).get()
  }

  @Test func everyKindOfRecordComesBackAsTheCoreWouldApplyIt() throws {
    let journal = try Journal(directory: directory.path)
    var expected = JournalContents()
    for record in SampleRecords.all {
      try append([record], to: journal)
      expected.apply(record)
      #expect(try journal.contents() == expected, "\(record)")
    }
    journal.close()
    let again = try Journal(directory: directory.path)
    #expect(try again.contents() == expected)
    // A second time changes nothing.
    let first = try again.contents()
    try append([SampleRecords.commit(job: 1, step: 1), SampleRecords.event(3, "third")], to: again)
    #expect(try again.contents() == first)
    again.close()
  }

  @Test func whatWasAcknowledgedSurvivesAKillAtAnyTime() throws {
    let journal = try Journal(directory: directory.path)
    for step in 1...40 { try append([SampleRecords.commit(job: 1, step: UInt64(step))], to: journal) }
    // The files as a kill would leave them: the database is not closed, its log not written back.
    let image = try TemporaryDirectory()
    for name in try directoryEntries(directory.path) where name.hasPrefix("journal.sqlite") && !name.hasSuffix("-shm") {
      try FileManager.default.copyItem(atPath: "\(directory.path)/\(name)", toPath: "\(image.path)/\(name)")
    }
    let recovered = try Journal(directory: image.path)
    #expect(try recovered.contents().commits.map(\.step) == Array(1...40))
    recovered.close()
    journal.close()
  }

  @Test func aTransactionThatWasCutOffIsGoneAsAWhole() throws {
    let journal = try Journal(directory: directory.path)
    for step in 1...20 {
      try append(
        [SampleRecords.commit(job: 1, step: UInt64(step)), SampleRecords.event(UInt64(step), "step \(step)")],
        to: journal)
    }
    let log = try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/journal.sqlite-wal"))
    #expect(log.count > 10_000)
    for length in stride(from: log.count - 1, through: log.count / 3, by: -4_321) {
      let image = try TemporaryDirectory()
      try FileManager.default.copyItem(
        atPath: "\(directory.path)/journal.sqlite", toPath: "\(image.path)/journal.sqlite")
      _ = try image.file("journal.sqlite-wal", Array(log[..<length]))
      let recovered = try Journal(directory: image.path)
      let contents = try recovered.contents()
      #expect(contents.commits.map(\.step) == Array(1..<(1 + UInt64(contents.commits.count))))
      #expect(contents.lastEventSequence == UInt64(contents.commits.count))
      #expect(contents.commits.count < 20)
      recovered.close()
    }
    journal.close()
  }

  @Test func batchesThatShareATransactionAreAcknowledgedInOrder() throws {
    let journal = try Journal(directory: directory.path)
    let order = Mutex<[Int]>([])
    let done = DispatchSemaphore(value: 0)
    for index in 0..<500 {
      let records = index % 3 == 0 ? [] : [SampleRecords.event(UInt64(index), "\(index)")]
      journal.append(records) { _ in
        order.withLock { $0.append(index) }
        if index == 499 { done.signal() }
      }
    }
    done.wait()
    #expect(order.withLock { $0 } == Array(0..<500))
    journal.close()
  }

  @Test func twoCoordinatorsOnOneStateAreRefused() throws {
    let journal = try Journal(directory: directory.path)
    let error = #expect(throws: JournalError.self) { try Journal(directory: directory.path) }
    #expect(error?.code == .locked)
    #expect(error?.description.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
    journal.close()
    try Journal(directory: directory.path).close()
  }

  @Test func aJournalOfALaterReleaseIsRefusedByName() throws {
    try Journal(directory: directory.path).close()
    try setVersion(JournalSchema.version + 3)
    let error = #expect(throws: JournalError.self) { try Journal(directory: directory.path) }
    #expect(error?.code == .newerSchema)
    #expect(error?.problem.contains("schema \(JournalSchema.version + 3)") == true)
    #expect(error?.problem.contains("up to \(JournalSchema.version)") == true)
    #expect(error?.path == "\(directory.path)/journal.sqlite")
  }

  @Test func aFileThatIsNoJournalIsRefusedAndLeftAlone() throws {
    let bytes = someBytes(8192, seed: 9)
    let path = try directory.file("journal.sqlite", bytes)
    let error = #expect(throws: JournalError.self) { try Journal(directory: directory.path) }
    #expect(error?.code == .foreign)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
  }

  @Test(.enabled(if: PrivateMount.isAvailable)) func aFullDiskStopsTheJournalAndLosesNothingAcknowledged() throws {
    let path = directory.path
    let outcome = PrivateMount.onSmallFileSystem(at: path, byteCount: 512 * 1024) {
      Result {
        let journal = try Journal(directory: path)
        var acknowledged: UInt64 = 0
        let failure = #expect(throws: JournalError.self) {
          for step in 1...10_000 as ClosedRange<UInt64> {
            try append([SampleRecords.commit(job: 1, step: step)], to: journal)
            acknowledged = step
          }
        }
        #expect(failure?.code == .full)
        #expect(failure?.description.contains(path) == true)
        #expect(failure?.description.contains(hostName()) == true)
        #expect(acknowledged > 20)
        // It stays failed: a later batch must not be acknowledged over the gap.
        #expect(throws: JournalError.self) { try append([SampleRecords.event(1, "small")], to: journal) }
        journal.close()
        let again = try Journal(directory: path)
        #expect(try again.contents().commits.map(\.step) == Array(1...acknowledged))
        again.close()
      }
    }
    try #require(outcome).get()
  }

  @Test func metricsAndEventsComeInPages() throws {
    let journal = try Journal(directory: directory.path)
    for step in 1...50 as ClosedRange<UInt64> {
      try append([SampleRecords.commit(job: 1, step: step), SampleRecords.event(step, "step \(step)")], to: journal)
    }
    var steps: [UInt64] = []
    while true {
      let after = steps.last ?? 0
      let page = try read(journal) {
        try $0.metrics(QueryMetrics(job: JobID(1), afterStep: after, limit: 20), byteCountMax: 1000)
      }
      if page.rows.isEmpty { break }
      #expect(page.rows.count <= 20)
      let metrics = page.rows[0].metrics
      #expect(Array(metrics.prefix(2)) == [Metric("loss", 1 / Double(page.rows[0].step)), Metric("lr", 0.5)])
      #expect(
        metrics.dropFirst(2).map(\.label) == [
          "workers", "total/raw_bytes", "total/sent_bytes", "total/step_seconds", "total/wait_seconds",
          "total/extra_attempts",
        ])
      #expect(metrics[2].value == 2)
      steps += page.rows.map(\.step)
    }
    #expect(steps == Array(1...50))
    let events = try read(journal) {
      try $0.events(QueryEvents(job: JobID(1), afterSequence: 47, limit: 9), byteCountMax: 1000)
    }
    #expect(events.events.map(\.text) == ["step 48", "step 49", "step 50"])
    let none = try read(journal) {
      try $0.events(QueryEvents(job: JobID(0), afterSequence: .max, limit: 9), byteCountMax: 1000)
    }
    #expect(none.events == [])
    journal.close()
  }

  @Test func theClusterKeepsItsName() throws {
    let journal = try Journal(directory: directory.path)
    let first = try journal.clusterToken { Token128(high: 1, low: 2) }
    journal.close()
    let again = try Journal(directory: directory.path)
    #expect(try again.clusterToken { Token128(high: 3, low: 4) } == first)
    again.close()
  }

  /// SQLite keeps `user_version` at byte 60 of the file, big-endian (the file format's section 1.3).
  private func setVersion(_ version: Int) throws {
    let file = try #require(FileHandle(forUpdatingAtPath: "\(directory.path)/journal.sqlite"))
    try file.seek(toOffset: 60)
    file.write(Data([0, 0, 0, UInt8(version)]))
    try file.close()
  }
}
