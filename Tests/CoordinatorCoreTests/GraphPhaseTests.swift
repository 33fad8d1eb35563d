import Testing
import WireProtocol

@testable import CoordinatorCore

@Suite struct GraphPhaseTests {
  private func graph(_ name: String, outputs: [String] = [], _ stages: [StagePlan]) -> JobPlan {
    JobPlan(
      jobType: "pipe", pluginVersion: 1, name: name, phases: [PhasePlan(name: "stages", work: .graph(stages))],
      outputs: outputs)
  }

  private func pipeline() -> JobPlan {
    var second = JobPlan.stepped(steps: 1, name: "second")
    if case .stepped(var inner) = second.phases[0].work {
      inner.inputs = [.stage(name: "start", stage: "first", output: "model")]
      second.phases[0].work = .stepped(inner)
    }
    return graph("both", outputs: ["model"], [
      StagePlan(name: "first", needs: [], plan: .stepped(steps: 1, name: "first")),
      StagePlan(name: "second", needs: ["first"], plan: second),
    ])
  }

  private func finishStage(_ story: inout Story, _ number: UInt64) {
    story.saysState(1, step: 0, chain: .zero)
    story.prepares(1, 1)
    story.applies(1, 1)
    let runner = story.assignment(on: 1)
    story.runnerSays(1, .completed(Completed(outputs: [Story.tree("model", number)], result: "{}")))
    story.runnerExits(1, runner)
  }

  @Test func aStageBeginsWhenWhatItNeedsIsDoneAndGetsItsOutputsByName() {
    var story = Story()
    story.join(1)
    story.submit(pipeline())
    #expect(story.jobStatus(1)?.state == .running)
    #expect(story.jobStatus(3)?.reason == "waits for stage first (job 2)")
    finishStage(&story, 11)
    #expect(story.jobStatus(2)?.state == .completed)
    let assigned = story.sent(to: 1).compactMap { if case .assign(let assign) = $0 { assign } else { nil } }.last
    #expect(assigned?.job == JobID(3))
    #expect(assigned?.inputs == [Story.tree("start", 11)])
    finishStage(&story, 12)
    #expect(story.jobStatus(1)?.state == .completed)
    #expect(story.disk.phasesCompleted.last?.outputs == [Story.tree("model", 12)])
  }

  @Test func aStageThatFailsFailsThePipelineAndRetryRunsItAgain() {
    var story = Story()
    story.join(1)
    story.submit(pipeline())
    let runner = story.assignment(on: 1)
    story.runnerSays(1, .failed(Failed(message: "bad tokenizer")))
    #expect(story.jobStatus(1)?.state == .failed)
    #expect(story.jobStatus(1)?.reason.contains("stage first (job 2) failed") == true)
    #expect(story.jobStatus(3)?.state == .cancelled)
    story.runnerExits(1, runner)
    story.control(.retry)
    #expect(story.jobStatus(2)?.state == .running)
    finishStage(&story, 11)
    finishStage(&story, 12)
    #expect(story.jobStatus(1)?.state == .completed)
  }

  /// `a`, which `b` needs and `c` does not.
  private func fork() -> JobPlan {
    func shard(_ name: String) -> JobPlan { .sharded(1, name: name) }
    return graph("fork", [
      StagePlan(name: "a", needs: [], plan: shard("a")), StagePlan(name: "b", needs: ["a"], plan: shard("b")),
      StagePlan(name: "c", needs: [], plan: shard("c")),
    ])
  }

  private func finishShard(_ story: inout Story, _ worker: Int) {
    let runner = story.assignment(on: worker)
    story.runnerSays(worker, .completed(Completed(outputs: [], result: "{}")))
    story.runnerExits(worker, runner)
  }

  @Test func stagesThatNeedNothingOfEachOtherRunSideBySide() {
    var story = Story()
    story.join(1)
    story.join(2)
    story.submit(fork())
    #expect(story.jobStatus(2)?.state == .running && story.jobStatus(4)?.state == .running)
    #expect(story.jobStatus(3)?.state == .pending)
  }

  @Test func aFailedStageStopsOnlyWhatDependsOnIt() {
    var story = Story()
    story.join(1)
    story.join(2)
    story.submit(fork())
    story.runnerSays(1, .failed(Failed(message: "bad text")))
    #expect(story.jobStatus(2)?.state == .failed)
    #expect(story.jobStatus(3)?.state == .cancelled)
    #expect(story.jobStatus(3)?.reason.contains("stage a") == true)
    #expect(story.jobStatus(4)?.state == .running && story.jobStatus(1)?.state == .running)
    finishShard(&story, 2)
    #expect(story.jobStatus(4)?.state == .completed)
    #expect(story.jobStatus(1)?.state == .failed)
    #expect(story.jobStatus(1)?.reason.contains("stage a (job 2) failed: ") == true)
    story.control(.retry)
    #expect(story.jobStatus(4)?.state == .completed, "what is done stays so")
    #expect(story.jobStatus(2)?.state != .failed && story.jobStatus(3)?.state == .pending)
  }

  @Test func aPipelineThatIsSubmittedAgainTakesOverWhatIsDone() {
    var story = Story()
    story.join(1)
    story.submit(pipeline())
    finishStage(&story, 11)
    story.control(.cancel)
    story.submit(pipeline(), token: 2)
    // Jobs 4, 5, 6: the second pipeline and its stages.
    #expect(story.jobStatus(5)?.state == .completed)
    #expect(story.disk.phasesCompleted.contains { $0.job == JobID(5) && $0.outputs == [Story.tree("model", 11)] })
    #expect(story.jobStatus(6)?.state != .completed)
    story.restart()
    story.join(1)
    #expect(story.jobStatus(5)?.state == .completed)
    finishStage(&story, 12)
    #expect(story.jobStatus(4)?.state == .completed)
    // Once more: nothing is left to compute.
    story.submit(pipeline(), token: 3)
    #expect(story.jobStatus(7)?.state == .completed)
    #expect(story.events.contains { $0.contains("taken over from job 6") })
  }

  @Test func aStageWithOtherInputsIsComputed() {
    var story = Story()
    story.join(1)
    story.submit(pipeline())
    finishStage(&story, 11)
    finishStage(&story, 12)
    var other = pipeline()
    if case .graph(var stages) = other.phases[0].work {
      stages[0].plan.notes = ["redone"]
      other.phases[0].work = .graph(stages)
    }
    story.submit(other, token: 2)
    #expect(story.jobStatus(5)?.state == .running)
    // It gives another model, so the second stage, whose plan is the same, is computed too.
    finishStage(&story, 13)
    #expect(story.jobStatus(6)?.state != .completed)
  }

  /// A training stage, and `names` asked of its model, each a shard with a key of its own.
  private func questions(_ names: [String], notes: [String] = []) -> JobPlan {
    let shards = names.map { name in
      ShardPlan(
        name: name, payload: [], inputs: [.stage(name: "model", stage: "first", output: "model")],
        cacheKey: Story.digest(UInt64(name.utf8.first ?? 0)))
    }
    var training = JobPlan.stepped(steps: 1, name: "first")
    training.notes = notes
    let questions = JobPlan(
      jobType: "toy", pluginVersion: 1, name: "ask", phases: [PhasePlan(name: "ask", work: .sharded(shards))],
      outputs: [])
    return graph("both", [
      StagePlan(name: "first", needs: [], plan: training),
      StagePlan(name: "ask", needs: ["first"], plan: questions),
    ])
  }

  @Test func aShardIsTakenOverWhenItsKeyAndWhatAStageHandsOverAreThose() {
    var story = Story()
    story.join(1)
    story.submit(questions(["a"]))
    finishStage(&story, 11)
    finishShard(&story, 1)
    #expect(story.jobStatus(1)?.state == .completed)
    // More is asked of the same model; the coordinator has been away in between. Jobs 4, 5, 6.
    story.restart()
    story.join(1)
    story.submit(questions(["a", "b"]), token: 2)
    #expect(story.jobStatus(5)?.state == .completed)
    #expect(story.events.contains { $0.contains("1 of 2 shards of ask were computed before") })
    story.restart()
    story.join(1)
    finishShard(&story, 1)
    #expect(story.jobStatus(4)?.state == .completed)
    // The same is asked of another model. Jobs 7, 8, 9.
    story.submit(questions(["a", "b"], notes: ["other"]), token: 3)
    finishStage(&story, 12)
    #expect(story.jobStatus(9)?.state == .running)
    finishShard(&story, 1)
    #expect(story.jobStatus(9)?.state == .running)
    finishShard(&story, 1)
    #expect(story.jobStatus(7)?.state == .completed)
  }

  @Test func stagesAreControlledThroughTheirPipeline() {
    var story = Story()
    story.join(1)
    story.submit(pipeline())
    guard case .requestFailed(let failed)? = story.control(.cancel, job: 2) else {
      Issue.record("cancelled")
      return
    }
    #expect(failed.sentence.contains("stage of job 1"))
    story.control(.cancel)
    for job: UInt32 in 1...3 { #expect(story.jobStatus(job)?.state == .cancelled) }
  }

  @Test func aPipelineSurvivesARestartBetweenItsStages() {
    var story = Story()
    story.join(1)
    story.submit(pipeline())
    finishStage(&story, 11)
    story.restart()
    story.join(1)
    finishStage(&story, 12)
    #expect(story.jobStatus(1)?.state == .completed)
    #expect(story.disk.jobs.count == 3)
  }

  @Test func aPauseReachesTheStagesAndAlsoOneThatEndsMeanwhile() {
    var story = Story()
    story.join(1)
    story.submit(pipeline())
    story.saysState(1, step: 0)
    story.prepares(1, 1)
    // The first stage writes its outputs already: it ends, and the second does not begin.
    story.control(.pause)
    #expect(story.jobStatus(3)?.state == .paused)
    let runner = story.assignment(on: 1)
    story.runnerSays(1, .completed(Completed(outputs: [Story.tree("model", 11)], result: "{}")))
    story.runnerExits(1, runner)
    #expect(story.jobStatus(1)?.state == .paused)
    #expect(story.jobStatus(2)?.state == .completed)
    story.control(.resume)
    finishStage(&story, 12)
    #expect(story.jobStatus(1)?.state == .completed)
  }
}
