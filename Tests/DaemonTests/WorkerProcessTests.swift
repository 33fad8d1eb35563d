import Foundation
import StateFiles
import Testing
import Transport
import WireProtocol

@testable import ControlClient
@testable import WorkerDaemon

/// A worker as it is in a cluster: a process, with runners as its children.
@Suite(.serialized) struct WorkerProcessTests {
  let cluster: TestCluster
  let client: CoordinatorConnection
  /// Names this test's processes: how long they would sleep.
  let number = "9\(UInt32.random(in: 100_000...999_999))"

  init() throws {
    cluster = try TestCluster()
    try cluster.startCoordinator()
    client = try cluster.client()
  }

  private var command: [String] {
    [TestCluster.testRunner.executable, cluster.address, "\(cluster.directory.path)/cache"]
  }

  private func startWorker() throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command[1...])
    process.standardError = FileHandle.nullDevice
    try process.run()
    _ = try cluster.waitForWorker("process", client)
    return process
  }

  /// Live processes one of whose arguments is `word`.
  private func processes(with word: String) -> [pid_t] {
    ((try? directoryEntries("/proc")) ?? []).compactMap { pid_t($0) }.filter { process in
      guard let line = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/cmdline")) else { return false }
      return line.split(separator: 0).contains { String(decoding: $0, as: UTF8.self) == word }
    }
  }

  private func forkingJob() throws -> JobID {
    let job = try cluster.submit(
      [ShardPlan(name: "s", payload: Array("fork \(number)".utf8), inputs: [])], client: client)
    _ = try eventually("the runner has forked", log: cluster.log) { processes(with: number).count == 2 ? true : nil }
    return job
  }

  private func allGone(_ what: String) throws {
    _ = try eventually(what, log: cluster.log) { processes(with: number).isEmpty ? true : nil }
  }

  @Test func whatARunnerForkedEndsWithItEvenInASessionOfItsOwn() throws {
    let worker = try startWorker()
    defer { worker.terminate() }
    let job = try forkingJob()
    try client.control(job, .cancel)
    try allGone("orphans are ended")
    // The worker lives and takes the next job.
    let next = try cluster.submit([ShardPlan(name: "s", payload: [], inputs: [])], client: client)
    #expect(try cluster.waitForJob(next, client).status.state == .completed)
    let path = "/proc/\(worker.processIdentifier)/task/\(worker.processIdentifier)/children"
    _ = try eventually("no zombie is left", log: cluster.log) {
      try Data(contentsOf: URL(fileURLWithPath: path)).isEmpty ? true : nil
    }
  }

  @Test func sigtermEndsWorkerAndRunners() throws {
    let worker = try startWorker()
    _ = try forkingJob()
    worker.terminate()
    worker.waitUntilExit()
    #expect(worker.terminationReason == .exit && worker.terminationStatus == 0)
    try allGone("nothing is left")
    _ = try eventually("the coordinator does not wait for it", log: cluster.log) {
      try client.status().workers.isEmpty ? true : nil
    }
  }

  @Test func aWorkerThatIsKilledTakesItsRunnersAlong() throws {
    let worker = try startWorker()
    _ = try cluster.submit([ShardPlan(name: "s", payload: Array("sleep".utf8), inputs: [])], client: client)
    let runner = try eventually("a runner lives", log: cluster.log) { children(of: worker.processIdentifier).first }
    kill(worker.processIdentifier, SIGKILL)
    worker.waitUntilExit()
    _ = try eventually("the runner is gone", log: cluster.log) { kill(runner, 0) != 0 ? true : nil }
  }

  @Test func aWorkerEndsWithTheProcessThatStartedIt() throws {
    let parent = Process()
    parent.executableURL = URL(fileURLWithPath: "/bin/sh")
    let words = command.map { "'\($0)'" }.joined(separator: " ")
    parent.arguments = ["-c", "\(words) & wait"]
    parent.standardError = FileHandle.nullDevice
    try parent.run()
    _ = try cluster.waitForWorker("process", client)
    let worker = try #require(processes(with: command[2]).first { $0 != parent.processIdentifier })
    kill(parent.processIdentifier, SIGKILL)
    parent.waitUntilExit()
    _ = try eventually("the worker is gone", log: cluster.log) { kill(worker, 0) != 0 ? true : nil }
  }

  /// Of all threads of the process.
  private func children(of process: pid_t) -> [pid_t] {
    let threads = (try? directoryEntries("/proc/\(process)/task")) ?? []
    return threads.flatMap { thread -> [pid_t] in
      guard let text = try? String(contentsOfFile: "/proc/\(process)/task/\(thread)/children", encoding: .utf8) else {
        return []
      }
      return text.split(separator: " ").compactMap { pid_t($0) }
    }
  }
}
