public import JobKit
public import WireProtocol

/// Supervised fine-tuning: a model learns the assistant's turns of conversations, in its own chat template.
public struct SFTJob: JobType {
  static let version: UInt32 = 1

  public let name = "sft"
  public var version: UInt32 { Self.version }

  public init() {}

  public func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan {
    try planTuning(specification, kind: .imitation, job: self, context: context)
  }

  public func runShard(_ context: ShardContext) throws -> ShardResult {
    switch context.phaseName {
    case "prepare": try ConversationShards.prepare(context)
    case "index": try ConversationShards.index(context)
    default: preconditionFailure("sft has no sharded phase named \(context.phaseName)")
    }
  }

  public func makeMember(_ context: MemberContext) throws -> any SteppedMember { try SFTMember(context) }
}

/// Direct preference optimization: a model learns to prefer the better one of two answers, measured against a reference
/// that stays as it is.
public struct DPOJob: JobType {
  static let version: UInt32 = 1

  public let name = "dpo"
  public var version: UInt32 { Self.version }

  public init() {}

  public func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan {
    try planTuning(specification, kind: .preference, job: self, context: context)
  }

  public func runShard(_ context: ShardContext) throws -> ShardResult {
    switch context.phaseName {
    case "prepare": try ConversationShards.prepare(context)
    case "index": try ConversationShards.index(context)
    case "reference": try referenceShard(context)
    default: preconditionFailure("dpo has no sharded phase named \(context.phaseName)")
    }
  }

  public func makeMember(_ context: MemberContext) throws -> any SteppedMember { try DPOMember(context) }
}

private func planTuning(
  _ specification: SpecMapping, kind: TuningKind, job: any JobType, context: any PlanningContext
) throws -> JobPlan {
  let (specification, resolved) = try TuningSpecification.read(specification, kind: kind)
  let plan = try TuningPlanner(specification: specification, context: context)
    .plan(jobType: job.name, version: job.version)
  context.resolved(resolved)
  return plan
}
