@testable import CoordinatorCore
import Testing
import WireProtocol

@Suite struct DisagreementTests {
  @Test func digestsThatDisagreeMakeTheStepBeComputedAnewOnce() throws {
    var story = Story.gang(3)
    let first = try #require(story.plan)
    for worker in 1...2 { story.prepares(worker, 1) }
    story.prepares(3, 1, digest: 666)
    let second = try #require(story.plan)
    #expect(second.discard)
    #expect(second.attempt > first.attempt)
    for worker in 1...3 { story.prepares(worker, 1) }
    #expect(story.commits == [1])
    #expect(story.plan?.participants.count == 3)
  }

  @Test func theMinorityLeavesWhenItHappensAgain() {
    var story = Story.gang(3)
    let wrong = story.assignment(on: 3)
    for _ in 1...2 {
      for worker in 1...2 { story.prepares(worker, 1) }
      story.prepares(3, 1, digest: 666)
    }
    #expect(story.commits == [1])
    #expect(story.sent(to: 3).contains(.revoke(Revoke(assignment: wrong, kill: true))))
    story.runnerExits(3, wrong)
    #expect(story.workerStatus(3)?.state == .idle)
    #expect(story.workerStatus(3)?.reason.contains("differs from the majority") == true)
  }

  @Test func withoutAMajorityTheJobIsPausedAndBothAreNamed() {
    var story = Story.gang(2)
    for _ in 1...2 {
      story.prepares(1, 1)
      story.prepares(2, 1, digest: 666)
    }
    let status = story.jobStatus()
    #expect(status?.state == .paused)
    #expect(status?.reason.contains("worker-1 (host-1)") == true)
    #expect(status?.reason.contains("worker-2 (host-2)") == true)
    #expect(story.assignment(on: 1) != AssignmentID(0))
    story.control(.resume)
    for worker in 1...2 { story.prepares(worker, 1) }
    #expect(story.commits == [1])
  }

  @Test func statesThatDifferAtACheckpointCostTheMinorityItsPlace() {
    var story = Story.gang(3, .stepped(checkpointInterval: 1))
    story.steps(1...1, by: [1, 2, 3])
    let chain = story.disk.commits[0].chain
    let wrong = story.assignment(on: 3)
    for worker in 1...2 {
      story.runnerSays(worker, .stateHashed(StateHashed(step: 1, chain: chain, stateDigest: Story.digest(1))))
    }
    story.runnerSays(
      1,
      .checkpointSaved(CheckpointSaved(step: 1, chain: chain, tree: Story.tree("checkpoint", 9), failure: nil)))
    #expect(story.disk.checkpoints.isEmpty)
    story.runnerSays(3, .stateHashed(StateHashed(step: 1, chain: chain, stateDigest: Story.digest(2))))
    #expect(story.disk.checkpoints.map(\.step) == [1])
    #expect(story.sent(to: 3).contains(.revoke(Revoke(assignment: wrong, kill: true))))
    #expect(story.plan?.participants.count == 2)
  }

  @Test func aPairThatCannotConnectCostsTheOneWhoReachesFewest() {
    var story = Story.gang(3)
    let lonely = story.assignment(on: 1)
    for worker in 2...3 {
      story.runnerSays(
        worker,
        .peerUnreachable(PeerUnreachable(peer: lonely, address: "10.0.0.1:7000", reason: "connection refused")))
    }
    story.pass(seconds: 3, beating: [1, 2, 3])
    #expect(story.sent(to: 1).contains(.revoke(Revoke(assignment: lonely, kill: true))))
    #expect(story.plan?.participants.count == 2)
    let event = story.events.first { $0.contains("cannot reach") }
    #expect(event?.contains("10.0.0.1:7000") == true)
    #expect(event?.contains("10.0.0.2:7000") == true)
  }

  @Test func whileAWorkerIsSuspectNobodyIsLeftOutForIt() {
    var story = Story.gang(2)
    let dead = story.assignment(on: 1)
    story.disconnect(1)
    story.runnerSays(2, .peerUnreachable(PeerUnreachable(peer: dead, address: "10.0.0.1:7000", reason: "reset")))
    story.pass(seconds: 6, beating: [2])
    #expect(story.assignment(on: 2) != AssignmentID(0))
    story.pass(seconds: 6, beating: [2])
    #expect(story.plan?.participants.map(\.assignment) == [story.assignment(on: 2)])
  }
}
