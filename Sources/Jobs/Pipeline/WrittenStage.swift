import JobKit

/// A stage as the job file has it, with `needs` settled.
struct WrittenStage {
  let name: String
  /// Names of other stages.
  var needs: [String]
  /// Without `needs`, which is the pipeline's own key.
  let specification: SpecMapping
}

extension Pipeline {
  /// The stages in order, names and `needs` checked.
  func writtenStages(_ reader: SpecReader) throws -> [WrittenStage] {
    let example = "[{name: first, job: …}, {name: second, job: …, model: \"${first.model}\"}]"
    guard reader.has("stages"), let value = reader.mapping["stages"] else {
      throw reader.refusal("stages", "this key is missing", remedy: "Write `stages: \(example)`")
    }
    guard case .sequence(let elements, _, _) = value, (1...Self.stageCountMax).contains(elements.count) else {
      throw reader.refusal(
        "stages", "expected a list of 1 to \(Self.stageCountMax) stages", remedy: "Write `stages: \(example)`")
    }
    var stages: [WrittenStage] = []
    for element in elements {
      guard case .mapping(let mapping) = element else {
        throw SpecError(
          position: element.position, path: element.path, problem: "expected a mapping with `name` and `job`",
          remedy: "Write `stages: \(example)`")
      }
      stages.append(try writtenStage(mapping, after: stages))
    }
    let names = stages.map(\.name)
    for (stage, element) in zip(stages, elements) {
      guard case .mapping(let mapping) = element else { continue }
      for need in stage.needs where !names.contains(need) || need == stage.name {
        let others = names.filter { $0 != stage.name }
        throw SpecError(
          position: mapping.keyPosition(of: "needs") ?? mapping.position, path: "\(mapping.path).needs",
          problem: need == stage.name ? "the stage `\(need)` needs itself" : "no stage is named `\(need)`",
          remedy: need == stage.name
            ? "Take it away"
            : nearest(to: need, among: others).map { "Did you mean `\($0)`?" }
              ?? "Other stages: \(others.joined(separator: ", "))")
      }
    }
    return stages
  }

  private func writtenStage(_ mapping: SpecMapping, after earlier: [WrittenStage]) throws -> WrittenStage {
    // Only the pipeline's own keys are read here; the rest is for the stage's job type.
    let own = SpecMapping(
      entries: mapping.entries.filter { ["name", "needs"].contains($0.key) }, path: mapping.path,
      position: mapping.position)
    let (stage, _) = try SpecReader.read(own) { reader in
      let name = try reader.required("name", .name, example: "first")
      if earlier.contains(where: { $0.name == name }) {
        throw reader.refusal("name", "two stages are named `\(name)`", remedy: "Give each stage a name of its own")
      }
      let needs = try reader.list("needs", of: .name, count: 0...Self.stageCountMax)
      return (name: name, needs: needs ?? [])
    }
    if let position = mapping.keyPosition(of: "output") {
      throw SpecError(
        position: position, path: "\(mapping.path).output", problem: "a stage has no output of its own",
        remedy: "Leave it out: a stage's results lie below the pipeline's output, in `stages/\(stage.name)`")
    }
    if case .scalar(let job)? = mapping["job"], job.text == name {
      throw SpecError(
        position: job.position, path: job.path, problem: "a stage cannot be a pipeline itself",
        remedy: "Write its stages into this one's list")
    }
    let rest = SpecMapping(
      entries: mapping.entries.filter { $0.key != "needs" }, path: mapping.path, position: mapping.position)
    return WrittenStage(name: stage.name, needs: stage.needs, specification: rest)
  }
}
