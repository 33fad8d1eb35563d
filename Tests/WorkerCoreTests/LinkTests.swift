import Testing
@testable import WorkerCore
import WireProtocol

@Suite struct LinkTests {
  @Test func inventoryIsTheFirstWordOnEveryLink() {
    var story = WorkerStory.withRunner()
    story.happen(.disconnected(story.link, reason: "reset"))
    story.pass(milliseconds: 200)
    _ = story.take()
    story.welcome()
    #expect(story.take() == ["INVENTORY [7]", "UNFENCE 2 to 7", "HEARTBEAT 2"])
  }

  @Test func waitsBetweenAttemptsDoubleUpToALimitAndAreShortenedByChance() {
    var story = WorkerStory()
    var waits: [UInt64] = []
    for _ in 0..<9 {
      let failedAt = story.milliseconds
      story.happen(.disconnected(story.link, reason: "refused"))
      let old = story.link
      while story.link == old { story.pass(milliseconds: 1) }
      waits.append(story.milliseconds - failedAt)
    }
    for (index, wait) in waits.enumerated() {
      let whole = min(100 << UInt64(index), 5000)
      #expect(wait >= UInt64(whole / 2) && wait <= UInt64(whole) + 1)
    }
    var other = WorkerStory(seed: 2)
    other.happen(.disconnected(other.link, reason: "refused"))
    let old = other.link
    while other.link == old { other.pass(milliseconds: 1) }
    #expect(other.milliseconds != waits[0])
  }

  @Test func anAttemptThatIsNotAnsweredIsGivenUp() {
    var story = WorkerStory()
    story.pass(milliseconds: 5200)
    #expect(story.take() == ["connect 1", "close 1", "connect 2"])
  }

  @Test func heartbeatsGoOutOnceAPeriodWithWhatTheHostHolds() {
    var story = WorkerStory()
    story.welcome()
    story.happen(.residentBytesMeasured(77))
    story.pass(milliseconds: 3000, acknowledging: true)
    let beats = story.all.compactMap { if case .send(.heartbeat(let beat), _, _) = $0 { beat } else { nil } }
    #expect(beats.map(\.sequence) == [1, 2, 3, 4])
    #expect(beats.last?.residentBytes == 77)
  }

  @Test func runnersAreFencedEightSecondsAfterTheSendingOfTheLastAcknowledgedHeartbeat() {
    var story = WorkerStory.withRunner()
    story.pass(milliseconds: 2000, acknowledging: true)
    // The beat of 2,000 ms is acknowledged much later: what counts is when it was sent.
    let sentAt: UInt64 = 2000
    story.pass(milliseconds: 5000)
    let old = story.worker.heartbeats.sent.count
    #expect(old > 0)
    _ = story.take()
    story.pass(milliseconds: sentAt + 8000 - story.milliseconds - 1)
    #expect(!story.take().contains("FENCE to 7"))
    story.pass(milliseconds: 1)
    #expect(story.take().contains("FENCE to 7"))
    // A fenced runner is not heard.
    story.happen(.frameFromRunner(AssignmentID(7), "PREPARED"))
    #expect(story.take().isEmpty)
    // An acknowledgement within the lease proves enough: it was sent after that.
    story.acknowledge()
    #expect(story.take() == ["UNFENCE 1 to 7"])
  }

  @Test func aProcessThatWasStoppedPastItsLeaseFencesBeforeItActsOnAnything() {
    var story = WorkerStory.withRunner()
    story.pass(milliseconds: 1000, acknowledging: true)
    _ = story.take()
    story.milliseconds += 30_000
    story.happen(.frameForRunner(story.link, AssignmentID(7), "COMMIT"))
    #expect(story.take().first == "FENCE to 7")
    #expect(story.take().contains("close 1") == false)
    story.pass(milliseconds: 300)
    story.welcome()
    let said = story.take()
    #expect(said.contains("UNFENCE 2 to 7"))
    #expect(said.firstIndex(of: "INVENTORY [7]")! < said.firstIndex(of: "UNFENCE 2 to 7")!)
  }

  @Test func aLinkWithoutAcknowledgementsForTheLeaseIsGivenUp() {
    var story = WorkerStory()
    story.welcome()
    story.pass(milliseconds: 10_100)
    #expect(story.take().contains("close 1"))
    #expect(story.link == LinkID(2))
  }

  @Test func wordsOfAnOldLinkAreNotHeard() {
    var story = WorkerStory()
    story.welcome()
    let old = story.link
    story.happen(.disconnected(old, reason: "reset"))
    story.pass(milliseconds: 200)
    story.welcome()
    _ = story.take()
    story.happen(.coordinatorSaid(old, .assign(WorkerStory.assign(9))))
    story.happen(.disconnected(old, reason: "again"))
    #expect(story.take().isEmpty)
  }

  @Test func aRefusalThatCannotChangeStopsTheWorkerAndADrainingCoordinatorDoesNot() {
    var story = WorkerStory()
    story.happen(.refused(story.link, Refusal(reason: .draining, sentence: "restarting")))
    story.pass(milliseconds: 200)
    #expect(story.take() == ["connect 1", "connect 2"])
    story.happen(.refused(story.link, Refusal(reason: .numericsVersion, sentence: "1 here, 2 there")))
    story.pass(milliseconds: 60_000)
    #expect(story.take() == ["stop: 1 here, 2 there"])
  }
}
