import ArgumentParser
import ControlClient
import Foundation
import JobKit
import Results
import WireProtocol

/// Where the coordinator is, for every command that asks it.
struct CoordinatorAddress: ParsableArguments {
  @Option(
    help: "HOST:PORT or unix:PATH of the coordinator (default: $ADMIX_COORDINATOR or \(defaultCoordinator)).")
  var coordinator: String?

  var address: String {
    coordinator ?? ProcessInfo.processInfo.environment["ADMIX_COORDINATOR"].flatMap { $0.isEmpty ? nil : $0 }
      ?? defaultCoordinator
  }

  func connect() throws -> CoordinatorConnection {
    try CoordinatorConnection(ClientOptions(address: address, build: buildName))
  }
}

let defaultCoordinator = "127.0.0.1:7450"

/// A command on one job.
struct JobArgument: ParsableArguments {
  @Argument(help: "A job's number, its name, or the beginning of its name.")
  var job: String

  /// The job as the coordinator knows it now.
  func find(on connection: CoordinatorConnection) throws -> JobStatus {
    let jobs = try connection.status().jobs
    do {
      return try Results.job(named: job, among: jobs)
    } catch {
      guard !jobs.contains(where: { $0.name.hasPrefix(job) }), let near = nearest(to: job, among: jobs.map(\.name))
      else { throw error }
      throw CommandFailure(.notFound, "\(error). Did you mean `\(printable(near))`?")
    }
  }
}

/// The coordinator as a source of results.
struct CoordinatorResults: ResultSource {
  let connection: CoordinatorConnection

  func detail(of job: JobID) throws -> JobDetail { try connection.detail(of: job) }

  func metricRows(of job: JobID, after step: UInt64) throws -> [MetricRows.Row] {
    try connection.metrics(of: job, after: step)
  }

  func events(of job: JobID, after sequence: UInt64) throws -> [JobEvents.Event] {
    try connection.events(of: job, after: sequence)
  }

  func download(_ tree: NamedTree, to directory: String) throws {
    try connection.download(tree, to: directory)
  }
}
