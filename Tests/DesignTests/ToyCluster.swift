import ControlClient
import CoordinatorDaemon
import Foundation
import Glibc
import GradientExchange
import JobFiles
import JobKit
import PipelineJob
import Synchronization
import TestSupport
import Testing
import ToyJobs
import Transport
import WireProtocol

/// All tests on processes of the toy's, one after the other.
@Suite("What keeps the design honest", .serialized)
enum DesignTests {}

/// A coordinator in this process, at a tenth of the usual times, and workers in processes of their own, none of which
/// knows any job type but the toy.
final class ToyCluster {
  let directory: TemporaryDirectory
  let connection: CoordinatorConnection
  private let coordinator: CoordinatorServer
  private(set) var workers: [String: Subprocess] = [:]
  private let log = Log()

  private final class Log: Sendable {
    let lines = Mutex<[String]>([])
  }

  private static let runner = Subprocess.admix.deletingLastPathComponent().appendingPathComponent("toy-runner")

  init() throws {
    directory = try TemporaryDirectory("toys")
    var options = CoordinatorOptions(
      listen: .unix(path: "\(directory.path)/socket"), stateDirectory: "\(directory.path)/state", build: "toy",
      numericsVersion: ExchangeNumerics.version)
    options.timings = CoordinatorTimings().scaled(by: 0.1)
    options.log = { [log] line in log.lines.withLock { $0.append(line) } }
    coordinator = try CoordinatorServer(options)
    try coordinator.start()
    connection = try CoordinatorConnection(
      ClientOptions(address: "unix:\(directory.path)/socket", build: "toy", requestTimeout: .seconds(10)))
  }

  deinit {
    for worker in workers.values { worker.killGroup() }
    connection.close()
    coordinator.stop()
    _ = coordinator.waitUntilStopped()
  }

  func startWorkers(_ names: [String], environment: [String: String] = [:]) throws {
    for name in names {
      workers[name] = try Subprocess(
        Self.runner, ["worker", "unix:\(directory.path)/socket", "\(directory.path)/cache-\(name)", name], name: name,
        in: directory.url, environment: environment)
    }
    try wait("\(names) have joined", seconds: 20) {
      let idle = try self.connection.status().workers.filter { $0.state == .idle }.map(\.name)
      return names.allSatisfy(idle.contains)
    }
  }

  /// Plans the job file as `admix submit` would, with the toy and pipelines for job types, and submits it.
  func submit(_ jobFile: String) throws -> JobID {
    let planned = try PlannedJob(
      JobFile(bytes: Array(jobFile.utf8), path: "toy.yaml"), base: directory.path, jobTypes: [ToyJob(), Pipeline()])
    return try connection.submit(
      Submit(
        plan: planned.plan, jobFile: planned.resolved.yaml, recipeDigest: planned.recipeDigest,
        submission: Token128(high: .random(in: 1 ... .max), low: 1)))
  }

  func waitForJob(_ job: JobID, seconds: Double = 60) throws -> JobDetail {
    try wait("job \(job) ends", seconds: seconds) { try self.connection.detail(of: job).status.state.isFinal }
    let detail = try connection.detail(of: job)
    if detail.status.state != .completed { throw TestFailure("job \(job): \(detail.status.reason)\n\(story(job))") }
    return detail
  }

  /// What happened to the job, for a failed test.
  func story(_ job: JobID) -> String {
    let events = (try? connection.events(of: job, after: 0).map(\.text)) ?? []
    let lines = log.lines.withLock { $0.suffix(30) }
    return (events + lines + workers.values.map { "--- \($0.name)\n\($0.errorText.suffix(1000))" })
      .joined(separator: "\n")
  }

  func runners(of worker: String) -> [pid_t] { workers[worker].map { Cluster.children(of: $0.processID) } ?? [] }

  func wait(_ what: String, seconds: Double = 30, _ condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      if try condition() { return }
      usleep(5_000)
    }
    throw TestFailure("not within \(seconds) s: \(what)\n\(story(JobID(1)))")
  }

  /// The lines of a file that runners append to; none when nobody wrote any.
  func lines(_ name: String) -> [String] {
    let text = try? String(contentsOf: directory.url.appendingPathComponent(name), encoding: .utf8)
    return (text ?? "").split(separator: "\n").map(String.init)
  }
}
