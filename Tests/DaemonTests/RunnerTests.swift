import Foundation
import StateFiles
import Testing
import WireProtocol

@testable import ControlClient
@testable import CoordinatorDaemon
@testable import WorkerDaemon

@Suite(.serialized) struct RunnerTests {
  let cluster: TestCluster
  let client: CoordinatorConnection

  init() throws {
    cluster = try TestCluster()
    try cluster.startCoordinator()
    client = try cluster.client()
  }

  private func upload(_ contents: [[UInt8]], name: String) throws -> NamedTree {
    var files: [FileReference] = []
    var local: [LocalFile] = []
    for (index, bytes) in contents.enumerated() {
      let path = try cluster.directory.file("\(name)-\(index)", bytes)
      let digest = ContentHash.of(bytes)
      files.append(FileReference(path: "sub/\(index).bin", digest: digest, byteCount: UInt64(bytes.count)))
      local.append(LocalFile(path: path, digest: digest, byteCount: UInt64(bytes.count)))
    }
    try client.upload(local)
    return NamedTree(name: name, files: files)
  }

  @Test func aShardsInputsReachItsRunnerAndItsOutputsComeBack() throws {
    try cluster.startWorker(cluster.workerOptions("one"))
    let contents = [someBytes(3_000_000, seed: 21), [], someBytes(10, seed: 22)]
    let tree = try upload(contents, name: "in")
    let job = try cluster.submit([ShardPlan(name: "s", payload: [], inputs: [.files(tree)])], client: client)
    let detail = try cluster.waitForJob(job, client)
    #expect(detail.status.state == .completed, "\(detail.status.reason)\n\(cluster.log.text)")
    let output = try #require(detail.outputs.first)
    let target = "\(cluster.directory.path)/fetched"
    var last = TransferProgress()
    try client.download(output, to: target) { last = $0 }
    #expect(try Data(contentsOf: URL(fileURLWithPath: "\(target)/joined.bin")) == Data(contents.flatMap { $0 }))
    #expect(last.bytesDone == 3_000_010 && last.bytesTotal == 3_000_010 && last.filesDone == 1)
    #expect(try directoryEntries(target) == ["joined.bin"])
    // Run directories go with their runners; the cache keeps the inputs.
    _ = try eventually("the run directory is removed", log: cluster.log) {
      try directoryEntries("\(cluster.directory.path)/one/runs").isEmpty ? true : nil
    }
  }

  @Test func aRunnerThatTrapsIsAnEventWithItsSignalAndLastLines() throws {
    try cluster.startWorker(cluster.workerOptions("one"))
    let job = try cluster.submit([ShardPlan(name: "s", payload: Array("trap".utf8), inputs: [])], client: client)
    let detail = try cluster.waitForJob(job, client)
    #expect(detail.status.state == .failed)
    let events = try client.events(of: job, after: 0).map(\.text).joined(separator: "\n")
    #expect((detail.status.reason + events).contains("signal 6"), "\(detail.status.reason)\n\(events)")
    #expect((detail.status.reason + events).contains("the last line"), "\(detail.status.reason)\n\(events)")
    // What it wrote is in the job's log, line by line.
    #expect(events.contains("about to fail"))
  }

  @Test func aRunnerThatCannotBeStartedIsNamed() throws {
    try cluster.startWorker(
      cluster.workerOptions("one", runner: .init(executable: "/nowhere/runner", arguments: [])))
    let job = try cluster.submit([ShardPlan(name: "s", payload: [], inputs: [])], client: client)
    let detail = try cluster.waitForJob(job, client)
    #expect(detail.status.state == .failed)
    #expect(detail.status.reason.contains("/nowhere/runner"), "\(detail.status.reason)")
  }

  @Test func aRunnerThatNeverSaysHelloIsItsExitOnly() throws {
    try cluster.startWorker(
      cluster.workerOptions("one", runner: .init(executable: "/bin/sh", arguments: ["-c", "echo no >&2; exit 3"])))
    let job = try cluster.submit([ShardPlan(name: "s", payload: [], inputs: [])], client: client)
    let detail = try cluster.waitForJob(job, client)
    #expect(detail.status.state == .failed)
    #expect(detail.status.reason.contains("3"), "\(detail.status.reason)")
  }

  @Test func cancelKillsTheRunnerAndWhatItForked() throws {
    try cluster.startWorker(cluster.workerOptions("one"))
    let job = try cluster.submit([ShardPlan(name: "s", payload: Array("sleep".utf8), inputs: [])], client: client)
    let runner = try eventually("a runner lives", log: cluster.log) { runnerProcesses().first }
    try client.control(job, .cancel)
    _ = try eventually("the runner is gone", log: cluster.log) { kill(runner, 0) != 0 ? true : nil }
    #expect(try cluster.waitForJob(job, client).status.state == .cancelled)
    _ = try cluster.waitForWorker("one", client)
  }

  @Test func aRunnerGoesOnWhileTheCoordinatorIsRestarted() throws {
    try cluster.startWorker(cluster.workerOptions("one"))
    let job = try cluster.submit([ShardPlan(name: "s", payload: Array("sleep".utf8), inputs: [])], client: client)
    let runner = try eventually("a runner lives", log: cluster.log) { runnerProcesses().first }
    cluster.stopCoordinator()
    usleep(300_000)
    try cluster.startCoordinator()
    _ = try cluster.waitForWorker("one", client, state: .busy)
    // Past the lease, and any decision to start the work anew.
    usleep(2_000_000)
    #expect(kill(runner, 0) == 0)
    #expect(runnerProcesses() == [runner])
    #expect(try client.detail(of: job).status.state == .running)
    try client.control(job, .cancel)
    _ = try eventually("the runner is gone", log: cluster.log) { kill(runner, 0) != 0 ? true : nil }
  }

  @Test func aStoppedWorkerLeavesNoRunnerBehind() throws {
    let worker = try cluster.startWorker(cluster.workerOptions("one"))
    _ = try cluster.submit([ShardPlan(name: "s", payload: Array("sleep".utf8), inputs: [])], client: client)
    let runner = try eventually("a runner lives", log: cluster.log) { runnerProcesses().first }
    worker.stop()
    #expect(worker.waitUntilStopped() == .asked)
    #expect(kill(runner, 0) != 0)
  }

  @Test func anInputThatWouldLeaveItsDirectoryIsRefused() throws {
    try cluster.startWorker(cluster.workerOptions("one"))
    let tree = try upload([[1, 2, 3]], name: "in")
    let evil = NamedTree(
      name: "in", files: [FileReference(path: "../../../evil", digest: tree.files[0].digest, byteCount: 3)])
    #expect(throws: (any Error).self) {
      let job = try cluster.submit([ShardPlan(name: "s", payload: [], inputs: [.files(evil)])], client: client)
      let detail = try cluster.waitForJob(job, client)
      #expect(detail.status.state == .failed)
      throw ClientError(.transfer, detail.status.reason)
    }
    #expect(!FileManager.default.fileExists(atPath: "\(cluster.directory.path)/evil"))
  }

  /// Runners of workers in this process: children of ours that run the test runner, without arguments.
  private func runnerProcesses() -> [pid_t] {
    let processes = (try? directoryEntries("/proc")) ?? []
    return processes.compactMap { pid_t($0) }.filter { process in
      guard let line = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/cmdline")),
        let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
      else { return false }
      return line == Data(TestCluster.testRunner.executable.utf8) + [0] && status.contains("PPid:\t\(getpid())\n")
    }
  }
}
