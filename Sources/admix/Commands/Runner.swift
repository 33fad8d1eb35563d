import ArgumentParser
import JobRunner
import WorkerDaemon

/// What a worker starts for each assignment. It speaks the runner protocol on the descriptor it inherits.
struct Runner: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Does one piece of a job for the worker that started it.", shouldDisplay: false)

  func run() throws {
    try JobRunner.run(jobTypes: jobTypes, socketDescriptor: WorkerOptions.runnerDescriptor)
  }
}
