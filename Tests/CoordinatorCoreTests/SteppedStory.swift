@testable import CoordinatorCore
import WireProtocol

// A gang's side of a story: what its runners say.
extension Story {
  /// Workers `1...count` join a stepped job and say that they hold step 0.
  static func gang(_ count: Int, _ plan: JobPlan = .stepped()) -> Story {
    var story = Story()
    for worker in 1...count { story.join(worker) }
    story.submit(plan)
    for worker in 1...count { story.saysState(worker, step: 0) }
    return story
  }

  /// `step` and the journal's chain there.
  mutating func saysState(
    _ worker: Int, step: UInt64, attempt: UInt64 = 0, slices: [SliceRange] = [], prepared: Prepared? = nil,
    chain: Digest? = nil
  ) {
    let journalled = disk.commits.last { $0.step == step }?.chain ?? .zero
    runnerSays(
      worker,
      .runnerState(
        RunnerState(
          dataAddress: "10.0.0.\(worker):7000", step: step, chain: chain ?? journalled, attempt: attempt,
          slices: slices, prepared: prepared)))
  }

  /// The newest PLAN that was sent.
  var plan: Plan? {
    outbox.reversed().lazy.compactMap { if case .plan(let plan) = $0.message { plan } else { nil } }.first
  }

  func prepared(_ step: UInt64, attempt: UInt64? = nil, digest: UInt64? = nil) -> Prepared {
    Prepared(
      step: step, attempt: attempt ?? plan?.attempt ?? 0, digest: Story.digest(digest ?? step), workUnits: 100,
      metrics: [Metric("loss", 2)])
  }

  mutating func prepares(_ worker: Int, _ step: UInt64, digest: UInt64? = nil) {
    runnerSays(worker, .prepared(prepared(step, digest: digest)))
  }

  mutating func applies(_ worker: Int, _ step: UInt64, slices: UInt32 = 1, seconds: Double = 1) {
    let chain = disk.commits.last { $0.step == step }?.chain ?? .zero
    runnerSays(
      worker,
      .applied(
        Applied(
          step: step, chain: chain, slicesComputed: slices, rawBytes: 10, sentBytes: 4, waitSeconds: 0,
          stepSeconds: seconds, peakResidentBytes: 50)))
  }

  /// All of them compute, prepare and apply the steps.
  mutating func steps(_ range: ClosedRange<UInt64>, by workers: [Int]) {
    for step in range {
      for worker in workers { prepares(worker, step) }
      for worker in workers { applies(worker, step) }
    }
  }

  var commits: [UInt64] { disk.commits.map(\.step) }

  /// Slices by assignment in the newest plan.
  func slices(of worker: Int) -> [SliceRange] {
    plan?.participants.first { $0.assignment == assignment(on: worker) }?.slices ?? []
  }

  func commitsSent(to worker: Int) -> [UInt64] {
    sent(to: worker).compactMap { if case .commit(let commit) = $0 { commit.step } else { nil } }
  }

  static func tree(_ name: String, _ number: UInt64) -> NamedTree {
    NamedTree(name: name, files: [FileReference(path: "f", digest: digest(number), byteCount: 1)])
  }

  /// The state digests that a checkpoint asks for, then the checkpoint itself.
  mutating func savesCheckpoint(_ saver: Int, _ step: UInt64, holders: [Int], failure: String? = nil) {
    let chain = disk.commits.last { $0.step == step }?.chain ?? .zero
    for holder in holders {
      runnerSays(holder, .stateHashed(StateHashed(step: step, chain: chain, stateDigest: Story.digest(step + 1000))))
    }
    runnerSays(
      saver,
      .checkpointSaved(
        CheckpointSaved(step: step, chain: chain, tree: Story.tree("checkpoint", step + 500), failure: failure)))
  }
}
