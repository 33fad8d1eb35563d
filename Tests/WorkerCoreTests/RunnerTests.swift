import Testing
@testable import WorkerCore
import WireProtocol

@Suite struct RunnerTests {
  @Test func anAssignmentIsFetchedStartedAndBegun() {
    var story = WorkerStory()
    story.welcome()
    _ = story.take()
    story.happen(.coordinatorSaid(story.link, .assign(WorkerStory.assign(7))))
    #expect(story.take() == ["fetch 7"])
    story.happen(.frameForRunner(story.link, AssignmentID(7), "REPORT_STATE"))
    story.happen(.inputsFetched(AssignmentID(7), directory: "/run/7"))
    #expect(story.take() == ["start 7"])
    story.happen(.runnerReady(AssignmentID(7)))
    #expect(story.take() == ["BEGIN /run/7 to 7", "down REPORT_STATE to 7"])
  }

  @Test func aRepeatedAssignChangesNothing() {
    var story = WorkerStory.withRunner()
    story.happen(.coordinatorSaid(story.link, .assign(WorkerStory.assign(7))))
    #expect(story.take().isEmpty)
    story.happen(.runnerExited(AssignmentID(7), status: 1, signal: 0, lastLines: "boom"))
    _ = story.take()
    story.happen(.coordinatorSaid(story.link, .assign(WorkerStory.assign(7))))
    #expect(story.take() == ["RUNNER_EXITED 7: boom"])
    story.happen(.coordinatorSaid(story.link, .revoke(Revoke(assignment: AssignmentID(7), kill: true))))
    story.happen(.coordinatorSaid(story.link, .assign(WorkerStory.assign(7))))
    #expect(story.take().isEmpty)
  }

  @Test func framesPassBothWaysUnderTheLinksGeneration() {
    var story = WorkerStory.withRunner()
    story.happen(.frameForRunner(story.link, AssignmentID(7), "PLAN"))
    story.happen(.frameFromRunner(AssignmentID(7), "PREPARED"))
    #expect(story.take() == ["down PLAN to 7", "up PREPARED from 7 gen 1"])
    story.happen(.frameForRunner(story.link, AssignmentID(8), "PLAN"))
    story.happen(.disconnected(story.link, reason: "reset"))
    story.happen(.frameFromRunner(AssignmentID(7), "PREPARED"))
    #expect(story.take().isEmpty)
  }

  @Test func framesForARunnerThatIsNotThereYetAreKeptWithinALimit() {
    var story = WorkerStory()
    story.welcome()
    story.happen(.coordinatorSaid(story.link, .assign(WorkerStory.assign(7))))
    for number in 0..<100 { story.happen(.frameForRunner(story.link, AssignmentID(7), "\(number)")) }
    story.happen(.inputsFetched(AssignmentID(7), directory: "/run/7"))
    story.happen(.runnerReady(AssignmentID(7)))
    let relayed = story.take().filter { $0.hasPrefix("down") }
    #expect(relayed.count == 64)
    #expect(relayed.last == "down 99 to 7")
  }

  @Test func inputsThatCannotBeFetchedAreAnExitWithTheReason() {
    var story = WorkerStory()
    story.welcome()
    story.happen(.coordinatorSaid(story.link, .assign(WorkerStory.assign(7))))
    _ = story.take()
    story.happen(.fetchFailed(AssignmentID(7), reason: "no space left on /var/cache"))
    #expect(story.take() == ["discard 7", "RUNNER_EXITED 7: its inputs: no space left on /var/cache"])
  }

  @Test func anExitIsSaidOnEveryLinkUntilItIsAnswered() {
    var story = WorkerStory.withRunner()
    story.happen(.disconnected(story.link, reason: "reset"))
    story.happen(.runnerExited(AssignmentID(7), status: 0, signal: 9, lastLines: ""))
    story.pass(milliseconds: 200)
    _ = story.take()
    story.welcome()
    #expect(story.take().prefix(2) == ["INVENTORY [7]", "RUNNER_EXITED 7: "])
    story.happen(.coordinatorSaid(story.link, .revoke(Revoke(assignment: AssignmentID(7), kill: true))))
    story.happen(.disconnected(story.link, reason: "reset"))
    story.pass(milliseconds: 200)
    _ = story.take()
    story.welcome()
    #expect(story.take().first == "INVENTORY []")
  }

  @Test func aRevokedRunnerIsAskedToLeaveAndKilledWhenTheLeaseIsOver() {
    var story = WorkerStory.withRunner()
    story.happen(.coordinatorSaid(story.link, .revoke(Revoke(assignment: AssignmentID(7), kill: false))))
    #expect(story.take() == ["LEAVE to 7"])
    story.happen(.frameFromRunner(AssignmentID(7), "late"))
    story.pass(milliseconds: 9900, acknowledging: true)
    #expect(!story.take().contains("kill 7"))
    story.pass(milliseconds: 200, acknowledging: true)
    #expect(story.take().contains("kill 7"))
    story.happen(.runnerExited(AssignmentID(7), status: 0, signal: 9, lastLines: ""))
    #expect(story.take() == ["discard 7", "RUNNER_EXITED 7: "])
  }

  @Test func revokeWithKillKillsAtOnceAndStopsAFetch() {
    var story = WorkerStory.withRunner()
    story.happen(.coordinatorSaid(story.link, .revoke(Revoke(assignment: AssignmentID(7), kill: true))))
    story.happen(.coordinatorSaid(story.link, .revoke(Revoke(assignment: AssignmentID(7), kill: true))))
    #expect(story.take() == ["kill 7"])
    story.happen(.coordinatorSaid(story.link, .assign(WorkerStory.assign(8))))
    _ = story.take()
    story.happen(.coordinatorSaid(story.link, .revoke(Revoke(assignment: AssignmentID(8), kill: true))))
    #expect(story.take() == ["cancel fetch 8", "discard 8", "RUNNER_EXITED 8: revoked before it was started"])
  }

  @Test func aRevokeOfWhatWasNeverHeardOfIsAnsweredOnce() {
    var story = WorkerStory()
    story.welcome()
    _ = story.take()
    for _ in 0..<3 {
      story.happen(.coordinatorSaid(story.link, .revoke(Revoke(assignment: AssignmentID(5), kill: true))))
    }
    #expect(story.take() == ["RUNNER_EXITED 5: not known here"])
  }

  @Test func publishedFilesAreUploadedAndTheAnswerGoesBack() {
    var story = WorkerStory.withRunner()
    let item = Publish.Item(absolutePath: "/run/7/scratch/model", path: "model")
    story.happen(.runnerPublished(AssignmentID(7), Publish(request: 3, items: [item])))
    #expect(story.take() == ["upload 3 of 7: 1 files"])
    story.happen(.uploadFailed(AssignmentID(7), request: 3, reason: "no space left"))
    #expect(story.take() == ["PUBLISHED 3 no space left to 7"])
    story.happen(.uploaded(AssignmentID(7), request: 4, []))
    #expect(story.take() == ["PUBLISHED 4 ok to 7"])
  }

  @Test func aRunnerThatIsReadyWhileFencedIsFenced() {
    var story = WorkerStory()
    story.welcome()
    story.happen(.coordinatorSaid(story.link, .assign(WorkerStory.assign(7))))
    story.happen(.inputsFetched(AssignmentID(7), directory: "/run/7"))
    story.pass(milliseconds: 8500)
    _ = story.take()
    story.happen(.runnerReady(AssignmentID(7)))
    #expect(story.take() == ["BEGIN /run/7 to 7", "FENCE to 7"])
  }
}
