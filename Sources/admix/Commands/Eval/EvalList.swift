import ArgumentParser
import EvaluationJob
import Foundation
import JobFiles
import JobKit
import Results

/// `admix eval ls`: tasks, and which of their data is there.
struct EvalList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "Lists the tasks there are, and whether their data was found.")

  @Option(help: "Where the benchmarks' files lie (default: $ADMIX_BENCHMARKS or benchmarks).", completion: .directory)
  var data: String?
  @Flag(help: "Every subject of every group.") var all = false

  func run() throws {
    let folder = data ?? ProcessInfo.processInfo.environment["ADMIX_BENCHMARKS"] ?? "benchmarks"
    let listing = try TaskListing(readingText: { try readDocument($0, name: $1) })
    var table = Table(["NAME", "KIND", "ASKS", "DATA"].map { ($0, .left) })
    var missing: [String] = []
    for entry in listing.entries where all || !entry.isInside {
      let found = entry.files.count { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
      let state =
        entry.files.isEmpty ? "" : found == entry.files.count ? "found" : "\(found) of \(entry.files.count) files"
      table.add([entry.name, entry.kind, entry.splits, state])
      if found < entry.files.count, let origin = entry.origin, !missing.contains(origin) { missing.append(origin) }
    }
    Console.shared.print(table.lines)
    if !missing.isEmpty {
      Console.shared.print(["", "Files are looked for below \(folder) (`--data`). What is missing:"])
      Console.shared.print(missing.map { "  \($0)" })
    }
  }
}

/// `admix eval validate FILE`: a task file of one's own, checked with its data.
struct EvalValidate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Checks a task file, its data and its prompts; shows the first prompt.")

  @Argument(help: "A task file (YAML).", completion: .file(extensions: ["yaml", "yml"])) var file: String
  @Option(help: "Where the benchmarks' files lie (default: $ADMIX_BENCHMARKS or benchmarks).", completion: .directory)
  var data: String?

  func run() throws {
    let folder = data ?? ProcessInfo.processInfo.environment["ADMIX_BENCHMARKS"] ?? "benchmarks"
    let path = SpecScalar(
      text: Machine.absolute(file), isQuoted: true, path: "", position: SpecPosition(file: file, line: 1, column: 1))
    let lines = try TaskValidation.lines(
      path, data: Machine.absolute(folder), readingText: { try readDocument($0, name: $1) },
      readingFile: { try readDocument(at: $0) })
    Console.shared.print(lines)
  }
}

/// `admix eval compare A B`: what changed between two results.
struct EvalCompare: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compares two results item by item: the difference and its interval, per task.",
    discussion: "A and B are directories with samples_*.jsonl, of Admix or of lm-evaluation-harness.")

  @Argument(help: "Results before.", completion: .directory) var before: String
  @Argument(help: "Results after.", completion: .directory) var after: String
  @Flag(help: "Print the comparison as JSON.") var json = false

  func run() throws {
    let comparison = try ResultComparison(before: before, after: after)
    if json { Console.shared.print([try comparison.json()]) } else { Console.shared.print(comparison.lines) }
  }
}
