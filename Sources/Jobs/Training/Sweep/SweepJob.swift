public import JobKit
public import WireProtocol

/// A grid of continual pre-trainings from one base on one set of tokenized texts: how new and old losses move with
/// the mixture ratio, the learning rate and whatever else of the recipe. A cell is a shard: it trains in one runner,
/// several on a worker, and its weights are those that `cpt` gives for the same recipe, wherever it ran.
public struct SweepJob: JobType {
  static let version: UInt32 = 1

  public let name = "sweep"
  public var version: UInt32 { Self.version }

  public init() {}

  public func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan {
    let (sweep, resolved) = try SweepSpecification.read(specification)
    let plan = try SweepPlanner(sweep: sweep, context: context).plan()
    context.resolved(resolved)
    return plan
  }

  public func runShard(_ context: ShardContext) throws -> ShardResult {
    switch context.phaseName {
    case "prepare": return try CPTJob().prepareShard(context)
    case "index": return try indexShard(context)
    case let name where name.hasPrefix("cells"): return try SweepCell(context).run()
    case let name where name.hasPrefix("choose"): return try chooseShard(context)
    case "table": return try tableShard(context)
    default: preconditionFailure("sweep has no sharded phase named \(context.phaseName)")
    }
  }

  public func makeMember(_ context: MemberContext) throws -> any SteppedMember { throw NoGang() }

  /// Cells commit locally; a sweep has no stepped phase.
  struct NoGang: Error, CustomStringConvertible {
    var description: String { "a sweep has no stepped phase; its cells are shards" }
  }
}
