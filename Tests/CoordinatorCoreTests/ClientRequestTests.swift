@testable import CoordinatorCore
import Testing
import WireProtocol

@Suite struct ClientRequestTests {
  @Test func aRepeatedSubmissionIsTheSameJobAlsoAfterARestart() {
    var story = Story()
    #expect(story.submit(.sharded(1)) == .submitted(Submitted(job: JobID(1))))
    #expect(story.submit(.sharded(1)) == .submitted(Submitted(job: JobID(1))))
    story.restart()
    #expect(story.submit(.sharded(1)) == .submitted(Submitted(job: JobID(1))))
    #expect(story.submit(.sharded(1), token: 2) == .submitted(Submitted(job: JobID(2))))
  }

  @Test func plansThatCannotBeRunAreRefusedInASentence() {
    func stepped(_ change: (inout SteppedPlan) -> Void) -> JobPlan {
      var plan = JobPlan.stepped()
      guard case .stepped(var inner) = plan.phases[0].work else { return plan }
      change(&inner)
      plan.phases[0].work = .stepped(inner)
      return plan
    }
    let file = FileReference(path: "../etc/passwd", digest: .zero, byteCount: 1)
    func stage(_ name: String, needs: [String], _ input: InputReference? = nil) -> StagePlan {
      let plan = stepped { $0.inputs = input.map { [$0] } ?? [] }
      return StagePlan(name: name, needs: needs, plan: plan)
    }
    func graph(_ stages: [StagePlan]) -> JobPlan {
      JobPlan(
        jobType: "toy", pluginVersion: 1, name: "g", phases: [PhasePlan(name: "stages", work: .graph(stages))],
        outputs: [])
    }
    let bad: [(JobPlan, String)] = [
      (JobPlan(jobType: "toy", pluginVersion: 1, name: "x", phases: [], outputs: []), "0 phases"),
      (stepped { $0.stepCount = 0 }, "0 steps"),
      (stepped { $0.sliceCount = 0 }, "0 slices"),
      (stepped { $0.checkpointsKept = 0 }, "keeps 0 checkpoints"),
      (stepped { $0.checkpointInterval = .max }, "interval"),
      (stepped { $0.evaluationRowCount = 5 }, "names no measure"),
      (stepped { $0.inputs = [.phase(0)] }, "refers to phase 0"),
      (stepped { $0.inputs = [.output(phase: 3, name: "out")] }, "refers to phase 3"),
      (stepped { $0.inputs = [.files(NamedTree(name: "a", files: [file]))] }, "../etc/passwd"),
      (stepped { $0.inputs = [.stage(name: "a", stage: "first", output: "model")] }, "stage 'first'"),
      (.sharded(0), "0 shards"),
      (graph([]), "0 stages"),
      (graph([stage("a", needs: ["b"])]), "no earlier stage"),
      (graph([stage("a", needs: []), stage("a", needs: [])]), "no name of its own"),
      (
        graph([stage("a", needs: []), stage("b", needs: ["a"], .stage(name: "m", stage: "a", output: "nope"))]),
        "whose outputs are model, checkpoint"
      ),
    ]
    var story = Story()
    for (index, (plan, sentence)) in bad.enumerated() {
      guard case .requestFailed(let failed)? = story.submit(plan, token: UInt64(index) + 10) else {
        Issue.record("not refused: \(sentence)")
        continue
      }
      #expect(failed.reason == .refused)
      #expect(failed.sentence.contains(sentence), "\(failed.sentence)")
    }
    #expect(story.disk.jobs.isEmpty)
  }

  @Test func controlNeedsTheRightState() {
    var story = Story()
    story.submit(.sharded(1))
    for action in [ControlJob.Action.resume, .retry] {
      guard case .requestFailed(let failed)? = story.control(action) else {
        Issue.record("\(action) of a PENDING job")
        continue
      }
      #expect(failed.reason == .wrongState)
      #expect(failed.sentence.contains("PENDING"))
    }
    #expect(story.control(.cancel) == .acknowledged(Acknowledged()))
    guard case .requestFailed? = story.control(.cancel) else {
      Issue.record("cancelled twice")
      return
    }
    #expect(story.control(.retry) == .acknowledged(Acknowledged()))
    guard case .requestFailed(let missing)? = story.control(.cancel, job: 9) else {
      Issue.record("job 9")
      return
    }
    #expect(missing.reason == .notFound)
  }

  @Test func aCancelKillsTheRunnersAndARetryGoesOnFromTheCheckpoint() {
    var story = Story.gang(1, .stepped(checkpointInterval: 1))
    story.steps(1...1, by: [1])
    story.savesCheckpoint(1, 1, holders: [1])
    let runner = story.assignment(on: 1)
    story.control(.cancel)
    #expect(story.sent(to: 1).contains(.revoke(Revoke(assignment: runner, kill: true))))
    #expect(story.jobStatus()?.state == .cancelled)
    #expect(story.disk.checkpoints.map(\.step) == [1])
    story.runnerExits(1, runner)
    story.control(.retry)
    story.saysState(1, step: 1)
    #expect(story.plan?.step == 2)
  }

  @Test func aJobThatWaitsAlwaysSaysForWhat() {
    var story = Story()
    story.submit(.stepped())
    #expect(story.jobStatus()?.reason == "no worker is connected")
    story.join(1, plugin: "other")
    #expect(story.jobStatus()?.reason.contains("does not run job type toy version 1") == true)
    story.join(2)
    story.submit(.stepped(name: "second"), token: 2)
    #expect(story.jobStatus(2)?.state == .pending)
    #expect(story.jobStatus(2)?.reason.isEmpty == false)
    story.submit(.stepped(stateBytes: 40_000_000_000, name: "big"), token: 3)
    story.join(3, memoryBytes: 8_000_000_000)
  }

  @Test func whatAHostLacksIsSaidBeforeAJobNeedsIt() {
    var story = Story()
    story.join(1, shortcomings: "no python3: programs run elsewhere")
    #expect(story.workerStatus(1)?.reason == "no job waits for a worker; no python3: programs run elsewhere")
    story.join(2)
    #expect(story.workerStatus(2)?.reason == "no job waits for a worker")
    story.submit(.stepped(slices: 2))
    #expect(story.workerStatus(1)?.reason.hasSuffix("; no python3: programs run elsewhere") == true)
    story.join(1, boot: 2)
    #expect(story.workerStatus(1)?.reason.contains("python3") == false)
  }

  @Test func aModelThatDoesNotFitIsSaidWithTheFigures() {
    var story = Story()
    story.join(1, memoryBytes: 8_000_000_000)
    story.submit(.stepped(stateBytes: 40_000_000_000))
    #expect(story.jobStatus()?.reason.contains("40.0 GB") == true)
    #expect(story.jobStatus()?.reason.contains("8.0 GB") == true)
  }

  @Test func jobsAreServedInTheOrderOfTheirNumbers() {
    var story = Story()
    story.submit(.stepped(slices: 1), token: 1)
    story.submit(.stepped(slices: 8), token: 2)
    story.join(1)
    story.join(2)
    #expect(story.coordinator.assignments[story.assignment(on: 1)]?.job == JobID(1))
    #expect(story.coordinator.assignments[story.assignment(on: 2)]?.job == JobID(2))
  }

  @Test func allAboutAJobHoldsItsTelemetryAndCheckpoints() {
    var story = Story.gang(2, .stepped(checkpointInterval: 1))
    story.steps(1...1, by: [1, 2])
    story.savesCheckpoint(1, 1, holders: [1, 2])
    story.applies(1, 1)
    guard case .jobDetail(let detail)? = story.ask(.queryJob(QueryJob(job: JobID(1)))) else {
      Issue.record("no JOB_DETAIL")
      return
    }
    #expect(detail.telemetry.slicesComputed == 2)
    #expect(detail.telemetry.workUnits == 100)
    #expect(detail.checkpoints.map(\.step) == [1])
    #expect(detail.jobFile == "job: toy")
  }
}
