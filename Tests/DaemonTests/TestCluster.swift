import Foundation
import StateFiles
import Synchronization
import Testing
import Transport
import WireProtocol

@testable import ControlClient
@testable import CoordinatorDaemon
@testable import WorkerDaemon

/// A coordinator and workers in this process, on Unix sockets, at a tenth of the usual times.
final class TestCluster: Sendable {
  let directory: TemporaryDirectory
  let log = Log()
  private let coordinator = Mutex<CoordinatorServer?>(nil)
  private let workers = Mutex<[WorkerSupervisor]>([])

  /// The cluster's log, for messages that only it has.
  final class Log: Sendable {
    private let lines = Mutex<[String]>([])
    func append(_ line: String) { lines.withLock { $0.append(line) } }
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
  }

  init() throws { directory = try TemporaryDirectory() }

  deinit {
    for worker in workers.withLock({ $0 }) { worker.stop() }
    for worker in workers.withLock({ $0 }) { worker.waitUntilStopped() }
    stopCoordinator()
  }

  var address: String { "unix:\(directory.path)/socket" }
  var stateDirectory: String { "\(directory.path)/state" }

  func startCoordinator(scale: Double = 0.1) throws {
    var options = CoordinatorOptions(
      listen: .unix(path: "\(directory.path)/socket"), stateDirectory: stateDirectory, build: "test-build",
      numericsVersion: 7)
    options.timings = CoordinatorTimings().scaled(by: scale)
    options.log = { [log] in log.append("coordinator: \($0)") }
    let daemon = try CoordinatorServer(options)
    try daemon.start()
    coordinator.withLock { $0 = daemon }
  }

  func stopCoordinator() {
    guard let daemon = coordinator.withLock({ $0.take() }) else { return }
    daemon.stop()
    daemon.waitUntilStopped()
  }

  func workerOptions(_ name: String, runner: WorkerOptions.RunnerCommand = TestCluster.testRunner) -> WorkerOptions {
    var options = WorkerOptions(
      coordinator: address, name: name, runner: runner, cacheDirectory: "\(directory.path)/\(name)",
      build: "test-build", numericsVersion: 7, isa: "avx2", threads: 1)
    options.log = { [log] in log.append("\(name): \($0)") }
    options.transferPatience = .seconds(5)
    options.plugins = [PluginVersion(name: "test", version: 1)]
    return options
  }

  @discardableResult
  func startWorker(_ options: WorkerOptions) throws -> WorkerSupervisor {
    let daemon = try WorkerSupervisor(options)
    try daemon.start()
    workers.withLock { $0.append(daemon) }
    return daemon
  }

  func client(build: String = "test-build") throws -> CoordinatorConnection {
    try CoordinatorConnection(ClientOptions(address: address, build: build, requestTimeout: .seconds(10)))
  }

  /// The runner of Tests/DaemonTestRunner, built beside this test bundle.
  static let testRunner = WorkerOptions.RunnerCommand(executable: "\(buildDirectory)/DaemonTestRunner", arguments: [])

  private static var buildDirectory: String {
    let arguments = CommandLine.arguments
    let bundle = arguments.firstIndex(of: "--test-bundle-path").map { arguments[min($0 + 1, arguments.count - 1)] }
    return (((bundle ?? arguments[0]) as NSString).deletingLastPathComponent)
  }
}

/// Asks until `condition` gives something; after `seconds`, an issue with the cluster's log.
func eventually<Value>(
  within seconds: Double = 20, _ what: String, log: TestCluster.Log? = nil,
  sourceLocation: SourceLocation = #_sourceLocation, _ condition: () throws -> Value?
) throws -> Value {
  let deadline = Date().addingTimeInterval(seconds)
  while Date() < deadline {
    if let value = try condition() { return value }
    usleep(20_000)
  }
  Issue.record("not within \(seconds) s: \(what)\n\(log?.text ?? "")", sourceLocation: sourceLocation)
  throw CancellationError()
}

extension TestCluster {
  /// Submits a job of one sharded phase and returns its number.
  func submit(_ shards: [ShardPlan], client: CoordinatorConnection, name: String = "shards") throws -> JobID {
    let plan = JobPlan(
      jobType: "test", pluginVersion: 1, name: name, phases: [PhasePlan(name: "only", work: .sharded(shards))],
      outputs: ["out"])
    return try client.submit(
      Submit(
        plan: plan, jobFile: "job: test\n", recipeDigest: .zero,
        submission: Token128(high: .random(in: 1 ... .max), low: 1)))
  }

  func waitForJob(_ job: JobID, _ client: CoordinatorConnection, within seconds: Double = 30) throws -> JobDetail {
    do {
      return try eventually(within: seconds, "job \(job) ends", log: log) {
        let detail = try client.detail(of: job)
        return detail.status.state.isFinal ? detail : nil
      }
    } catch {
      Issue.record("\(try client.status())\n\(try client.events(of: job, after: 0).map(\.text))")
      throw error
    }
  }

  func waitForWorker(
    _ name: String, _ client: CoordinatorConnection, state: WorkerStatus.State = .idle
  ) throws -> WorkerStatus {
    try eventually("\(name) is \(state)", log: log) {
      try client.status().workers.first { $0.name == name && $0.state == state }
    }
  }
}
