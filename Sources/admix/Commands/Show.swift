import ArgumentParser
import ControlClient
import Foundation
import Results
import WireProtocol

struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows a job: its state, losses, mixture and speed.",
    discussion: "A job is named by its number, its name, the beginning of its name, or a directory with its results.")

  @OptionGroup var job: JobArgument
  @OptionGroup var coordinator: CoordinatorAddress
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print the job file with every default filled in.") var jobFile = false

  func run() throws {
    if job.job.contains("/"), !jobFile { return try showDirectory(job.job) }
    let connection = try coordinator.connect()
    defer { connection.close() }
    let found = try job.find(on: connection)
    let detail = try connection.detail(of: found.id)
    if jobFile {
      Console.shared.print(detail.jobFile)
      return
    }
    let result = resultObject(detail, rows: try connection.metrics(of: found.id, after: 0))
    if json {
      Console.shared.print(result.text(indented: true))
    } else {
      Console.shared.print(resultLines(detail, result: result))
      Console.shared.print(try pipelineLines(detail, in: try connection.status()))
    }
  }

  /// What `admix run` or `admix fetch` left behind, without any coordinator.
  private func showDirectory(_ directory: String) throws {
    let path = "\(Machine.absolute(directory))/result.json"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw CommandFailure(
        .notFound, "\(printable(path)): there are no results; `admix run` and `admix fetch` make them")
    }
    guard let result = JSONNode(parsing: text), case .object = result else {
      throw CommandFailure(.usage, "\(printable(path)) is not JSON; `admix fetch` writes it again")
    }
    Console.shared.print(json ? [result.text(indented: true)] : resultLines(result))
  }
}
