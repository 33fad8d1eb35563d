import Testing
import WireProtocol

@testable import CoordinatorCore

/// Shards that ask for less than a worker, and shards that take long enough to be saved on their way.
@Suite struct SharedWorkerTests {
  private func plan(_ count: Int, threads: UInt32, memoryBytes: UInt64 = 0) -> JobPlan {
    let shards = (0..<count).map {
      ShardPlan(name: "s\($0)", payload: [UInt8($0)], inputs: [], threads: threads, memoryBytes: memoryBytes)
    }
    return JobPlan(
      jobType: "toy", pluginVersion: 1, name: "cells", phases: [PhasePlan(name: "cells", work: .sharded(shards))],
      outputs: [])
  }

  private func assignments(_ story: Story, on worker: Int) -> [AssignmentID] {
    story.coordinator.assignments.values.filter { $0.worker == story.workers[worker]?.id && $0.standing == .live }
      .map(\.id).sorted()
  }

  private func saved(_ step: UInt64, failure: String? = nil) -> RunnerMessage {
    .checkpointSaved(
      CheckpointSaved(
        step: step, chain: Story.digest(step), tree: Story.tree("checkpoint", 100 + step), failure: failure))
  }

  private func assign(_ story: Story, _ id: AssignmentID) -> Assign? {
    for case .assign(let assign) in story.outbox.map(\.message) where assign.assignment == id { return assign }
    return nil
  }

  @Test func aWorkerRunsAsManyShardsAsItsThreadsAllow() {
    var story = Story()
    story.join(1)
    story.submit(plan(5, threads: 1))
    let first = assignments(story, on: 1)
    #expect(first.count == 2)
    #expect(assign(story, first[0])?.work == .shard(index: 0, of: 5, threads: 1))
    story.join(2)
    #expect(assignments(story, on: 2).count == 2)
    story.runnerSays(2, .completed(Completed(outputs: [], result: "{}")))
    #expect(assignments(story, on: 2).count == 1, "the runner has not gone yet")
  }

  @Test func sharesSpreadOverTheClusterBeforeTheyCrowdAHost() {
    var story = Story()
    story.join(1)
    story.join(2)
    story.submit(plan(2, threads: 1))
    #expect(assignments(story, on: 1).count == 1)
    #expect(assignments(story, on: 2).count == 1)
  }

  @Test func whatDoesNotFitTheMemoryBesideOthersWaits() {
    var story = Story()
    story.join(1, memoryBytes: 10_000_000_000)
    story.submit(plan(2, threads: 1, memoryBytes: 6_000_000_000))
    #expect(assignments(story, on: 1).count == 1)
  }

  @Test func aShardThatWantsMoreThreadsThanAWorkerHasGetsItWhole() {
    var story = Story()
    story.join(1)
    story.submit(plan(2, threads: 16))
    #expect(assignments(story, on: 1).count == 1)
  }

  @Test func aJobThatNeedsAWholeWorkerWaitsUntilItsShardsAreDone() {
    var story = Story()
    story.join(1)
    story.submit(plan(1, threads: 1))
    story.submit(.sharded(1), token: 2)
    #expect(story.jobStatus(2)?.state == .pending)
    let shard = story.assignment(on: 1)
    story.runnerSays(1, .completed(Completed(outputs: [], result: "{}")))
    story.runnerExits(1, shard)
    #expect(story.jobStatus(2)?.state == .running)
  }

  @Test func aDeadWorkersShardGoesOnElsewhereFromItsCheckpoint() {
    var story = Story()
    story.join(1)
    story.submit(plan(1, threads: 1))
    story.runnerSays(1, saved(4))
    story.runnerSays(1, saved(8))
    story.disconnect(1)
    story.pass(seconds: 11)
    story.join(2)
    let again = assign(story, story.assignment(on: 2))
    #expect(again?.checkpoint == Story.tree("checkpoint", 108))
    #expect(again?.checkpointStep == 8)
    #expect(again?.checkpointChain == Story.digest(8))
    #expect(!story.deleted.isEmpty, "the older one is not kept")
  }

  @Test func aCheckpointSurvivesARestartOfTheCoordinatorAndGoesWithTheShard() {
    var story = Story()
    story.join(1)
    story.submit(plan(1, threads: 1))
    story.runnerSays(1, saved(4))
    story.restart()
    #expect(story.coordinator.referencedArtifacts.isSuperset(of: Story.tree("checkpoint", 104).files.map(\.digest)))
    story.join(2)
    story.pass(seconds: 11, beating: [2])
    #expect(assign(story, story.assignment(on: 2))?.checkpointStep == 4)
    story.runnerSays(2, .completed(Completed(outputs: [], result: "{}")))
    #expect(story.deleted.contains(Story.tree("checkpoint", 104).files[0].digest))
  }

  @Test func aCheckpointThatTheStoreHasLostIsNotUsed() {
    var story = Story()
    story.join(1)
    story.submit(plan(1, threads: 1))
    story.runnerSays(1, saved(4))
    story.happen(.artifactMissing(Story.tree("checkpoint", 104).files[0].digest))
    story.disconnect(1)
    story.pass(seconds: 11)
    story.join(2)
    #expect(assign(story, story.assignment(on: 2))?.checkpoint == nil)
  }

  @Test func aPauseAsksForACheckpointAndLetsTheRunnerGoOnceItIsDurable() {
    var story = Story()
    story.join(1)
    story.submit(plan(1, threads: 1))
    let runner = story.assignment(on: 1)
    story.control(.pause)
    #expect(story.sent(to: 1).last == .saveCheckpoint(SaveCheckpoint(step: 0)))
    #expect(story.jobStatus()?.state == .running)
    story.runnerSays(1, saved(5))
    #expect(story.sent(to: 1).last == .revoke(Revoke(assignment: runner, kill: false)))
    #expect(story.jobStatus()?.state == .paused)
    story.runnerExits(1, runner)
    story.control(.resume)
    #expect(assign(story, story.assignment(on: 1))?.checkpointStep == 5)
  }

  @Test func outputsThatCannotBeStoredPauseTheJobWithTheReasonAndResumeTriesAgain() {
    var story = Story()
    story.join(1)
    story.submit(.sharded(1))
    let runner = story.assignment(on: 1)
    story.runnerSays(1, saved(0, failure: "no space left on host-1: /var/lib/admix"))
    #expect(story.jobStatus()?.state == .paused)
    #expect(story.jobStatus()?.reason.contains("no space left on host-1") == true)
    story.runnerExits(1, runner)
    story.control(.resume)
    #expect(story.jobStatus()?.state == .running)
    #expect(story.assignment(on: 1) > runner)
  }

  @Test func theDetailTellsOfEveryShard() {
    var story = Story()
    story.join(1)
    story.submit(plan(3, threads: 1))
    story.runnerSays(1, .progress(Progress(activity: "training", fraction: 0.25, values: [Metric("loss", 2.5)])))
    guard case .jobDetail(let detail)? = story.ask(.queryJob(QueryJob(job: JobID(1)))) else {
      Issue.record("no detail")
      return
    }
    #expect(detail.shards.map(\.state) == [.running, .running, .waiting])
    #expect(detail.shards[1].fraction == 0.25)
    #expect(detail.shards[1].values == [Metric("loss", 2.5)])
  }
}
