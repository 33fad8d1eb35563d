/// Places between two effects where a process may die. A run plans a few of them, so that all runs together visit each.
public enum CrashPoint: String, CaseIterable, Sendable {
  case coordinatorBeforePersisting
  case coordinatorBeforePersistingCommit
  case coordinatorAfterPersistingCommit
  case coordinatorBetweenCommits
  case coordinatorBeforePlan
  case coordinatorBetweenPlans
  case coordinatorBeforeAssign
  case coordinatorBeforeRevoke
  case coordinatorBeforeWelcome
  case coordinatorBeforePersistingCheckpoint
  case coordinatorAfterPersistingCheckpoint
  case coordinatorBeforePersistingEvaluation
  case coordinatorBeforePersistingShard
  case coordinatorBeforePersistingPhase
  case coordinatorAfterPersistingPhase
  case coordinatorBeforeAnsweringSubmit

  case workerBeforeInventory
  case workerBeforeHeartbeat
  case workerBeforeRunnerExited
  case workerBeforeFetching
  case workerBeforeStartingRunner
  case workerBeforeBegin
  case workerBeforeRelayingUp
  case workerBeforeRelayingDown
  case workerBeforeUploading
  case workerBeforePublished
  case workerBeforeKilling
  case workerBeforeLeave
  case workerBeforeFence
  case workerBeforeUnfence

  case runnerLoading
  case runnerComputing
  case runnerBeforeCombining
  case runnerBeforeSendingNode
  case runnerBeforeSendingRoot
  case runnerBeforeAssessing
  case runnerBeforePrepared
  case runnerBetweenPreparedAndCommit
  case runnerBeforeApplying
  case runnerBeforeApplied
  case runnerBeforeHashing
  case runnerBeforeRequestingState
  case runnerBeforeSendingState
  case runnerBeforeEvaluated
  case runnerBeforePublishing
  case runnerBeforeCheckpointSaved
  case runnerBeforeFinishing
  case runnerBeforeCompleted
}

/// Which crash points a run visits, and at which of their occasions it dies there.
struct CrashPlan {
  private var planned: [CrashPoint: [Int]] = [:]
  private var occasions: [CrashPoint: Int] = [:]
  private(set) var visited: [CrashPoint: Int] = [:]

  /// Rotates through all points by the seed, so that few seeds leave none out.
  init(seed: UInt64, choices: inout Choices) {
    let all = CrashPoint.allCases
    let count = choices.within(2...5)
    for index in 0..<count {
      let point =
        index < 3 ? all[Int((seed &* 3 &+ UInt64(index)) % UInt64(all.count))] : all[choices.below(all.count)]
      // Rare places are met once in a run, if at all; frequent ones thousands of times.
      let occasion = choices.chance(50) ? choices.within(1...2) : choices.within(1...40)
      planned[point, default: []].append(CrashPlan.rare.contains(point) ? 1 : occasion)
    }
  }

  /// Places that need trouble of another kind to be met at all.
  static let rare: Set<CrashPoint> = [.workerBeforeKilling, .workerBeforeFence, .workerBeforeUnfence]

  var plansRarePlace: Bool { planned.keys.contains { CrashPlan.rare.contains($0) } }

  /// Whether the process dies here and now.
  mutating func dies(at point: CrashPoint) -> Bool {
    guard let occasions = planned[point] else { return false }
    self.occasions[point, default: 0] += 1
    guard occasions.contains(self.occasions[point, default: 0]) else { return false }
    visited[point, default: 0] += 1
    return true
  }
}
