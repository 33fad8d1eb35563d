import WireProtocol

/// A stepped phase: one gang, one commit a step. This file has the gang's position and the order of things at a step
/// boundary; each aspect (gather, admission, evaluation, step, checkpoint, finish, silence, peers) has its own.
struct SteppedPhase: Sendable {
  enum Stage: Sendable {
    /// Nobody is known to hold the position; states are collected.
    case gathering
    /// Between steps: the next thing to do is chosen.
    case boundary
    case admitting(Admission)
    case evaluating(EvaluationRound)
    case stepping(StepRound)
    /// A pause waits for its checkpoint.
    case savingForPause
    case finishing(AssignmentID)
    /// PAUSED with members that keep their state.
    case held
    /// Completed, failed, or left; members are gone.
    case ended
  }

  let job: JobID
  let phase: UInt32
  let plan: SteppedPlan
  let settings: CoordinatorSettings
  let attempts: AttemptBase

  var ledger = StepLedger()
  var evaluations: [EvaluationRecord] = []
  /// Durable ones, oldest first.
  var checkpoints: [CheckpointRecord] = []
  var telemetry = JobTelemetry()
  /// In the order of their assignments; a step's ranks follow it.
  var members: [GangMember] = []
  var stage = Stage.gathering
  /// The step whose state the gang holds. Behind `ledger.last` while lost steps are computed again.
  var position: UInt64 = 0
  var gatherDeadline: MonotonicTime?
  var attemptCounter: UInt32 = 0
  var saving: Saving?
  var isPauseRequested = false
  /// Why the gang stops at the next boundary and stays there.
  var holdReason: String?
  var pace = StepPace()
  var unreachable = UnreachablePeers()
  /// Grows with every commit and evaluation: an exit after it moved is not one "without progress".
  var progressMarks: UInt64 = 0

  /// Set by the coordinator before every call.
  var now = Moment(monotonic: .zero, unixMilliseconds: 0)
  var generation: UInt64 = 0
  /// Taken by the coordinator after every call.
  var actions: [PhaseAction] = []

  init(job: JobID, phase: UInt32, plan: SteppedPlan, settings: CoordinatorSettings, attempts: AttemptBase) {
    self.job = job
    self.phase = phase
    self.plan = plan
    self.settings = settings
    self.attempts = attempts
  }

  /// Attempts of this boot of the coordinator are above all of earlier boots.
  struct AttemptBase: Sendable {
    var bootNumber: UInt32
  }

  mutating func nextAttempt() -> UInt64 {
    attemptCounter += 1
    return UInt64(attempts.bootNumber) << 32 | UInt64(attemptCounter)
  }

  // MARK: Members

  /// More members than slices would have nothing to do.
  var openPlaces: Int {
    switch stage {
    case .held, .ended, .savingForPause, .finishing: return 0
    case .gathering, .boundary, .admitting, .evaluating, .stepping:
      return isPauseRequested || holdReason != nil ? 0 : max(0, Int(plan.sliceCount) - members.count)
    }
  }

  mutating func addMember(_ member: GangMember) {
    let index = members.firstIndex { $0.assignment > member.assignment } ?? members.count
    members.insert(member, at: index)
    if member.isConnected, member.isRecovered { send(.reportState(ReportState()), to: member.assignment) }
    settle()
  }

  /// The runner is dead or given up; whatever waits for it goes on without it.
  mutating func removeMember(_ assignment: AssignmentID) {
    forget(assignment)
    settle()
  }

  /// The runner's worker is connected again, or not any more.
  mutating func setConnected(_ isConnected: Bool, _ assignment: AssignmentID) {
    guard let index = index(of: assignment) else { return }
    members[index].isConnected = isConnected
    guard isConnected else { return }
    members[index].lastHeard = now.monotonic
    if members[index].standing != .loading { send(.reportState(ReportState()), to: assignment) }
    resend(to: index)
    settle()
  }

  func index(of assignment: AssignmentID) -> Int? { members.firstIndex { $0.assignment == assignment } }

  func member(_ assignment: AssignmentID) -> GangMember? { index(of: assignment).map { members[$0] } }

  var readyMembers: [GangMember] { members.filter { $0.standing == .ready } }

  /// Removes the member without settling, so that several can go before the gang plans anew.
  mutating func forget(_ assignment: AssignmentID) {
    guard let index = index(of: assignment) else { return }
    members.remove(at: index)
    unreachable.forget(assignment)
    savingLost(assignment)
  }

  mutating func evict(_ assignment: AssignmentID, reason: String, barWorker: Bool = false) {
    guard index(of: assignment) != nil else { return }
    forget(assignment)
    actions.append(.evict(assignment, reason: reason, barWorker: barWorker))
  }

  // MARK: Messages

  mutating func handle(_ message: RunnerMessage, from assignment: AssignmentID) {
    guard let index = index(of: assignment) else { return }
    members[index].lastHeard = now.monotonic
    members[index].hasSpoken = true
    switch message {
    case .runnerState(let state): handle(state, at: index)
    case .prepared(let prepared): handle(prepared, at: index)
    case .stepAborted(let aborted): handle(aborted, at: index)
    case .applied(let applied): handle(applied, at: index)
    case .evaluated(let evaluated): handle(evaluated, at: index)
    case .stateHashed(let hashed): handle(hashed, at: index)
    case .checkpointSaved(let saved): handle(saved, at: index)
    case .peerUnreachable(let report): handle(report, at: index)
    case .completed(let completed): handle(completed, at: index)
    case .failed(let failed): fail("\(members[index].title): \(failed.message)")
    case .progress(let progress): members[index].progress = progress
    case .logLine: break
    }
    settle()
  }

  mutating func send(_ message: CoordinatorMessage, to assignment: AssignmentID) {
    actions.append(.send(message, assignment))
  }

  mutating func note(_ text: String) { actions.append(.note(text)) }

  // MARK: The boundary

  /// Ends every stage that can end. Called after every event.
  mutating func settle() {
    var goesOn = true
    while goesOn {
      switch stage {
      case .gathering: goesOn = concludeGathering()
      case .boundary: leaveBoundary()
      case .admitting(let admission): goesOn = conclude(admission)
      case .evaluating(let round): goesOn = conclude(round)
      case .stepping(let round): goesOn = conclude(round)
      case .savingForPause: goesOn = concludePause()
      case .finishing(let finisher): goesOn = concludeFinish(finisher)
      case .held, .ended: goesOn = false
      }
    }
    noteDebts()
  }

  /// What comes next at a step boundary, in this order.
  private mutating func leaveBoundary() {
    adoptReportedStates()
    let ready = readyMembers
    if let reason = holdReason {
      hold(reason)
    } else if ready.isEmpty {
      beginGathering()
    } else if members.contains(where: { $0.standing == .reported }) {
      beginAdmission(donor: ready[0])
    } else if isPauseRequested {
      beginPause(ready)
    } else if isEvaluationDue {
      beginEvaluation(ready)
    } else {
      if isCheckpointDue { beginCheckpoint(ready) }
      if position == plan.stepCount { beginFinish(ready[0]) } else { beginStep(ready) }
    }
  }

  private mutating func hold(_ reason: String) {
    stage = .held
    actions.append(.pause(reason: reason))
  }

  // MARK: Control

  /// The pause takes hold at the step's end; while nobody holds more than the durable checkpoint it does so at once.
  mutating func requestPause() {
    isPauseRequested = true
    settle()
  }

  mutating func resume() {
    isPauseRequested = false
    holdReason = nil
    if case .held = stage { stage = members.isEmpty ? .gathering : .boundary }
    settle()
  }

  mutating func fail(_ reason: String) {
    stage = .ended
    actions.append(.fail(reason: reason))
  }
}
