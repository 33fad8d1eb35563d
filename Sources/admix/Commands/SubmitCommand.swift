import ArgumentParser
import ControlClient
import JobFiles
import JobKit
import Results
import WireProtocol

struct SubmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit", abstract: "Uploads a job's inputs and queues it on the cluster.")

  @OptionGroup var jobFile: JobFileArgument
  @OptionGroup var coordinator: CoordinatorAddress
  @Option(help: "Of a pipeline: compute this stage and what needs it again, whatever is done.") var from: String?
  @Flag(help: "Check and plan the job, print what it would do, and submit nothing.") var dryRun = false
  @Flag(help: "Print JSON: the job's id.") var json = false

  func run() throws {
    var planned = try jobFile.plan()
    try HoursBudget.check(jobFile)
    if let from { planned = try planned.redoing(from: from) }
    if dryRun { return Console.shared.print(dryRunLines(planned)) }
    let connection = try coordinator.connect()
    defer { connection.close() }
    for note in planned.plan.notes { Console.shared.note(note) }
    let id = try connection.submit(planned, token: .drawn())
    if json {
      let object: JSONNode = ["schema": .integer(schemaVersion), "id": .unsigned(UInt64(id.number))]
      Console.shared.print(object.text())
    } else {
      Console.shared.print("job \(id) \(planned.plan.name) submitted; follow it with: admix logs -f \(id)")
    }
  }
}
