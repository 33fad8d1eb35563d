public import JobKit
public import WireProtocol

/// `job: eval`: a model's answers to benchmarks' items, and the scores. A shard is a range of items of one task;
/// whatever worker computes it, in whichever batches, its bytes are the same.
public struct EvalJob: JobType {
  /// Counts up when an item's result may change.
  static let version: UInt32 = 2

  /// The input that is the model, and the output that is the results.
  public static let modelInput = EvalTree.model
  public static let resultsTree = EvalTree.results

  public init() {}
  public var name: String { "eval" }
  public var version: UInt32 { Self.version }

  public var hostShortcomings: [String] {
    CodeSandbox.hostInterpreter == nil ? ["no python3: what models write in Python is run by others"] : []
  }

  public func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan {
    let (eval, resolved) = try EvalSpecification.read(specification)
    let plan = try EvalPlanner(specification: eval, context: context).plan()
    context.resolved(resolved)
    return plan
  }

  public func runShard(_ context: ShardContext) throws -> ShardResult {
    switch context.phaseName {
    case "tasks": return try TasksShard(context).run()
    case "items": return try ItemsShard(context).run()
    case "overlap": return try OverlapShard(context).run()
    case "results": return try ResultsShard(context).run()
    default: preconditionFailure("eval has no sharded phase named \(context.phaseName)")
    }
  }

  public func makeMember(_ context: MemberContext) throws -> any SteppedMember { throw NoGang() }

  struct NoGang: Error, CustomStringConvertible {
    var description: String { "an evaluation has no stepped phase; its items are shards" }
  }
}
