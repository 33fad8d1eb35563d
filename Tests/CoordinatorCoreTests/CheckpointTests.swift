@testable import CoordinatorCore
import Testing
import WireProtocol

@Suite struct CheckpointTests {
  private func asked(_ story: Story, _ worker: Int) -> [UInt64] {
    story.sent(to: worker).compactMap { if case .saveCheckpoint(let save) = $0 { save.step } else { nil } }
  }

  @Test func trainingGoesOnWhileTheFirstMemberSavesAndAllHash() {
    var story = Story.gang(2, .stepped(checkpointInterval: 2))
    story.steps(1...2, by: [1, 2])
    #expect(asked(story, 1) == [2])
    #expect(asked(story, 2) == [])
    #expect(story.sent(to: 2).contains(.hashState(HashState(step: 2))))
    #expect(story.plan?.step == 3)
    story.savesCheckpoint(1, 2, holders: [1, 2])
    #expect(story.disk.checkpoints.map(\.step) == [2])
    #expect(story.jobStatus()?.checkpointAgeSeconds == 0)
  }

  @Test func theOldestBeyondTheNumberKeptGoWithTheirBlobs() {
    var story = Story.gang(1, .stepped(checkpointInterval: 1, kept: 2))
    for step: UInt64 in 1...4 {
      story.steps(step...step, by: [1])
      story.savesCheckpoint(1, step, holders: [1])
    }
    #expect(story.disk.checkpoints.map(\.step) == [3, 4])
    #expect(story.deleted == [Story.digest(501), Story.digest(502)])
  }

  @Test func aSaverThatDiesIsReplacedAtTheNextBoundary() {
    var story = Story.gang(2, .stepped(checkpointInterval: 2))
    story.steps(1...2, by: [1, 2])
    story.runnerExits(1)
    story.prepares(2, 3)
    #expect(asked(story, 2) == [3])
  }

  @Test func aCheckpointThatCannotBeWrittenPausesTheJobAndResumeTriesAgain() {
    var story = Story.gang(1, .stepped(checkpointInterval: 2))
    story.steps(1...2, by: [1])
    story.savesCheckpoint(1, 2, holders: [1], failure: "/var/admix: no space left on device")
    story.prepares(1, 3)
    let status = story.jobStatus()
    #expect(status?.state == .paused)
    #expect(status?.reason.contains("worker-1 (host-1)") == true)
    #expect(status?.reason.contains("/var/admix: no space left on device") == true)
    // The state stays: nothing that was computed is lost.
    #expect(story.assignment(on: 1) != AssignmentID(0))
    story.control(.resume)
    #expect(asked(story, 1) == [2, 3])
    story.savesCheckpoint(1, 3, holders: [1])
    #expect(story.disk.checkpoints.map(\.step) == [3])
    #expect(story.jobStatus()?.state == .running)
  }

  @Test func aPauseFinishesTheStepSavesAndLetsTheRunnersGo() {
    var story = Story.gang(2)
    story.steps(1...1, by: [1, 2])
    story.control(.pause)
    #expect(story.jobStatus()?.state == .running)
    story.prepares(1, 2)
    story.prepares(2, 2)
    #expect(asked(story, 1) == [2])
    #expect(story.plan?.step == 2)
    let members = [1, 2].map { story.assignment(on: $0) }
    story.savesCheckpoint(1, 2, holders: [1, 2])
    #expect(story.jobStatus()?.state == .paused)
    #expect(story.sent(to: 1).contains(.revoke(Revoke(assignment: members[0], kill: false))))
    #expect(story.sent(to: 2).contains(.revoke(Revoke(assignment: members[1], kill: false))))
    for worker in 1...2 { story.runnerExits(worker, members[worker - 1]) }
    story.control(.resume)
    let assigned = story.sent(to: 1).compactMap { if case .assign(let assign) = $0 { assign } else { nil } }.last
    #expect(assigned?.checkpointStep == 2)
    #expect(assigned?.checkpoint == Story.tree("checkpoint", 502))
    for worker in 1...2 { story.saysState(worker, step: 2) }
    #expect(story.plan?.step == 3)
  }

  @Test func aPauseSurvivesARestartOfTheCoordinator() {
    var story = Story.gang(1)
    story.steps(1...1, by: [1])
    story.control(.pause)
    let runner = story.assignment(on: 1)
    story.restart()
    story.join(1, inventory: [runner])
    story.saysState(1, step: 1)
    #expect(asked(story, 1) == [1])
    story.savesCheckpoint(1, 1, holders: [1])
    #expect(story.jobStatus()?.state == .paused)
  }

  @Test func aCheckpointThatTheStoreHasLostIsNotUsed() {
    var story = Story.gang(1, .stepped(checkpointInterval: 1))
    for step: UInt64 in 1...2 {
      story.steps(step...step, by: [1])
      story.savesCheckpoint(1, step, holders: [1])
    }
    story.happen(.artifactMissing(Story.digest(502)))
    #expect(story.disk.checkpoints.map(\.step) == [1])
    story.runnerExits(1)
    story.pass(seconds: 2, beating: [1])
    let assigned = story.sent(to: 1).compactMap { if case .assign(let assign) = $0 { assign } else { nil } }.last
    #expect(assigned?.checkpointStep == 1)
    // Step 2 is in the journal: it is computed again and must give the same digest.
    story.saysState(1, step: 1)
    #expect(story.plan?.step == 2)
    story.prepares(1, 2)
    #expect(story.commits == [1, 2])
    #expect(story.plan?.step == 3)
  }
}
