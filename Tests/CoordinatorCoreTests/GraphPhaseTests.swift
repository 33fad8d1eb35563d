@testable import CoordinatorCore
import Testing
import WireProtocol

@Suite struct GraphPhaseTests {
  private func pipeline() -> JobPlan {
    var second = JobPlan.stepped(steps: 1, name: "second")
    if case .stepped(var inner) = second.phases[0].work {
      inner.inputs = [.stage(name: "start", stage: "first", output: "model")]
      second.phases[0].work = .stepped(inner)
    }
    return JobPlan(
      jobType: "pipe", pluginVersion: 1, name: "both",
      phases: [
        PhasePlan(
          name: "stages",
          work: .graph([
            StagePlan(name: "first", needs: [], plan: .stepped(steps: 1, name: "first")),
            StagePlan(name: "second", needs: ["first"], plan: second),
          ]))
      ], outputs: ["model"])
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
