import Foundation
import Testing
import Transport
import WireProtocol

/// What one runner process promises its worker.
@Suite(.serialized)
struct RunnerTests {
  private func withBench(_ body: (RunnerBench) throws -> Void) throws {
    let bench = try RunnerBench()
    defer { bench.stop() }
    try body(bench)
  }

  @Test func aShardPublishesItsOutputsAndSaysSoAgainWhenAsked() throws {
    try withBench { bench in
      try bench.start(1, work: .shard(index: 2, of: 5), payload: "hello")
      let completed = try bench.wait(for: Completed.self, from: 1)
      let file = FileReference(path: "text", digest: .zero, byteCount: 19)
      #expect(completed == Completed(outputs: [NamedTree(name: "text", files: [file])], result: "{\"shard\":2}"))
      bench.say(ReportState(), to: 1)
      #expect(try bench.wait(for: Completed.self, from: 1) == completed)
      bench.say(Leave(), to: 1)
      #expect(try bench.waitForExit(1).status == 0)
    }
  }

  @Test func whatAPluginThrowsIsToldInItsWords() throws {
    try withBench { bench in
      try bench.start(1, work: .shard(index: 0, of: 1), payload: "fail")
      #expect(try bench.wait(for: Failed.self, from: 1).message == "shard 0 was told to fail")
      try bench.start(2, payload: "unloadable")
      #expect(try bench.wait(for: Failed.self, from: 2).message == "the toy was told not to load")
      bench.say(ReportState(), to: 2)
      #expect(try bench.wait(for: Failed.self, from: 2).message == "the toy was told not to load")
    }
  }

  @Test func aRunnerOnAnUnfitHostEndsAndSaysNothingOfTheJob() throws {
    try withBench { bench in
      try bench.start(1, payload: "unfit")
      #expect(try bench.waitForExit(1).status == 1)
    }
  }

  @Test func aRunnerWithoutItsWorkerEnds() throws {
    try withBench { bench in
      try bench.start(1, payload: "pause=200")
      var coordinator = BenchCoordinator(bench: bench)
      try coordinator.gather([1])
      coordinator.plan()
      usleep(100_000)
      bench.hangUp(1)
      #expect(try bench.waitForExit(1, seconds: 3).status == 0)
    }
  }

  @Test func aPeerThatCannotBeReachedIsNamedWithItsAddress() throws {
    try withBench { bench in
      try bench.start(1, payload: "parameters=10")
      var coordinator = BenchCoordinator(bench: bench)
      try coordinator.gather([1])
      coordinator.members.append(2)
      coordinator.addresses[2] = "127.0.0.1:1"
      coordinator.plan()
      let said = try bench.wait(for: PeerUnreachable.self, from: 1)
      #expect(said.peer == AssignmentID(2) && said.address == "127.0.0.1:1")
      #expect(said.reason.contains("nothing listens"))
    }
  }

  @Test func aPeerOfAnotherRunIsRefused() throws {
    try withBench { bench in
      try bench.start(1, payload: "parameters=10")
      try bench.start(2, payload: "parameters=10", token: .zero)
      var coordinator = BenchCoordinator(bench: bench)
      try coordinator.gather([1, 2])
      coordinator.plan()
      let said = try bench.wait(for: PeerUnreachable.self, from: 1)
      #expect(said.reason.contains("run token"))
    }
  }

  @Test func aStepWithoutAResultIsAborted() throws {
    try withBench { bench in
      for number in UInt32(1)...2 { try bench.start(number, payload: "parameters=10 nan=2") }
      var coordinator = BenchCoordinator(bench: bench)
      try coordinator.gather([1, 2])
      try coordinator.run(steps: 1)
      let plan = coordinator.plan()
      for number in UInt32(1)...2 {
        let said = try bench.wait(for: StepAborted.self, from: number)
        #expect(said == StepAborted(step: 2, attempt: plan.attempt, reason: "the toy's loss at step 2 is nan"))
      }
    }
  }

  @Test func rowsAreEvaluatedAtTheWeightsOfTheStep() throws {
    try withBench { bench in
      try bench.start(1, payload: "parameters=100")
      var coordinator = BenchCoordinator(bench: bench)
      try coordinator.gather([1])
      let request = Evaluate(step: 0, attempt: 7, rows: [SliceRange(0, 3), SliceRange(5, 6)])
      bench.say(request, to: 1)
      let first = try bench.wait(for: Evaluated.self, from: 1)
      #expect(first.rows.map(\.row) == [0, 1, 2, 5] && first.attempt == 7)
      bench.say(request, to: 1)
      #expect(try bench.wait(for: Evaluated.self, from: 1) == first)
      try coordinator.run(steps: 1)
      bench.say(request, to: 1)
      #expect(try bench.wait(for: RunnerState.self, from: 1).step == 1, "those weights are gone")
      bench.say(Evaluate(step: 1, attempt: 8, rows: request.rows), to: 1)
      #expect(try bench.wait(for: Evaluated.self, from: 1).rows != first.rows)
    }
  }

  @Test func aCheckpointIsPublishedWhileTrainingGoesOnAndTakenUpAgain() throws {
    try withBench { bench in
      try bench.start(1, payload: "bf16 parameters=300000")
      var coordinator = BenchCoordinator(bench: bench)
      try coordinator.gather([1])
      try coordinator.run(steps: 2)
      let chain = coordinator.chain
      bench.refuseUploads("the store is full")
      bench.say(SaveCheckpoint(step: 2), to: 1)
      #expect(try bench.wait(for: CheckpointSaved.self, from: 1).failure == "the store is full")
      bench.refuseUploads(nil)
      bench.say(SaveCheckpoint(step: 2), to: 1)
      coordinator.plan()
      // The step may be ready before the checkpoint is.
      let saved = try bench.wait(for: CheckpointSaved.self, from: 1, keeping: .prepared)
      #expect(saved.failure == nil && saved.chain == chain && saved.step == 2)
      #expect(saved.tree.files.map(\.path) == ["more/step", "weights"])
      #expect(saved.tree.files.last?.byteCount == 3 * 4 * 300_000)
      try coordinator.commit(try coordinator.awaitPrepared())
      bench.say(SaveCheckpoint(step: 2), to: 1)
      #expect(try bench.wait(for: CheckpointSaved.self, from: 1) == saved, "the same answer, a step later")
    }
  }

  @Test func aCheckpointThatCannotBeWrittenSaysWhy() throws {
    try withBench { bench in
      try bench.start(1, payload: "parameters=10 unsavable")
      var coordinator = BenchCoordinator(bench: bench)
      try coordinator.gather([1])
      bench.say(SaveCheckpoint(step: 0), to: 1)
      #expect(try bench.wait(for: CheckpointSaved.self, from: 1).failure == "no space left on the toy's disk")
      try coordinator.run(steps: 1)
      bench.say(Finish(step: 1, evaluations: []), to: 1)
      let result = "{\"step\":1,\"chain\":\"\(coordinator.chain.hex)\"}"
      #expect(try bench.wait(for: Completed.self, from: 1) == Completed(outputs: [], result: result))
    }
  }

  @Test func aRunnerThatDiesWhileItSavesHasPublishedNothing() throws {
    try withBench { bench in
      try bench.start(
        1, payload: "parameters=10",
        environment: ["ADMIX_FAILPOINTS_ENABLED": "1", "ADMIX_FAILPOINT": "elsewhere:9:exit,saving-checkpoint:0:kill"])
      var coordinator = BenchCoordinator(bench: bench)
      try coordinator.gather([1])
      bench.say(SaveCheckpoint(step: 0), to: 1)
      #expect(try bench.waitForExit(1).signal == SIGKILL)
    }
  }

  @Test func failpointsAreHonouredOnlyWhereTheyAreAllowed() throws {
    try withBench { bench in
      try bench.start(1, payload: "parameters=10", environment: ["ADMIX_FAILPOINT": "computing:1:kill"])
      try bench.start(
        2, environment: ["ADMIX_FAILPOINTS_ENABLED": "1", "ADMIX_FAILPOINT": "computing:one:kill"])
      var coordinator = BenchCoordinator(bench: bench)
      try coordinator.gather([1])
      try coordinator.run(steps: 1)
      #expect(try bench.waitForExit(2).status == 1, "a failpoint that is not understood is no failpoint")
    }
  }

  @Test func stepsThatFollowEachOtherAtOnceAreCountedApart() throws {
    try withBench { bench in
      try bench.start(1, payload: "parameters=1000")
      var coordinator = BenchCoordinator(bench: bench)
      try coordinator.gather([1])
      coordinator.plan()
      let first = try coordinator.awaitPrepared()
      // PLAN follows COMMIT before the step is applied, as the coordinator sends them.
      bench.say(Commit(step: 1, digest: first), to: 1)
      coordinator.step = 1
      coordinator.plan()
      #expect(try bench.wait(for: Applied.self, from: 1).slicesComputed == 8)
      let second = try coordinator.awaitPrepared()
      bench.say(Commit(step: 2, digest: second), to: 1)
      let applied = try bench.wait(for: Applied.self, from: 1)
      #expect(applied.step == 2 && applied.slicesComputed == 8 && applied.peakResidentBytes > 0)
      bench.say(Commit(step: 2, digest: second), to: 1)
      #expect(try bench.wait(for: Applied.self, from: 1) == applied, "the answer is the same")
    }
  }
}
