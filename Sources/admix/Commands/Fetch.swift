import ArgumentParser
import ControlClient
import JobFiles
import JobKit
import Results
import WireProtocol

struct Fetch: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Brings a job's results to this machine; files that are there already are not sent again.")

  @OptionGroup var job: JobArgument
  @OptionGroup var coordinator: CoordinatorAddress
  @Option(help: "The directory for the results (default: the job file's `output`).", completion: .directory)
  var output: String?
  @Flag(help: "Rename a directory that holds something else.") var force = false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let connection = try coordinator.connect()
    defer { connection.close() }
    let detail = try connection.detail(of: try job.find(on: connection).id)
    let directory = try output ?? writtenOutput(detail)
    _ = try OutputClaim.claim(directory, recipe: detail.recipeDigest, force: force) {
      Console.shared.note("what was in \(directory) is now in \($0)")
    }
    Console.shared.progress("fetching \(detail.status.name) to \(directory)")
    let result = try OutputTree(directory: directory) { outputViews(of: $0, keepsCurrent: true) }.update(
      detail.status.id, from: CoordinatorResults(connection: connection))
    Console.shared.endProgress()
    if json {
      Console.shared.print(result.text(indented: true))
    } else {
      Console.shared.print(resultLines(detail, result: result))
      if !detail.status.state.isFinal {
        Console.shared.note("the job is \(detail.status.state.word): this is what there is so far")
      }
    }
  }

  /// The job file's `output` when it lies below the working directory, else `out/JOB`: whoever submitted the job does
  /// not decide where on this machine files are written.
  private func writtenOutput(_ detail: JobDetail) throws -> String {
    let file = try JobFile(bytes: Array(detail.jobFile.utf8), path: "job \(detail.status.id)")
    guard case .scalar(let scalar)? = file.specification["output"] else { return "out/\(detail.status.id)" }
    let isBelow = !scalar.text.hasPrefix("/") && !scalar.text.split(separator: "/").contains("..")
    return isBelow ? scalar.text : "out/\(detail.status.id)"
  }
}
