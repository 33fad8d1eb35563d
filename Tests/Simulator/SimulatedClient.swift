import CoordinatorCore
import WireProtocol

/// A person at the command line: submits, looks at the status, resumes what is paused, retries what failed for the
/// cluster's sake. Asks again when no answer comes.
final class SimulatedClient {
  static let connection = ConnectionID(.max)
  unowned let cluster: SimulatedCluster
  private(set) var job: JobID?
  private(set) var isDone = false
  private(set) var lastReason = ""
  private let token: Token128
  private var correlation: UInt64 = 0
  private var lastAnswer: UInt64 = 0
  private var lastAction: UInt64 = 0
  /// When a pause is asked for; 0 for never.
  private var pauseAt: UInt64

  init(_ cluster: SimulatedCluster) {
    self.cluster = cluster
    token = Token128(high: cluster.seed, low: 5)
    pauseAt = cluster.choices.chance(25) ? cluster.time + UInt64(cluster.choices.within(3...30)) * 1_000_000_000 : 0
  }

  func start() {
    // Twice: a submission with one token is one job.
    submit()
    submit()
    poll()
  }

  private func submit() {
    ask(
      .submit(
        Submit(plan: cluster.workload.plan, jobFile: "job: toy", recipeDigest: .zero, submission: token)))
  }

  private func ask(_ request: ClientRequest) {
    let coordinator = cluster.coordinator!
    correlation += 1
    let number = correlation
    cluster.after(cluster.choices.milliseconds(0...20), in: coordinator.process) {
      coordinator.handle(.clientAsked(SimulatedClient.connection, correlation: number, request))
    }
  }

  private func poll() {
    cluster.after(.seconds(1)) { [self] in
      if job == nil { submit() } else { ask(.queryStatus(QueryStatus())) }
      poll()
    }
  }

  func answered(_ message: CoordinatorMessage, correlation: UInt64) {
    switch message {
    case .submitted(let submitted):
      if let job, job != submitted.job {
        cluster.checks.violated("one submission became jobs \(job) and \(submitted.job)")
      }
      job = submitted.job
    case .clusterStatus(let status): look(at: status)
    case .requestFailed(let failed):
      // Between question and answer the state may have changed.
      if failed.reason != .wrongState { cluster.checks.violated("a request was refused: \(failed.sentence)") }
    default: break
    }
  }

  private func look(at status: ClusterStatus) {
    for worker in status.workers where worker.reason.isEmpty {
      cluster.checks.violated("the status of \(worker.id) has no reason")
    }
    for job in status.jobs where job.state == .pending && job.reason.isEmpty {
      cluster.checks.violated("job \(job.id) waits without a reason")
    }
    guard let own = status.jobs.first(where: { $0.id == job }) else { return }
    lastReason = "\(own.state.word) step \(own.step)/\(own.steps) \(own.reason)"
    if cluster.log != nil { cluster.note("status: \(lastReason)", 9) }
    let mayAct = cluster.time - lastAction > 2_000_000_000
    switch own.state {
    case .completed: isDone = true
    case .paused where mayAct:
      cluster.counters.resumes += 1
      act(.resume)
    case .failed where mayAct:
      guard own.reason.contains("without progress") || own.reason.contains("times, last on") else {
        return cluster.checks.violated("the job failed: \(own.reason)")
      }
      cluster.counters.retries += 1
      act(.retry)
    case .running where pauseAt > 0 && cluster.time >= pauseAt:
      pauseAt = 0
      act(.pause)
    case .pending, .running, .paused, .failed: break
    case .cancelled: cluster.checks.violated("the job was cancelled")
    }
  }

  private func act(_ action: ControlJob.Action) {
    guard let job else { return }
    lastAction = cluster.time
    cluster.note("client: \(action)", 10)
    ask(.controlJob(ControlJob(job: job, action: action)))
  }
}
