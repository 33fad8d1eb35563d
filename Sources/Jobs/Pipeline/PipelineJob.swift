public import JobKit
public import WireProtocol

/// `job: pipeline`: named stages, each a job of any other type, run as soon as what they need is done. It makes a graph
/// of their plans and knows nothing else of them; a stage names another one's output as `${stage.output}` wherever it
/// may name a path, and a number that another one finds as `${stage.value}`.
public struct Pipeline: JobType {
  public init() {}

  public var name: String { "pipeline" }
  public var version: UInt32 { 1 }

  static let stageCountMax = 64

  public func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan {
    var stages: [StagePlan] = []
    let (header, resolved) = try SpecReader.read(specification) { reader in
      let header = try reader.header(of: name)
      let written = try inOrder(try withReferences(try writtenStages(reader)))
      var resolvedStages: [ResolvedValue] = []
      var earlier: [EarlierStage] = []
      for stage in written {
        var (plan, stageResolved, values) = try context.planStage(stage.specification, stages: earlier)
        plan.name = stage.name
        earlier.append(EarlierStage(name: stage.name, outputs: plan.outputs, values: values))
        stageResolved.remove("output")
        if !stage.needs.isEmpty { stageResolved.set("needs", .sequence(stage.needs.map { .text($0) })) }
        resolvedStages.append(.mapping(stageResolved))
        stages.append(StagePlan(name: stage.name, needs: stage.needs, plan: plan))
      }
      reader.record("stages", .sequence(resolvedStages))
      return header
    }
    context.resolved(resolved)
    return JobPlan(
      jobType: name, pluginVersion: version, name: header.name,
      phases: [PhasePlan(name: "stages", work: .graph(stages))], outputs: [],
      notes: stages.flatMap { stage in stage.plan.notes.map { "\(stage.name): \($0)" } })
  }

  public func runShard(_ context: ShardContext) throws -> ShardResult { throw NoWorkOfItsOwn() }

  public func makeMember(_ context: MemberContext) throws -> any SteppedMember { throw NoWorkOfItsOwn() }

  /// A pipeline is a graph; runners only ever see its stages' jobs.
  struct NoWorkOfItsOwn: Error, CustomStringConvertible {
    var description: String { "a pipeline has no work of its own; only its stages are run" }
  }
}
