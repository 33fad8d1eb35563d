import ArgumentParser
import ControlClient
import Results
import WireProtocol

struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Shows a job: its state, losses, mixture and speed.")

  @OptionGroup var job: JobArgument
  @OptionGroup var coordinator: CoordinatorAddress
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print the job file with every default filled in.") var jobFile = false

  func run() throws {
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
    }
  }
}
