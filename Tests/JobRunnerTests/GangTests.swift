import Foundation
import GradientExchange
import Testing
import ToyJobs
import Transport
import WireProtocol

/// Real runner processes that exchange over loopback.
@Suite(.serialized)
struct GangTests {
  private static func digests(
    runners: Int, payload: String, steps: Int = 3, sliceCount: UInt32 = 8
  ) throws -> (steps: [Digest], state: Digest, applied: [Applied]) {
    let bench = try RunnerBench()
    defer { bench.stop() }
    let numbers = (1...UInt32(runners)).map { $0 * 3 }
    for number in numbers { try bench.start(number, payload: payload) }
    var coordinator = BenchCoordinator(bench: bench, sliceCount: sliceCount)
    try coordinator.gather(numbers)
    try coordinator.run(steps: steps)
    let state = try coordinator.stateDigest()
    try coordinator.dismiss()
    return (coordinator.digests, state, coordinator.applied)
  }

  @Test(arguments: ["", "bf16"])
  func oneTwoAndThreeRunnersReachTheSameBits(payload: String) throws {
    let one = try Self.digests(runners: 1, payload: payload)
    for runners in 2...3 {
      let many = try Self.digests(runners: runners, payload: payload)
      #expect(many.steps == one.steps && many.state == one.state, "\(runners) runners")
      #expect(many.applied.reduce(0) { $0 + $1.slicesComputed } == 8 * 3)
      #expect(many.applied.allSatisfy { $0.sentBytes > 0 && $0.sentBytes <= $0.rawBytes })
    }
    #expect(one.applied.allSatisfy { $0.sentBytes == 0 && $0.stepSeconds > 0 })
    #expect(try NaiveToy.state(payload: payload, steps: 3, sliceCount: 8) == one.state)
  }

  @Test func slicesThatDoNotDivideAndRunnersWithoutSlicesChangeNothing() throws {
    let payload = "bf16 parameters=1000"
    let one = try Self.digests(runners: 1, payload: payload, sliceCount: 5)
    #expect(try Self.digests(runners: 3, payload: payload, sliceCount: 5).state == one.state)
    let few = try Self.digests(runners: 1, payload: payload, sliceCount: 2)
    #expect(try Self.digests(runners: 3, payload: payload, sliceCount: 2).state == few.state)
  }

  /// Each place a runner can die at, by SIGKILL to itself.
  @Test(arguments: [
    "computing", "sending-nodes", "before-prepared", "after-prepared", "before-apply", "after-apply",
  ])
  func aRunnerKilledAnywhereChangesNoBit(place: String) throws {
    let payload = "bf16 parameters=600000"
    let expected = try Self.digests(runners: 1, payload: payload)
    let bench = try RunnerBench()
    defer { bench.stop() }
    try bench.start(1, payload: payload)
    try bench.start(
      2, payload: payload,
      environment: ["ADMIX_FAILPOINTS_ENABLED": "1", "ADMIX_FAILPOINT": "\(place):2:kill"])
    try bench.start(3, payload: payload)
    var coordinator = BenchCoordinator(bench: bench)
    try coordinator.gather([1, 2, 3])
    try coordinator.run(steps: 1)
    let shares = coordinator.shares()
    coordinator.plan()
    if place.hasSuffix("apply") {
      let digest = try coordinator.awaitPrepared()
      bench.say(Commit(step: 2, digest: digest), to: 2)
      #expect(try bench.waitForExit(2).signal == SIGKILL)
      coordinator.members = [1, 3]
      try coordinator.commit(digest)
    } else {
      #expect(try bench.waitForExit(2).signal == SIGKILL)
      coordinator.members = [1, 3]
      var kept = shares
      kept[1]? += [SliceRange(2, 4)]
      kept[3]? += [SliceRange(4, 5)]
      coordinator.plan(kept)
      try coordinator.commit(try coordinator.awaitPrepared())
      let computed = coordinator.applied.suffix(2).reduce(0) { $0 + $1.slicesComputed }
      #expect(computed <= 8, "only the slices of the dead are computed again")
    }
    try coordinator.run(steps: 1)
    #expect(try coordinator.stateDigest() == expected.state)
    #expect(coordinator.digests == expected.steps)
    try coordinator.dismiss()
  }

  @Test func aJoinerCopiesTheStateAndTakesPart() throws {
    let payload = "parameters=600000"
    let expected = try Self.digests(runners: 1, payload: payload)
    let bench = try RunnerBench()
    defer { bench.stop() }
    for number in UInt32(1)...2 { try bench.start(number, payload: payload) }
    var coordinator = BenchCoordinator(bench: bench)
    try coordinator.gather([1, 2])
    try coordinator.run(steps: 1)
    try bench.start(3, payload: payload)
    let holders = [UInt32(1), 2].map {
      Participant(assignment: AssignmentID($0), dataAddress: coordinator.addresses[$0] ?? "", slices: [])
    }
    try coordinator.gather([3])
    bench.say(CopyState(step: 1, chain: coordinator.chain, holders: holders), to: 3)
    let copied = try bench.wait(for: StateHashed.self, from: 3)
    bench.say(HashState(step: 1), to: 1)
    #expect(try bench.wait(for: StateHashed.self, from: 1) == copied)
    try coordinator.run(steps: 2)
    #expect(try coordinator.stateDigest() == expected.state)
    try coordinator.dismiss()
  }

  @Test func aRunnerThatStandsStillForAWhileGoesOnAsIfNothingHadHappened() throws {
    let payload = "bf16 parameters=600000 pause=5"
    let expected = try Self.digests(runners: 1, payload: payload, steps: 2)
    let bench = try RunnerBench()
    defer { bench.stop() }
    for number in UInt32(1)...2 { try bench.start(number, payload: payload) }
    var coordinator = BenchCoordinator(bench: bench)
    try coordinator.gather([1, 2])
    coordinator.plan()
    bench.say(Fence(), to: 2)
    usleep(300_000)
    bench.say(Unfence(generation: 2), to: 2)
    bench.say(ReportState(), to: 2)
    #expect(try bench.wait(for: RunnerState.self, from: 2).slices == [SliceRange(4, 8)])
    try coordinator.commit(try coordinator.awaitPrepared())
    coordinator.plan()
    bench.signal(SIGSTOP, to: 1)
    usleep(300_000)
    bench.signal(SIGCONT, to: 1)
    try coordinator.commit(try coordinator.awaitPrepared())
    #expect(try coordinator.stateDigest() == expected.state)
    try coordinator.dismiss()
  }

  @Test func aDiscardedStepIsComputedAnewToTheSameDigest() throws {
    let bench = try RunnerBench()
    defer { bench.stop() }
    for number in UInt32(1)...3 { try bench.start(number, payload: "bf16 parameters=300000") }
    var coordinator = BenchCoordinator(bench: bench)
    try coordinator.gather([1, 2, 3])
    coordinator.plan()
    let first = try coordinator.awaitPrepared()
    coordinator.plan(discard: true)
    #expect(try coordinator.awaitPrepared() == first)
    try coordinator.commit(first)
    #expect(coordinator.applied.reduce(0) { $0 + $1.slicesComputed } == 16, "every slice twice")
    try coordinator.run(steps: 1)
    try coordinator.dismiss()
  }

  @Test func nodesLeaveBeforeTheLastGradientIsReady() throws {
    let bench = try RunnerBench()
    defer { bench.stop() }
    let path = bench.directory + "/timeline"
    for number in UInt32(1)...2 {
      try bench.start(number, payload: "bf16 pause=30", environment: ["ADMIX_TIMELINE": "\(path)-\(number)"])
    }
    var coordinator = BenchCoordinator(bench: bench, sliceCount: 2)
    try coordinator.gather([1, 2])
    try coordinator.run(steps: 1)
    try coordinator.dismiss()
    for number in 1...2 {
      let lines = try String(contentsOfFile: "\(path)-\(number)", encoding: .utf8).split(separator: "\n")
      let events = try lines.map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      func times(_ event: String) -> [Int] {
        events.filter { $0["event"] as? String == event }.compactMap { $0["nanoseconds"] as? Int }
      }
      let firstSent = try #require(times("node_sent").min())
      let lastReady = try #require(times("gradient_ready").max())
      #expect(firstSent < lastReady, "runner \(number)")
    }
  }
}

/// The toy without an exchange: slices by a naive recursion over the tree, in this process.
enum NaiveToy {
  static func state(payload: String, steps: UInt64, sliceCount: UInt32) throws -> Digest {
    try NaiveRun(payload: payload, sliceCount: sliceCount).state(after: steps)
  }
}
