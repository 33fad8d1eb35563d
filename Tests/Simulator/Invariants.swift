import CoordinatorCore
import GradientExchange
import WireProtocol

/// The promises, checked at every step of a run.
struct Invariants {
  private(set) var violations: [String] = []
  /// Every record is applied twice, to see that replay is idempotent. Costly, so in some runs only.
  let replaysTwice: Bool
  private let references: [UInt8: (states: [[UInt64]], chains: [Digest])]
  private let workload: SimulatedWorkload
  private struct StepKey: Hashable {
    let job: JobID
    let phase: UInt32
    let step: UInt64
  }
  private var committed: Set<StepKey> = []
  private struct SliceKey: Hashable {
    let job: JobID
    let round: Round
    let slice: UInt32
  }
  /// Who computed a slice of a round.
  private var computers: [SliceKey: [AssignmentID]] = [:]
  /// Runners that are dead, were taken out, or were out of reach for a while: their slices may be computed again.
  private var excused: Set<AssignmentID> = []
  private(set) var slicesComputed = 0
  private(set) var slicesRecomputed = 0

  init(workload: SimulatedWorkload, replaysTwice: Bool) {
    self.replaysTwice = replaysTwice
    self.workload = workload
    references = workload.toys.mapValues { $0.reference() }
  }

  mutating func violated(_ sentence: String) { violations.append(sentence) }

  mutating func gone(_ assignment: AssignmentID) { excused.insert(assignment) }

  mutating func disturbed(_ host: SimulatedHost) { excused.formUnion(host.runners.keys) }

  // MARK: Journal

  mutating func persisted(_ record: JournalRecord, in cluster: SimulatedCluster) {
    switch record {
    case .stepCommitted(let commit):
      cluster.counters.commits += 1
      cluster.note("commit \(commit.step) of job \(commit.job), attempt \(commit.attempt & 0xFFFF_FFFF)", commit.step)
      if !committed.insert(StepKey(job: commit.job, phase: commit.phase, step: commit.step)).inserted {
        violated("step \(commit.step) of job \(commit.job) is committed twice")
      }
      guard let reference = reference(of: commit.job, in: cluster) else { return }
      if reference.chains[Int(commit.step)] != commit.chain {
        violated("the chain of step \(commit.step) is not that of a single worker")
      }
    case .evaluationTotals(let evaluation):
      guard let payload = payload(of: evaluation.job, in: cluster), let toy = workload.toys[payload],
        let reference = references[payload]
      else { return }
      if toy.evaluation(reference.states[Int(evaluation.step)]) != evaluation.totals {
        violated("the evaluation after step \(evaluation.step) is not that of a single worker")
      }
    case .event(let event): cluster.note("event of job \(event.job): \(event.text)", 5)
    default: break
    }
  }

  private func payload(of job: JobID, in cluster: SimulatedCluster) -> UInt8? {
    let row = cluster.coordinator.disk.jobs.first { $0.job == job }
    for phase in row?.plan.phases ?? [] { if case .stepped(let plan) = phase.work { return plan.payload.first } }
    return nil
  }

  private func reference(of job: JobID, in cluster: SimulatedCluster) -> (states: [[UInt64]], chains: [Digest])? {
    payload(of: job, in: cluster).flatMap { references[$0] }
  }

  // MARK: Runners

  /// A runner has applied a step (or copied a state): the journal has that step, and its bits are the single worker's.
  mutating func applied(by runner: SimulatedRunner) {
    guard let machine = runner.machine, let reference = runner.assign.payload.first.flatMap({ references[$0] }),
      let step = Int(exactly: machine.step), step < reference.states.count
    else { return violated("\(runner.dataAddress) is at no step") }
    if machine.step > 0,
      !committed.contains(StepKey(job: runner.assign.job, phase: runner.assign.phase, step: machine.step))
    {
      violated("\(runner.dataAddress) has applied step \(machine.step), which is not in the journal")
    }
    if machine.chain != reference.chains[step] {
      violated("\(runner.dataAddress) has another chain than the journal at step \(step)")
    }
    if runner.state != reference.states[step] {
      violated("\(runner.dataAddress) has other bits than a single worker at step \(step)")
    }
  }

  mutating func computed(step: UInt64, slice: UInt32, round: Round, by runner: SimulatedRunner) {
    let key = SliceKey(job: runner.assign.job, round: round, slice: slice)
    slicesComputed += 1
    checkNothingIsLost(step, runner)
    let earlier = computers[key, default: []]
    computers[key, default: []].append(runner.assignment)
    guard !earlier.isEmpty else { return }
    slicesRecomputed += 1
    // The one that was out of reach may also be the one that goes on computing, when it is back.
    guard !excused.contains(runner.assignment) else { return }
    for other in earlier where !excused.contains(other) {
      violated("slice \(slice) of step \(step) was computed by \(other) and again by \(runner.assignment)")
    }
  }

  /// A committed step is computed again only when nobody who holds it is left.
  private mutating func checkNothingIsLost(_ step: UInt64, _ runner: SimulatedRunner) {
    guard !excused.contains(runner.assignment),
      committed.contains(StepKey(job: runner.assign.job, phase: runner.assign.phase, step: step))
    else { return }
    for host in runner.cluster.hosts {
      for (assignment, other) in host.runners where !excused.contains(assignment) && other.process.isAlive {
        if other.assign.job == runner.assign.job, (other.machine?.step ?? 0) >= step {
          violated("step \(step) is computed again though \(other.dataAddress) holds it")
        }
      }
    }
  }

  // MARK: The end

  mutating func checkEnd(_ cluster: SimulatedCluster) {
    let disk = cluster.coordinator.disk
    for job in disk.jobs {
      let state = disk.jobStates.first { $0.job == job.job }?.state
      if state != .completed { violated("job \(job.job) ended as \(state?.word ?? "nothing")") }
    }
    let steps = disk.commits.count
    let expected = workload.toys.values.reduce(0) { $0 + Int($1.stepCount) }
    if steps != expected { violated("\(steps) of \(expected) steps are in the journal") }
    for completed in disk.phasesCompleted {
      guard let tree = completed.outputs.first(where: { $0.name == "model" }),
        let reference = reference(of: completed.job, in: cluster)
      else { continue }
      guard let digest = tree.files.first?.digest, case .model(let state)? = cluster.store[digest] else {
        violated("the model of job \(completed.job) is not in the store")
        continue
      }
      if state != reference.states[reference.states.count - 1] {
        violated("the model of job \(completed.job) has other bits than a single worker's")
      }
    }
  }
}
