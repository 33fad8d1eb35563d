import ArgumentParser
import ControlClient
import Results
import WireProtocol

struct Jobs: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Lists all jobs.")

  @OptionGroup var coordinator: CoordinatorAddress
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let connection = try coordinator.connect()
    defer { connection.close() }
    let status = try connection.status()
    if json {
      Console.shared.print(jobsObject(status).text(indented: true))
    } else {
      Console.shared.print(jobLines(status.jobs, in: status))
    }
  }
}
