@testable import CoordinatorCore
import Testing
import WireProtocol

@Suite struct MembershipTests {
  @Test func aNodeKeepsItsNumberAndGetsANewGenerationAtEveryRegistration() throws {
    var story = Story()
    story.join(1)
    story.join(2)
    let first = try #require(story.workers[1])
    story.disconnect(1)
    story.join(1)
    let second = try #require(story.workers[1])
    #expect(second.id == first.id)
    #expect(second.generation > first.generation)
    #expect(story.workers[2]?.id != first.id)
    story.restart()
    story.join(1)
    #expect(story.workers[1]?.id == first.id)
    #expect(try #require(story.workers[1]).generation > second.generation)
  }

  @Test func framesOfAnOldGenerationOrConnectionAreRefused() throws {
    var story = Story.gang(2)
    let old = try #require(story.workers[1])
    let assignment = story.assignment(on: 1)
    story.join(1, inventory: [assignment])
    #expect(story.closed == [old.connection])
    let answer = RunnerMessage.prepared(story.prepared(1))
    story.happen(.runnerSaid(old.connection, generation: old.generation, assignment, answer))
    story.happen(.runnerSaid(story.workers[1]!.connection, generation: old.generation, assignment, answer))
    story.prepares(2, 1)
    #expect(story.commits.isEmpty)
    story.prepares(1, 1)
    #expect(story.commits == [1])
  }

  @Test func heartbeatsAreAcknowledgedAheadOfTheJournal() {
    var story = Story()
    story.join(1)
    story.workerSays(1, .heartbeat(Heartbeat(sequence: 4, residentBytes: 123)))
    #expect(story.lastBatch.urgent.count == 1)
    #expect(story.sent(to: 1).last == .heartbeatAcknowledged(HeartbeatAcknowledged(sequence: 4)))
    #expect(story.workerStatus(1)?.residentBytes == 123)
  }

  @Test func aSilentWorkerIsSuspectAfterThreeSecondsAndLostAfterTen() {
    var story = Story()
    story.join(1)
    #expect(story.workerStatus(1)?.state == .idle)
    story.pass(seconds: 3.5)
    #expect(story.workerStatus(1)?.state == .suspect)
    story.pass(seconds: 7)
    #expect(story.workerStatus(1)?.state == .lost)
    #expect(story.closed == [story.workers[1]!.connection])
  }

  @Test func aConnectionThatIsGoneMakesItsWorkerSuspectAtOnceButNotDead() {
    var story = Story.gang(2)
    story.disconnect(1)
    #expect(story.workerStatus(1)?.state == .suspect)
    #expect(story.jobStatus()?.reason.contains("worker-1 (host-1)") == true)
    #expect(story.plan?.participants.count == 2)
    story.pass(seconds: 11, beating: [2])
    #expect(story.plan?.participants.count == 1)
    #expect(story.slices(of: 2) == [SliceRange(0, 8)])
  }

  @Test func aWorkerThatSaysGoodbyeIsNotWaitedForAndNotMissed() throws {
    var story = Story.gang(2)
    story.happen(.workerLeft(try #require(story.workers[1]).connection))
    #expect(story.workerStatus(1) == nil)
    #expect(story.plan?.participants.count == 1)
    #expect(story.slices(of: 2) == [SliceRange(0, 8)])
    story.join(1, boot: 2)
    #expect(story.workerStatus(1) != nil)
  }

  @Test func aNewProcessOnTheNodeMeansThatTheRunnersOfTheOldOneAreDead() {
    var story = Story.gang(2)
    let old = story.assignment(on: 1)
    story.join(1, boot: 2)
    #expect(story.coordinator.assignments[old] == nil)
    #expect(story.plan?.participants.map(\.assignment) == [story.assignment(on: 2)])
    #expect(story.assignment(on: 1) > old)
  }

  @Test func anAssignmentThatNeverArrivedIsSentAgainAndAStrangerIsKilled() {
    var story = Story()
    story.join(1)
    story.submit(.stepped())
    let assignment = story.assignment(on: 1)
    story.disconnect(1)
    story.outbox = []
    story.join(1, inventory: [AssignmentID(4000)])
    let assigned = story.sent(to: 1).compactMap { if case .assign(let assign) = $0 { assign.assignment } else { nil } }
    #expect(assigned == [assignment])
    #expect(story.sent(to: 1).contains(.revoke(Revoke(assignment: AssignmentID(4000), kill: true))))
  }

  @Test func aRunnerThatWasLostComesBackWithWhatItHolds() {
    var story = Story.gang(2)
    story.steps(1...2, by: [1, 2])
    let lost = story.assignment(on: 1)
    story.disconnect(1)
    for _ in 0..<22 {
      story.pass(seconds: 0.5, beating: [2])
      story.runnerSays(2, .progress(Progress(activity: "exchange", fraction: -1, values: [])))
    }
    story.prepares(2, 3)
    story.join(1, inventory: [lost])
    #expect(story.assignment(on: 1) == lost)
    story.saysState(1, step: 2)
    story.prepares(2, 4)
    story.applies(2, 4)
    let copies = story.sent(to: 1).contains { if case .copyState(let copy) = $0 { copy.step == 4 } else { false } }
    #expect(copies)
  }
}
