import ArgumentParser
import ControlClient
import Results
import WireProtocol

struct Logs: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Prints what happened to a job.")

  @OptionGroup var job: JobArgument
  @OptionGroup var coordinator: CoordinatorAddress
  @Flag(name: [.customShort("f"), .long], help: "Go on until the job is over; Ctrl-C leaves the job alone.")
  var follow = false

  func run() throws {
    let connection = try coordinator.connect()
    defer { connection.close() }
    if follow { Interrupts.count() }
    let id = try job.find(on: connection).id
    let follower = JobFollower(connection, job: id)
    while true {
      let jobs = try connection.status().jobs
      guard let own = jobs.first(where: { $0.id == id }) else { return }
      for shown in [own] + jobs.filter({ $0.parent == id }) {
        try follower.showEvents(of: shown, prefix: shown.id == id ? "" : "\(shown.name): ", to: Console.shared.print)
      }
      guard follow, !own.state.isFinal, Interrupts.number == 0, Console.shared.hasReader else { return }
      nap(.milliseconds(500), interrupts: 0)
    }
  }
}
