@testable import CoordinatorCore
import Testing
import WireProtocol

@Suite struct ShardedPhaseTests {
  private func completed(_ number: UInt64) -> RunnerMessage {
    .completed(Completed(outputs: [Story.tree("out-\(number)", number)], result: "{\"n\": \(number)}"))
  }

  /// The runner is done, leaves, and its worker is free again.
  private func finish(_ story: inout Story, _ worker: Int, _ number: UInt64) {
    let assignment = story.assignment(on: worker)
    story.runnerSays(worker, completed(number))
    story.runnerExits(worker, assignment)
  }

  @Test func everyShardIsRunOnceAndTheJobHasAllOutputs() {
    var story = Story()
    story.join(1)
    story.join(2)
    story.submit(.sharded(3))
    #expect(story.assignment(on: 1) != story.assignment(on: 2))
    finish(&story, 1, 0)
    finish(&story, 2, 1)
    finish(&story, 1, 2)
    #expect(story.jobStatus()?.state == .completed)
    #expect(story.disk.phasesCompleted[0].outputs.map(\.name) == ["out-0", "out-1", "out-2"])
    #expect(story.disk.phasesCompleted[0].results.count == 3)
  }

  @Test func aShardMayAskForOneTreeOfAnEarlierPhase() {
    var plan = JobPlan.sharded(2)
    plan.phases.append(
      PhasePlan(
        name: "second",
        work: .sharded([
          ShardPlan(
            name: "a", payload: [], inputs: [.output(phase: 0, name: "out-1"), .output(phase: 0, name: "never")])
        ])))
    var story = Story()
    story.join(1)
    story.submit(plan)
    finish(&story, 1, 0)
    finish(&story, 1, 1)
    let assigned = story.sent(to: 1).compactMap { if case .assign(let assign) = $0 { assign } else { nil } }.last
    #expect(assigned?.phaseName == "second")
    #expect(assigned?.inputs == [Story.tree("out-1", 1)], "what was never made is not there")
  }

  @Test func aWorkerGetsItsNextShardOnlyWhenTheRunnerHasGone() {
    var story = Story()
    story.join(1)
    story.submit(.sharded(2))
    let first = story.assignment(on: 1)
    story.runnerSays(1, completed(0))
    #expect(story.sent(to: 1).last == .revoke(Revoke(assignment: first, kill: false)))
    #expect(story.workerStatus(1)?.state == .busy)
    story.runnerExits(1, first)
    #expect(story.assignment(on: 1) > first)
  }

  @Test func shardsWithOneKeyAreRunOnceAndLaterJobsTakeTheOutputsFromTheCache() {
    let key = Story.digest(77)
    var story = Story()
    story.join(1)
    story.join(2)
    story.submit(.sharded(2, keys: [key, key]))
    #expect(story.assignment(on: 2) == AssignmentID(0))
    finish(&story, 1, 0)
    #expect(story.jobStatus()?.state == .completed)
    story.submit(.sharded(1, keys: [key]), token: 2)
    #expect(story.jobStatus(2)?.state == .completed)
    story.happen(.artifactMissing(Story.digest(0)))
    story.submit(.sharded(1, keys: [key]), token: 3)
    #expect(story.jobStatus(3)?.state == .running)
  }

  @Test func threeExitsOfOneShardFailTheJobWithItsLastLines() {
    var story = Story()
    story.join(1)
    story.submit(.sharded(1))
    for round in 1...3 {
      story.runnerExits(1, lastLines: "cannot open the corpus")
      if round < 3 {
        #expect(story.jobStatus()?.state == .running)
        story.pass(seconds: 3, beating: [1])
      }
    }
    #expect(story.jobStatus()?.state == .failed)
    #expect(story.jobStatus()?.reason.contains("cannot open the corpus") == true)
  }

  @Test func aDeadWorkersShardGoesToAnotherAndDoesNotCountAsAnExit() {
    var story = Story()
    story.join(1)
    story.submit(.sharded(1))
    for _ in 0..<4 {
      story.disconnect(1)
      story.pass(seconds: 11)
      story.join(1)
      #expect(story.jobStatus()?.state == .running)
    }
    finish(&story, 1, 0)
    #expect(story.jobStatus()?.state == .completed)
  }

  @Test func aShardThatSaysFailedFailsTheJob() {
    var story = Story()
    story.join(1)
    story.submit(.sharded(1))
    story.runnerSays(1, .failed(Failed(message: "corpora/zh.jsonl:7: no field 'text'")))
    #expect(story.jobStatus()?.state == .failed)
    #expect(story.jobStatus()?.reason.contains("corpora/zh.jsonl:7") == true)
  }

  @Test func aPauseLetsRunningShardsFinishAndResumeRunsTheRest() {
    var story = Story()
    story.join(1)
    story.submit(.sharded(2))
    story.control(.pause)
    #expect(story.jobStatus()?.state == .running)
    finish(&story, 1, 0)
    #expect(story.jobStatus()?.state == .paused)
    #expect(story.assignment(on: 1) == AssignmentID(0))
    story.control(.resume)
    finish(&story, 1, 1)
    #expect(story.jobStatus()?.state == .completed)
  }

  @Test func aRunnerThatFallsSilentIsKilledAndItsShardRunAgain() {
    var story = Story()
    story.join(1)
    story.submit(.sharded(1))
    let first = story.assignment(on: 1)
    story.runnerSays(1, .progress(Progress(activity: "reading", fraction: 0.1, values: [])))
    story.pass(seconds: 121, beating: [1])
    #expect(story.sent(to: 1).contains(.revoke(Revoke(assignment: first, kill: true))))
  }
}
