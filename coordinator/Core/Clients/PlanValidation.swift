import WireProtocol

/// Checks what any plan must keep, whatever its job type: counts within limits, references that lead somewhere. What a
/// payload means is the plugin's business.
enum PlanValidation {
  /// A phase each for tokenizing, training, evaluating and a few more.
  static let phaseLimit = 64
  static let shardLimit = 65_536
  static let stageLimit = 256
  /// Graphs in graphs: far deeper than anyone writes, and bounds the recursion here.
  static let graphDepth = 4
  /// `recipe.advanced.slices` is at most 256 by default; a PLAN names each participant's ranges.
  static let sliceLimit: UInt32 = 4096
  static let measureLimit = 1024
  /// A row costs the coordinator about a hundred bytes while an evaluation runs.
  static let evaluationRowLimit: UInt32 = 1 << 20
  static let stepLimit: UInt64 = 1 << 32
  static let checkpointLimit: UInt32 = 1000

  /// The first problem, as the end of a sentence; nil when there is none.
  static func problem(in plan: JobPlan) -> String? { problem(in: plan, stages: [:], depth: 0) }

  /// `stages`: outputs of the stages that may be referred to.
  private static func problem(in plan: JobPlan, stages: [String: [String]], depth: Int) -> String? {
    guard !plan.jobType.isEmpty else { return "it names no job type" }
    guard !plan.phases.isEmpty, plan.phases.count <= phaseLimit else {
      return "it has \(plan.phases.count) phases; 1 to \(phaseLimit) are allowed"
    }
    guard Set(plan.outputs).count == plan.outputs.count else { return "two of its outputs have the same name" }
    for (index, phase) in plan.phases.enumerated() {
      if let problem = problem(in: phase, index: index, plan, stages: stages, depth: depth) {
        return "phase \(phase.name): \(problem)"
      }
    }
    return nil
  }

  private static func problem(
    in phase: PhasePlan, index: Int, _ plan: JobPlan, stages: [String: [String]], depth: Int
  ) -> String? {
    switch phase.work {
    case .sharded(let shards):
      guard !shards.isEmpty, shards.count <= shardLimit else {
        return "it has \(shards.count) shards; 1 to \(shardLimit) are allowed"
      }
      guard Set(shards.map(\.name)).count == shards.count else { return "two of its shards have the same name" }
      for shard in shards {
        if let problem = problem(in: shard.inputs, phase: index, stages: stages) {
          return "shard \(shard.name): \(problem)"
        }
      }
      return nil
    case .stepped(let stepped): return problem(in: stepped, phase: index, stages: stages)
    case .graph(let inner):
      guard depth < graphDepth else { return "stages are nested deeper than \(graphDepth)" }
      return problem(in: inner, depth: depth)
    }
  }

  private static func problem(in plan: SteppedPlan, phase: Int, stages: [String: [String]]) -> String? {
    guard plan.stepCount >= 1, plan.stepCount <= stepLimit else {
      return "it has \(plan.stepCount) steps; 1 to \(stepLimit) are allowed"
    }
    guard plan.evaluationInterval <= stepLimit, plan.checkpointInterval <= stepLimit else {
      return "its interval of evaluations or checkpoints is above \(stepLimit) steps"
    }
    guard plan.sliceCount >= 1, plan.sliceCount <= sliceLimit else {
      return "it has \(plan.sliceCount) slices; 1 to \(sliceLimit) are allowed"
    }
    guard plan.measures.count <= measureLimit, Set(plan.measures).count == plan.measures.count else {
      return "it has \(plan.measures.count) measures; at most \(measureLimit) with names of their own are allowed"
    }
    guard plan.evaluationRowCount <= evaluationRowLimit else {
      return "it evaluates \(plan.evaluationRowCount) rows; at most \(evaluationRowLimit) are allowed"
    }
    guard plan.evaluationRowCount == 0 || !plan.measures.isEmpty else {
      return "it evaluates \(plan.evaluationRowCount) rows and names no measure"
    }
    guard plan.checkpointsKept >= 1, plan.checkpointsKept <= checkpointLimit else {
      return "it keeps \(plan.checkpointsKept) checkpoints; 1 to \(checkpointLimit) are allowed"
    }
    return problem(in: plan.inputs, phase: phase, stages: stages)
  }

  private static func problem(in stages: [StagePlan], depth: Int) -> String? {
    guard !stages.isEmpty, stages.count <= stageLimit else {
      return "it has \(stages.count) stages; 1 to \(stageLimit) are allowed"
    }
    var earlier: [String: [String]] = [:]
    for stage in stages {
      guard !stage.name.isEmpty, earlier[stage.name] == nil else {
        return "stage '\(stage.name)' has no name of its own"
      }
      for need in stage.needs where earlier[need] == nil {
        return "stage \(stage.name) needs '\(need)', which is no earlier stage"
      }
      let reachable = earlier.filter { stage.needs.contains($0.key) }
      if let problem = problem(in: stage.plan, stages: reachable, depth: depth + 1) {
        return "stage \(stage.name): \(problem)"
      }
      earlier[stage.name] = stage.plan.outputs
    }
    return nil
  }

  private static func problem(
    in inputs: [InputReference], phase: Int, stages: [String: [String]]
  ) -> String? {
    var names: Set<String> = []
    for input in inputs {
      switch input {
      case .files(let tree):
        guard names.insert(tree.name).inserted else { return "two of its inputs are called '\(tree.name)'" }
        if let problem = problem(in: tree) { return problem }
      case .phase(let number):
        guard number < UInt32(phase) else { return "it refers to phase \(number), which is no earlier phase" }
      case .output(let number, let name):
        guard number < UInt32(phase) else { return "it refers to phase \(number), which is no earlier phase" }
        guard names.insert(name).inserted else { return "two of its inputs are called '\(name)'" }
      case .stage(let name, let stage, let output):
        guard names.insert(name).inserted else { return "two of its inputs are called '\(name)'" }
        guard let outputs = stages[stage] else { return "it refers to stage '\(stage)', which it does not need" }
        guard outputs.contains(output) else {
          return "it refers to '\(output)' of stage \(stage), whose outputs are \(outputs.joined(separator: ", "))"
        }
      }
    }
    return nil
  }

  /// Trees become directories on workers: a path must stay inside.
  private static func problem(in tree: NamedTree) -> String? {
    guard isPlain(tree.name) else { return "input '\(tree.name)' is no directory name" }
    for file in tree.files {
      let parts = file.path.split(separator: "/", omittingEmptySubsequences: false)
      guard !parts.isEmpty, parts.allSatisfy({ isPlain(String($0)) }) else {
        return "input \(tree.name) has a file '\(file.path)', which is no relative path"
      }
    }
    return nil
  }

  private static func isPlain(_ component: String) -> Bool {
    !component.isEmpty && component != "." && component != ".." && !component.contains("/")
      && !component.utf8.contains(0)
  }
}
