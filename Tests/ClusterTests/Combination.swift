import Foundation
import Glibc
import TestSupport

/// What may happen to a job while it runs. The bits must not notice.
enum Fault: String, CaseIterable {
  case none
  case runnerKilled = "a runner killed"
  case workerKilled = "a worker killed"
  case workerJoins = "a worker joins"
  case workerStopped = "a worker stopped past its lease"
  case coordinatorKilled = "the coordinator killed and started again"
  case everythingRestarted = "everything stopped and started again"
  case paused = "paused and resumed"
}

enum InstructionSetChoice: String, CaseIterable {
  case avx2
  /// The widest that this processor has.
  case widest
}

/// One way to run the golden recipe on stories260K.
struct Combination: CustomStringConvertible {
  let workers: Int
  let threads: Int
  let instructionSet: InstructionSetChoice
  let exchange: String
  let fault: Fault

  static let workerCounts = [1, 2, 3, 5]
  static let threadCounts = [1, 2, 3, 7]
  static let exchanges = ["fp32", "bf16"]
  /// Long enough for a fault to find the job at work, short enough for seconds.
  static let steps = 48

  var description: String {
    "\(workers) workers × \(threads) threads, \(instructionSet), \(exchange), \(fault.rawValue)"
  }

  private var environment: [String: String] { instructionSet == .avx2 ? ["ADMIX_ISA": "avx2"] : [:] }

  /// Runs it, and returns the job as `show --json` has it, and the step after which the fault came.
  func run() throws -> (shown: [String: Any], faultStep: Int) {
    let cluster = try Cluster()
    for number in 0..<workers { try cluster.startWorker("w\(number)", threads: threads, environment: environment) }
    try cluster.waitForWorkers(workers)
    let job = try cluster.submit(.named(.stories, exchange), steps: Self.steps, checkpointEvery: 12)
    var faultStep = 0
    if fault != .none {
      try cluster.waitForStep(2, of: job)
      faultStep = try bring(to: cluster, job)
    }
    return (try cluster.waitForJob(job), faultStep)
  }

  /// Lets the fault happen to the last worker; returns the step the job had come to just before.
  private func bring(to cluster: Cluster, _ job: Int) throws -> Int {
    let victim = "w\(workers - 1)"
    func runners() -> [pid_t] { cluster.workers[victim].map { Cluster.children(of: $0.processID) } ?? [] }
    let before = try cluster.committedSteps(of: job)
    switch fault {
    case .none: break
    case .runnerKilled: for runner in runners() { kill(runner, SIGKILL) }
    case .workerKilled:
      cluster.workers[victim]?.killGroup()
      // One alone has nobody to go on without it.
      if workers == 1 { try cluster.startWorker("next", threads: threads, environment: environment) }
    case .workerJoins: try cluster.startWorker("late", threads: threads, environment: environment)
    case .workerStopped:
      let stopped = (cluster.workers[victim].map { [$0.processID] } ?? []) + runners()
      for process in stopped { kill(process, SIGSTOP) }
      usleep(1_600_000)
      for process in stopped.reversed() { kill(process, SIGCONT) }
    case .coordinatorKilled:
      cluster.coordinator?.killAndWait()
      try cluster.startCoordinator()
    case .everythingRestarted:
      cluster.stop()
      try cluster.startCoordinator()
      for number in 0..<workers { try cluster.startWorker("w\(number)", threads: threads, environment: environment) }
    case .paused:
      guard try cluster.run(["pause", "\(job)"]).status == 0 else {
        throw TestFailure("job \(job) could not be paused")
      }
      try cluster.waitUntil("the job is paused", seconds: 20) { try cluster.show(job)["state"] as? String == "PAUSED" }
      guard try cluster.run(["resume", "\(job)"]).status == 0 else {
        throw TestFailure("job \(job) could not be resumed")
      }
    }
    return before
  }
}
