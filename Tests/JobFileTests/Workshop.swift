import Foundation
import JobFiles
import JobKit
import PipelineJob

/// A folder of its own for one test, with a wall to paint.
final class Workshop {
  let path: String

  init() throws {
    let base = FileManager.default.temporaryDirectory.appendingPathComponent("admix-job-files-\(UUID().uuidString)")
    path = base.path
    try write("wall/bricks.txt", "red\n")
    try write("wall/mortar.txt", "grey\n")
    try write("red.txt", "#f00\n")
    try write("empty.txt", "")
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws { try write(name, bytes: Array(text.utf8)) }

  func write(_ name: String, bytes: [UInt8]) throws {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func plan(_ yaml: String, base: String? = nil) throws -> PlannedJob {
    let file = try JobFile(bytes: Array(yaml.utf8), path: "job.yaml")
    return try PlannedJob(file, base: base ?? path, jobTypes: [PaintJob(), Pipeline()])
  }

  /// What is said about `yaml`, with the workshop's folder as `<base>`; "accepted" when nothing is.
  func complaint(_ yaml: String) -> String {
    do {
      _ = try plan(yaml)
      return "accepted"
    } catch {
      return String(describing: error).replacingOccurrences(of: path, with: "<base>")
    }
  }
}
