import ArgumentParser
import ControlClient
import Results
import WireProtocol

struct Wait: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Waits until a job is over; the exit code says how it ended.")

  @OptionGroup var job: JobArgument
  @OptionGroup var coordinator: CoordinatorAddress
  @Option(help: "Give up after this many seconds (exit code 5).") var timeout: Double?

  func validate() throws {
    if let timeout, !(timeout >= 0 && timeout < 1e9) {
      throw ValidationError("--timeout takes seconds from 0 on, found \(timeout)")
    }
  }

  func run() throws {
    let connection = try coordinator.connect()
    defer { connection.close() }
    let id = try job.find(on: connection).id
    let end = timeout.map { ContinuousClock.now + .seconds($0) }
    while true {
      let status = try connection.detail(of: id).status
      if status.state.isFinal {
        Console.shared.print("job \(id) \(status.name) \(status.state.word)")
        guard status.state == .completed else {
          throw CommandFailure(exitStatus(of: status.state), "job \(id): \(status.reason)")
        }
        return
      }
      if let end, ContinuousClock.now >= end {
        throw CommandFailure(
          .timedOut, "job \(id) \(status.name) is \(status.state.word) at step \(status.step)/\(status.steps)")
      }
      nap(.milliseconds(200))
    }
  }
}
