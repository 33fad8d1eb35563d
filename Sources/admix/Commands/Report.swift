import ArgumentParser
import Foundation
import Reports
import Results

/// What is kept beside a job's results. `keepsCurrent`: also of a job that still runs.
func outputViews(of directory: String, keepsCurrent: Bool = false) -> [any OutputView] {
  [
    EventFile(directory: directory), TrainingReportFile(directory: directory, keepsCurrent: keepsCurrent),
    StudyReportFile(directory: directory),
  ]
}

struct Report: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes an output directory's report.html and TensorBoard events again, from the files in it.",
    discussion: """
      `run`, `fetch` and `study` write them; this is for a directory whose report was lost, or was written by an \
      earlier release. Of a pipeline's directory the stages' reports are written too. A study's has report.md and \
      report.json beside it.
      """)

  @Argument(help: "A directory that `run` or `fetch` wrote.", completion: .directory)
  var directory: String

  func run() throws {
    let top = Machine.absolute(directory)
    let written = try write(top)
    if written.isEmpty {
      throw CommandFailure(
        .usage, "\(top): no step was committed and nothing was evaluated in it: there is nothing to report")
    }
    Console.shared.print(written)
  }

  /// Returns the reports written: of the directory and of the stages below it.
  private func write(_ directory: String) throws -> [String] {
    let path = "\(directory)/result.json"
    guard let text = readText(path) else {
      // What `admix study` wrote has an answer and no job.
      if try StudyReportFile.write(directory: directory) { return ["\(directory)/report.html"] }
      throw CommandFailure(
        .usage,
        "\(path): there is no such file, so this is no job's output directory, or its job is not over. "
          + "`admix fetch JOB` brings what there is of a running job, with a report")
    }
    guard let result = JSONNode(parsing: text), case .object = result else {
      throw CommandFailure(.usage, "\(path): found no JSON object. `admix fetch JOB` or `admix run` writes it anew")
    }
    // The stages' first: a pipeline's report links to theirs.
    var written: [String] = []
    for stage in result["stages"]?.members ?? [] where !stage.key.contains("/") && !stage.key.hasPrefix(".") {
      written += try write("\(directory)/stages/\(stage.key)")
    }
    for view in outputViews(of: directory) { try view.update(result: result, isAtRest: true) }
    let hasReport =
      TrainingReport(directory: directory, result: result) != nil
      || StudyReport(directory: directory, result: result) != nil
      || PipelineReport(directory: directory, result: result) != nil
    return hasReport ? ["\(directory)/report.html"] + written : written
  }
}
