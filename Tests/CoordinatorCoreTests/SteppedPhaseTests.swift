@testable import CoordinatorCore
import Testing
import WireProtocol

@Suite struct SteppedPhaseTests {
  @Test func aStepIsCommittedWhenAllArePreparedAndTheCommitIsDurableBeforeItIsSaid() throws {
    var story = Story.gang(3)
    #expect(story.plan?.step == 1)
    story.prepares(1, 1)
    story.prepares(2, 1)
    #expect(story.commits.isEmpty)
    story.prepares(3, 1)
    #expect(story.commits == [1])
    // One batch: the record, then COMMIT and the next PLAN as its effects.
    let record = story.lastBatch.records.contains { if case .stepCommitted = $0 { true } else { false } }
    #expect(record)
    for worker in 1...3 { #expect(story.commitsSent(to: worker) == [1]) }
    #expect(story.plan?.step == 2)
  }

  @Test func theGangWaitsForAllMembersAndThenGoesOnWithoutTheLate() {
    var story = Story()
    for worker in 1...3 { story.join(worker) }
    story.submit(.stepped())
    story.saysState(1, step: 0)
    story.saysState(2, step: 0)
    #expect(story.plan == nil)
    #expect(story.jobStatus()?.reason.contains("1 of 3 members load") == true)
    story.pass(seconds: 6, beating: [1, 2, 3])
    #expect(story.plan?.participants.count == 2)
    story.saysState(3, step: 0)
    story.prepares(1, 1)
    story.prepares(2, 1)
    let copies = story.sent(to: 3).contains { if case .copyState(let copy) = $0 { copy.step == 1 } else { false } }
    #expect(copies)
  }

  @Test func aJoinerCopiesAndIsTakenWhenItsDigestIsTheDonors() {
    var story = Story.gang(1)
    story.join(2)
    story.saysState(2, step: 0)
    story.prepares(1, 1)
    let chain = story.disk.commits[0].chain
    let hashed = StateHashed(step: 1, chain: chain, stateDigest: Story.digest(5))
    story.runnerSays(2, .stateHashed(hashed))
    #expect(story.plan?.step == 1)
    story.runnerSays(1, .stateHashed(hashed))
    #expect(story.plan?.step == 2)
    #expect(story.plan?.participants.count == 2)
  }

  @Test func aJoinerWithOtherBitsIsTakenOut() {
    var story = Story.gang(1)
    story.join(2)
    story.saysState(2, step: 0)
    story.prepares(1, 1)
    let chain = story.disk.commits[0].chain
    let wrong = story.assignment(on: 2)
    story.runnerSays(2, .stateHashed(StateHashed(step: 1, chain: chain, stateDigest: Story.digest(6))))
    story.runnerSays(1, .stateHashed(StateHashed(step: 1, chain: chain, stateDigest: Story.digest(5))))
    #expect(story.sent(to: 2).contains(.revoke(Revoke(assignment: wrong, kill: true))))
    #expect(story.plan?.participants.count == 1)
    #expect(story.workerStatus(2)?.reason.contains("runner of an earlier job") == true)
  }

  @Test func afterADeathTheSurvivorsKeepTheirSlicesAndOnlyTheDeadOnesAreDivided() throws {
    var story = Story.gang(4)
    let before = (1...4).map { story.slices(of: $0) }
    let attempt = try #require(story.plan?.attempt)
    story.prepares(1, 1)
    story.runnerExits(4)
    let plan = try #require(story.plan)
    #expect(plan.attempt > attempt)
    #expect(plan.discard == false)
    for worker in 1...3 {
      for range in before[worker - 1] {
        let kept = story.slices(of: worker).contains { $0.lower <= range.lower && range.upper <= $0.upper }
        #expect(kept)
      }
    }
    #expect(SliceDivision.count(plan.participants.flatMap(\.slices)) == 8)
    // What was said to the attempt before counts no more.
    story.prepares(2, 1)
    story.prepares(3, 1)
    #expect(story.commits.isEmpty)
    story.prepares(1, 1)
    #expect(story.commits == [1])
  }

  @Test func aDeathAfterAllOthersArePreparedNeedsNoNewAttempt() throws {
    var story = Story.gang(3)
    let attempt = try #require(story.plan?.attempt)
    story.prepares(1, 1)
    story.prepares(2, 1)
    story.runnerExits(3)
    #expect(story.disk.commits.map(\.attempt) == [attempt])
  }

  @Test func moreWorkersThanSlicesIdleWithAReason() {
    let story = Story.gang(3, .stepped(slices: 2))
    var copy = story
    #expect(copy.plan?.participants.count == 2)
    #expect(copy.workerStatus(3)?.state == .idle)
    #expect(copy.workerStatus(3)?.reason.contains("2 slices") == true)
  }

  @Test func fasterWorkersGetMoreSlices() throws {
    var story = Story.gang(2, .stepped(slices: 12))
    #expect(SliceDivision.count(story.slices(of: 1)) == 6)
    for step: UInt64 in 1...2 {
      story.prepares(1, step)
      story.prepares(2, step)
      story.applies(1, step, slices: 6, seconds: 1)
      story.applies(2, step, slices: 6, seconds: 3)
    }
    story.prepares(1, 3)
    story.prepares(2, 3)
    #expect(SliceDivision.count(story.slices(of: 1)) == 9)
    #expect(SliceDivision.count(story.slices(of: 2)) == 3)
  }

  @Test func anAbortFailsTheJobNamingTheStepAndKeepingTheCheckpoint() {
    var story = Story.gang(1, .stepped(checkpointInterval: 2))
    story.steps(1...2, by: [1])
    story.savesCheckpoint(1, 2, holders: [1])
    story.runnerSays(1, .stepAborted(StepAborted(step: 3, attempt: story.plan!.attempt, reason: "the loss is NaN")))
    #expect(story.jobStatus()?.state == .failed)
    #expect(story.jobStatus()?.reason == "step 3 has no result: the loss is NaN; the checkpoint of step 2 is kept")
    #expect(story.disk.checkpoints.map(\.step) == [2])
  }

  @Test func whatIsNotAnsweredIsSaidAgain() {
    var story = Story.gang(2)
    story.prepares(1, 1)
    story.outbox = []
    story.pass(seconds: 2.5, beating: [1, 2])
    let again = story.sent(to: 2).contains { if case .plan = $0 { true } else { false } }
    let needless = story.sent(to: 1).contains { if case .plan = $0 { true } else { false } }
    #expect(again)
    #expect(!needless)
    story.prepares(2, 1)
    story.outbox = []
    story.pass(seconds: 2.5, beating: [1, 2])
    #expect(story.commitsSent(to: 1).contains(1))
  }

  @Test func aSilentParticipantIsTakenOutThoughItsWorkerLives() {
    var story = Story.gang(2)
    story.steps(1...3, by: [1, 2])
    let stuck = story.assignment(on: 2)
    for _ in 0..<30 {
      story.pass(seconds: 0.5, beating: [1, 2])
      story.runnerSays(1, .progress(Progress(activity: "exchange", fraction: -1, values: [])))
    }
    #expect(story.sent(to: 2).contains(.revoke(Revoke(assignment: stuck, kill: true))))
    #expect(story.plan?.participants.map(\.assignment) == [story.assignment(on: 1)])
    #expect(story.workerStatus(2)?.state == .busy)
  }

  @Test func threeExitsWithoutProgressFailTheJobWithTheLastLines() {
    var story = Story()
    story.join(1)
    story.submit(.stepped())
    for _ in 1...3 {
      story.runnerExits(1, lastLines: "out of memory")
      story.pass(seconds: 4, beating: [1])
    }
    #expect(story.jobStatus()?.state == .failed)
    #expect(story.jobStatus()?.reason.contains("out of memory") == true)
  }

  @Test func exitsBetweenCommitsNeverFailTheJob() {
    var story = Story.gang(2)
    for step: UInt64 in 1...5 {
      story.prepares(1, step)
      story.prepares(2, step)
      story.runnerExits(2)
      story.prepares(1, step + 1)
      story.applies(1, step + 1)
      story.pass(seconds: 2, beating: [1, 2])
      if story.jobStatus()?.state != .running { break }
      if step < 5 { return }
    }
    #expect(story.jobStatus()?.state == .running)
  }

  @Test func whoCrashesThreeTimesWhileOthersGetOnIsLeftOut() {
    var story = Story.gang(2, .stepped(steps: 20))
    for step: UInt64 in 1...3 {
      story.runnerExits(2, lastLines: "illegal instruction")
      story.prepares(1, step)
      story.applies(1, step)
      story.pass(seconds: 4, beating: [1, 2])
    }
    #expect(story.jobStatus()?.state == .running)
    #expect(story.workerStatus(2)?.reason.contains("illegal instruction") == true)
  }

  @Test func theFirstMemberFinishesAndTheOthersLeaveAfterIt() {
    var story = Story.gang(2, .stepped(steps: 1))
    story.steps(1...1, by: [1, 2])
    let finishes = story.sent(to: 1).contains { if case .finish(let finish) = $0 { finish.step == 1 } else { false } }
    #expect(finishes)
    let other = story.assignment(on: 2)
    #expect(!story.sent(to: 2).contains(.revoke(Revoke(assignment: other, kill: false))))
    story.runnerSays(1, .completed(Completed(outputs: [Story.tree("model", 1)], result: "{}")))
    #expect(story.sent(to: 2).contains(.revoke(Revoke(assignment: other, kill: false))))
    #expect(story.jobStatus()?.state == .completed)
  }

  @Test func whenTheFinisherDiesAnotherFinishes() {
    var story = Story.gang(2, .stepped(steps: 1))
    story.steps(1...1, by: [1, 2])
    story.runnerExits(1)
    let finishes = story.sent(to: 2).contains { if case .finish = $0 { true } else { false } }
    #expect(finishes)
  }
}
