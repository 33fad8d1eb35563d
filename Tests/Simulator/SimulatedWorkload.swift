import WireProtocol

/// The job of one run: a sharded phase and a stepped one, or a pipeline of two stages that does the same; fifty steps
/// in all.
struct SimulatedWorkload {
  let plan: JobPlan
  let isPipeline: Bool
  /// By the payload of the stepped phase.
  let toys: [UInt8: ToyJob]
  static let pluginVersion = PluginVersion(name: "toy", version: 1)
  static let pipelinePluginVersion = PluginVersion(name: "toys", version: 1)

  init(seed: UInt64, choices: inout Choices) {
    isPipeline = seed % 5 == 0
    let sliceCount = UInt32(choices.within(4...9))
    let chunks = choices.within(1...4)
    let rows = UInt32(choices.within(3...8))
    func toy(_ steps: UInt64, _ salt: UInt64) -> ToyJob {
      ToyJob(
        gradientChunkCount: chunks, sliceCount: sliceCount, stepCount: steps, evaluationRowCount: rows,
        salt: seed &* 131 &+ salt)
    }
    if isPipeline {
      let toys: [UInt8: ToyJob] = [1: toy(20, 1), 2: toy(30, 2)]
      let first = SimulatedWorkload.job(toys[1]!, payload: 1, after: [], name: "first")
      let second = SimulatedWorkload.job(
        toys[2]!, payload: 2, after: [.stage(name: "start", stage: "first", output: "model")], name: "second")
      plan = JobPlan(
        jobType: "toys", pluginVersion: 1, name: "pipeline",
        phases: [
          PhasePlan(
            name: "stages",
            work: .graph([
              StagePlan(name: "first", needs: [], plan: first),
              StagePlan(name: "second", needs: ["first"], plan: second),
            ]))
        ], outputs: ["model"])
      self.toys = toys
    } else {
      toys = [1: toy(50, 1)]
      plan = SimulatedWorkload.job(toys[1]!, payload: 1, after: [], name: "single")
    }
  }

  private static func job(_ toy: ToyJob, payload: UInt8, after: [InputReference], name: String) -> JobPlan {
    let shards = (0..<3).map {
      // Two shards have one key: one of them is run.
      ShardPlan(name: "shard-\($0)", payload: [UInt8($0)], inputs: [], cacheKey: ToyJob.digest([UInt64($0 / 2)]))
    }
    return JobPlan(
      jobType: "toy", pluginVersion: 1, name: name,
      phases: [
        PhasePlan(name: "prepare", work: .sharded(shards)),
        PhasePlan(
          name: "train",
          work: .stepped(
            SteppedPlan(
              payload: [payload], inputs: [.phase(0)] + after, stepCount: toy.stepCount, sliceCount: toy.sliceCount,
              measures: ["a", "b"], evaluationRowCount: toy.evaluationRowCount, evaluationInterval: 12,
              checkpointInterval: 10, checkpointsKept: 2, stateBytes: 1, workUnit: "tok"))),
      ], outputs: ["model", "checkpoint"])
  }
}
