import Foundation
import Results
import WireProtocol

/// A store in memory that a test fills, with a download that can be told to break off.
final class FakeStore: ResultSource {
  struct Cut: Error {}

  var details: [JobID: JobDetail] = [:]
  var rows: [MetricRows.Row] = []
  var events: [JobEvents.Event] = []
  /// Rows an answer holds at most.
  var rowLimit = 7
  var contents: [Digest: [UInt8]] = [:]
  /// Files written before the next download breaks off.
  var filesUntilCut = Int.max
  private(set) var filesWritten = 0

  func tree(_ name: String, _ files: [String: String]) -> NamedTree {
    NamedTree(
      name: name,
      files: files.sorted { $0.key < $1.key }.map { path, text in
        // Any injective digest will do here.
        let bytes = Array(text.utf8)
        let digest = Digest((0..<32).map { UInt8(truncatingIfNeeded: text.hashValue >> ($0 % 8 * 8) &+ $0) }) ?? .zero
        contents[digest] = bytes
        return FileReference(path: path, digest: digest, byteCount: UInt64(bytes.count))
      })
  }

  func detail(of job: JobID) throws -> JobDetail {
    guard let detail = details[job] else { throw Cut() }
    return detail
  }

  func metricRows(of job: JobID, after step: UInt64) throws -> [MetricRows.Row] {
    Array(rows.filter { $0.step > step }.prefix(rowLimit))
  }

  func events(of job: JobID, after sequence: UInt64) throws -> [JobEvents.Event] {
    Array(events.filter { $0.job == job && $0.sequence > sequence }.prefix(2))
  }

  func download(_ tree: NamedTree, to directory: String) throws {
    for file in tree.files {
      let url = URL(fileURLWithPath: "\(directory)/\(file.path)")
      guard let bytes = contents[file.digest] else { throw Cut() }
      if let there = try? Data(contentsOf: url), there == Data(bytes) { continue }
      guard filesWritten < filesUntilCut else { throw Cut() }
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
      filesWritten += 1
    }
  }
}

/// A directory that goes with the test.
final class OutputDirectory {
  let path: String
  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("admix-cli-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func text(_ name: String) -> String? { try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

  /// Paths of all files, hidden ones too.
  var files: [String] {
    (FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []).filter {
      var isDirectory: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: "\(path)/\($0)", isDirectory: &isDirectory)
      return exists && !isDirectory.boolValue
    }.sorted()
  }
}
