@testable import CoordinatorCore
import Testing
import WireProtocol

@Suite struct RecoveryTests {
  @Test func membersAreAskedAndGetTheSlicesTheyKeepInAHigherAttempt() throws {
    var story = Story.gang(2)
    story.steps(1...3, by: [1, 2])
    let (first, second) = (story.assignment(on: 1), story.assignment(on: 2))
    let before = try #require(story.plan)
    story.restart()
    story.join(1, inventory: [first])
    story.join(2, inventory: [second])
    #expect(story.sent(to: 1).contains(.reportState(ReportState())))
    story.saysState(1, step: 3, attempt: before.attempt, slices: [SliceRange(0, 2), SliceRange(6, 8)])
    #expect(story.plan == nil)
    story.saysState(2, step: 3, attempt: before.attempt, slices: [SliceRange(2, 6)])
    #expect(story.plan?.step == 4)
    #expect(try #require(story.plan).attempt > before.attempt)
    #expect(story.slices(of: 1) == [SliceRange(0, 2), SliceRange(6, 8)])
    #expect(story.slices(of: 2) == [SliceRange(2, 6)])
  }

  @Test func whoHasPreparedTheLastCommittedStepIsToldToApplyItAndCopiesNothing() throws {
    var story = Story.gang(2)
    story.steps(1...1, by: [1, 2])
    let attempt = try #require(story.plan?.attempt)
    let prepared = story.prepared(2)
    story.prepares(1, 2)
    story.prepares(2, 2)
    let (first, second) = (story.assignment(on: 1), story.assignment(on: 2))
    // COMMIT of step 2 is in the journal and reached nobody.
    story.restart()
    story.join(1, inventory: [first])
    story.join(2, inventory: [second])
    for worker in 1...2 { story.saysState(worker, step: 1, attempt: attempt, prepared: prepared) }
    for worker in 1...2 { #expect(story.commitsSent(to: worker) == [2]) }
    #expect(story.plan?.step == 3)
    #expect(story.commits == [1, 2])
  }

  @Test func whenAllLaterHoldersAreGoneTheStepsAreComputedAgainAndMustGiveTheJournalsDigests() {
    var story = Story.gang(1)
    story.steps(1...3, by: [1])
    story.runnerExits(1)
    story.pass(seconds: 2, beating: [1])
    story.saysState(1, step: 0)
    #expect(story.events.contains { $0.contains("steps 1 to 3 are computed again") })
    story.steps(1...1, by: [1])
    #expect(story.commits == [1, 2, 3])
    story.prepares(1, 2, digest: 4242)
    #expect(story.plan?.discard == true)
    story.prepares(1, 2, digest: 4242)
    #expect(story.jobStatus()?.state == .paused)
    #expect(story.jobStatus()?.reason.contains("step 2") == true)
  }

  @Test func aStateThatDoesNotFitTheJournalIsCopiedOver() {
    var story = Story.gang(2)
    story.steps(1...2, by: [1, 2])
    let (first, second) = (story.assignment(on: 1), story.assignment(on: 2))
    story.restart()
    story.join(1, inventory: [first])
    story.join(2, inventory: [second])
    story.saysState(1, step: 2)
    story.saysState(2, step: 2, chain: Story.digest(31337))
    let copies = story.sent(to: 2).contains { if case .copyState(let copy) = $0 { copy.step == 2 } else { false } }
    #expect(copies)
  }

  @Test func holdersFromBeforeARestartAreWaitedForUntilTheirLeaseWouldHaveEnded() {
    var story = Story.gang(2)
    story.steps(1...2, by: [1, 2])
    let second = story.assignment(on: 2)
    story.restart()
    story.join(2, inventory: [second])
    story.saysState(2, step: 2)
    story.pass(seconds: 8, beating: [2])
    #expect(story.plan == nil)
    story.pass(seconds: 4, beating: [2])
    #expect(story.plan?.participants.count == 1)
  }

  @Test func recordsAppliedTwiceChangeNothing() {
    var story = Story.gang(2, .stepped(rows: 2, checkpointInterval: 1))
    story.control(.pause)
    let records: [JournalRecord] = [
      .boot(number: 1), .cacheEntryRemoved(key: Story.digest(1)), .assignmentEnded(AssignmentID(1)),
    ]
    var once = story.disk
    for record in records { once.apply(record) }
    var twice = once
    for record in records { twice.apply(record) }
    #expect(once == twice)
    #expect(once.lastAssignment == story.disk.lastAssignment)
  }

  @Test func assignmentNumbersAreNeverGivenTwice() {
    var story = Story.gang(1)
    let first = story.assignment(on: 1)
    story.restart()
    story.join(1)
    story.runnerExits(1, first)
    story.pass(seconds: 2, beating: [1])
    #expect(story.assignment(on: 1) > first)
  }
}
