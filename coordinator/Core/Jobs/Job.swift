import WireProtocol

/// A job in the queue, or one that was.
struct Job: Sendable {
  let submitted: JobSubmittedRecord
  var state: JobStateRecord
  var completedPhases: [UInt32: PhaseCompletedRecord] = [:]
  /// Names the gang of the phase it is in.
  var runToken: Token128?
  /// What ended stepped phases leave for `show`.
  var steppedHistory: [SteppedHistory] = []
  /// Workers that get none of this job's work, each with the generation it had then and the reason.
  var barred: [WorkerID: (generation: UInt64, reason: String)] = [:]
  /// Who has had work of it since this coordinator began: each is said once.
  var hosts: Set<WorkerID> = []
  /// Exits of runners of their own accord, by worker.
  var restarts: [WorkerID: Restarts] = [:]

  /// A worker's exits in a row.
  struct Restarts: Sendable {
    var count = 0
    /// The phase's progress at the first of them.
    var progressMarks: UInt64 = 0
    var notBefore: MonotonicTime = .zero
  }

  var id: JobID { submitted.job }
  var plan: JobPlan { submitted.plan }
  var hasParent: Bool { submitted.parent.number != 0 }
  var title: String { "job \(id) (\(plan.name))" }
  var phasePlan: PhasePlan? {
    let index = Int(state.phase)
    return plan.phases.indices.contains(index) ? plan.phases[index] : nil
  }

  /// The output trees by the names that the plan promises; a later phase's tree replaces an earlier one's.
  var outputs: [NamedTree] {
    plan.outputs.compactMap { name in
      completedPhases.keys.sorted(by: >).lazy
        .compactMap { phase in completedPhases[phase]?.outputs.last { $0.name == name } }.first
    }
  }

  /// The JSON objects that phases completed with, in order.
  var results: [String] { completedPhases.keys.sorted().flatMap { completedPhases[$0]?.results ?? [] } }
}

/// What an ended stepped phase leaves for `show`.
struct SteppedHistory: Sendable {
  var phase: UInt32
  var measures: [String]
  var steps: UInt64
  var evaluations: [EvaluationRecord]
  var checkpoints: [CheckpointRecord]
  var telemetry: JobTelemetry
}
