import ArgumentParser
import Glibc
import JobRunner
import WorkerDaemon

/// What a worker starts for each assignment. It speaks the runner protocol on the descriptor it inherits.
struct Runner: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Does one piece of a job for the worker that started it.", shouldDisplay: false)

  func run() throws {
    let status = RunnerMain.run(
      jobTypes: jobTypes, socketDescriptor: WorkerOptions.runnerDescriptor, settings: RunnerSettings(build: buildName))
    // A job type may still be computing on its thread; nothing of it is wanted any more.
    _exit(status)
  }
}
