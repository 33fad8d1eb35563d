import Foundation
public import JobKit
import Study
public import WireProtocol

/// Chooses a ratio and a learning rate from the tables of sweeps, with its uncertainty, and carries them to a larger
/// model. Later stages take what it found as `${choose.almr}` and `${choose.transfer.learning_rate}`.
public struct StudyJob: JobType {
  static let tree = "study"

  public let name = "study"
  public var version: UInt32 { 1 }

  public init() {}

  public var values: [StageValue] { Self.own + Self.carried }

  private static let own = [StageValue("almr", .ratio), StageValue("learning_rate", .learningRate)]
  private static let carried = [
    StageValue("transfer.almr", .ratio), StageValue("transfer.learning_rate", .learningRate),
    StageValue("transfer.learning_rate_low", .learningRate), StageValue("transfer.learning_rate_high", .learningRate),
  ]

  public func values(of specification: SpecMapping) -> [StageValue] {
    specification["transfer"] == nil ? Self.own : values
  }

  public func plan(_ specification: SpecMapping, context: any PlanningContext) throws -> JobPlan {
    let (study, resolved) = try SpecReader.read(specification) { try StudySpecification.read($0) }
    let inputs = try TableInputs.planned(study.cells, context: context)
    try study.checkRolesAreKnown(inputs)
    let request = StudyRequest(options: study.options, transfer: try study.transfer?.planned(context))
    let shard = ShardPlan(name: "study", payload: try encoded(request), inputs: inputs.map(\.reference))
    context.resolved(resolved)
    return JobPlan(
      jobType: name, pluginVersion: version, name: study.header.name,
      phases: [PhasePlan(name: "study", work: .sharded([shard]))], outputs: [Self.tree, StageValue.tree])
  }

  public func runShard(_ context: ShardContext) throws -> ShardResult { try StudyShard(context).run() }

  public func makeMember(_ context: MemberContext) throws -> any SteppedMember { throw NoGang() }

  struct NoGang: Error, CustomStringConvertible {
    var description: String { "a study has no stepped phase" }
  }
}

func encoded(_ payload: some Encodable) throws -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return [UInt8](try encoder.encode(payload))
}
