import ArgumentParser
import ControlClient
import Results
import WireProtocol

/// What the four commands that change a job's course have in common.
struct ControlArguments: ParsableArguments {
  @OptionGroup var job: JobArgument
  @OptionGroup var coordinator: CoordinatorAddress

  func perform(_ action: ControlJob.Action, done: String) throws {
    let connection = try coordinator.connect()
    defer { connection.close() }
    let found = try job.find(on: connection)
    try connection.control(found.id, action)
    Console.shared.print("job \(found.id) \(found.name) \(done)")
  }
}

struct Cancel: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Stops a job at once; its last checkpoint is kept.")
  @OptionGroup var arguments: ControlArguments
  func run() throws { try arguments.perform(.cancel, done: "is cancelled") }
}

struct Pause: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lets a job finish its step and write a checkpoint, and stops it there.")
  @OptionGroup var arguments: ControlArguments
  func run() throws { try arguments.perform(.pause, done: "pauses after this step") }
}

struct Resume: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Lets a paused job go on where it stopped.")
  @OptionGroup var arguments: ControlArguments
  func run() throws { try arguments.perform(.resume, done: "goes on") }
}

struct Retry: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Starts a failed or cancelled job again from its last checkpoint.")
  @OptionGroup var arguments: ControlArguments
  func run() throws { try arguments.perform(.retry, done: "starts again") }
}
