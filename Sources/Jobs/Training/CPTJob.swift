public import JobKit
public import WireProtocol

/// Continual pre-training: a model goes on learning from a mixture of sources at an exact ratio.
public struct CPTJob: JobType {
  static let version: UInt32 = 1

  public let name = "cpt"
  public var version: UInt32 { Self.version }

  public init() {}

  public func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan {
    let (specification, resolved) = try TrainingSpecification.read(specification)
    let plan = try CPTPlanner(specification: specification, context: context).plan()
    context.resolved(resolved)
    return plan
  }

  public func runShard(_ context: ShardContext) throws -> ShardResult {
    switch context.phaseName {
    case "prepare": try prepareShard(context)
    case "index": try indexShard(context)
    default: preconditionFailure("cpt has no sharded phase named \(context.phaseName)")
    }
  }

  public func makeMember(_ context: MemberContext) throws -> any SteppedMember {
    try CPTMember(context)
  }
}
