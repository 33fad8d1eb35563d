public import JobKit
public import WireProtocol

/// Who waits for whom in a pipeline.
public struct PipelineGraph: Sendable {
  public struct Stage: Sendable {
    public let name: String
    public let needs: [String]
  }
  /// What is needed before what needs it.
  public let stages: [Stage]

  /// Of a pipeline's job file, also of the resolved one. Throws `SpecError`.
  public init(_ specification: SpecMapping) throws {
    let pipeline = Pipeline()
    let own = SpecMapping(
      entries: specification.entries.filter { $0.key == "stages" }, path: specification.path,
      position: specification.position)
    let (stages, _) = try SpecReader.read(own) { reader in
      let stages = try pipeline.inOrder(try pipeline.withReferences(try pipeline.writtenStages(reader)))
      reader.record("stages", .sequence([]))
      return stages
    }
    self.stages = stages.map { Stage(name: $0.name, needs: $0.needs) }
  }
}

extension JobPlan {
  /// The plan of a pipeline in which `stage`, and what needs it directly or through others, is computed again: nothing
  /// that was computed before is taken over there. `mark` tells this submission from earlier ones.
  ///
  /// - Throws: `UnknownStage`.
  public func redoing(from stage: String, mark: String) throws -> JobPlan {
    var plan = self
    guard let place = phases.firstIndex(where: { if case .graph = $0.work { true } else { false } }),
      case .graph(var stages) = phases[place].work
    else { throw UnknownStage(stage: stage, known: []) }
    guard stages.contains(where: { $0.name == stage }) else {
      throw UnknownStage(stage: stage, known: stages.map(\.name))
    }
    var redone: Set<String> = [stage]
    // What is needed stands before what needs it, so one pass reaches all.
    for index in stages.indices {
      guard ([stages[index].name] + stages[index].needs).contains(where: redone.contains) else { continue }
      redone.insert(stages[index].name)
      stages[index].plan.notes.append("computed again (\(mark))")
      for phase in stages[index].plan.phases.indices {
        guard case .sharded(var shards) = stages[index].plan.phases[phase].work else { continue }
        for shard in shards.indices { shards[shard].cacheKey = nil }
        stages[index].plan.phases[phase].work = .sharded(shards)
      }
    }
    plan.phases[place].work = .graph(stages)
    return plan
  }
}

/// `--from` names no stage.
public struct UnknownStage: Error, Equatable, CustomStringConvertible {
  public let stage: String
  public let known: [String]

  public var description: String {
    guard !known.isEmpty else { return "--from \(stage): the job is no pipeline and has no stages; leave --from out" }
    let near = nearest(to: stage, among: known).map { "Did you mean `\($0)`? " } ?? ""
    return "--from: no stage is named `\(stage)`. \(near)Stages: \(known.joined(separator: ", "))"
  }
}
