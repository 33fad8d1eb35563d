import Glibc
import JobKit
import WireProtocol

/// What plans are made with: inputs are looked up on this machine, hashed, and remembered for the upload.
final class SubmissionContext: PlanningContext {
  let base: String
  let jobTypes: [any JobType]
  /// The stages that references may name; nil outside of a pipeline.
  private let stages: [EarlierStage]?
  private var stageNames: [String] { (stages ?? []).map(\.name) }
  /// Shared by the contexts of a pipeline's stages.
  private let collected: CollectedInputs
  private(set) var resolvedSpec: ResolvedSpec?

  init(
    base: String, jobTypes: [any JobType], collected: CollectedInputs = CollectedInputs(),
    stages: [EarlierStage]? = nil
  ) {
    self.base = base
    self.jobTypes = jobTypes
    self.collected = collected
    self.stages = stages
  }

  var files: [InputFile] { collected.files }
  var references: [InputReference] { collected.references }

  func resolved(_ specification: ResolvedSpec) { resolvedSpec = specification }

  func planStage(
    _ specification: SpecMapping, stages: [EarlierStage]
  ) throws -> (plan: JobPlan, resolved: ResolvedSpec, values: [StageValue]) {
    let inner = SubmissionContext(base: base, jobTypes: jobTypes, collected: collected, stages: stages)
    let (plan, resolved) = try inner.plan(specification)
    return (plan, resolved, try jobType(of: specification).values(of: specification))
  }

  /// Finds the job type that `job:` names and lets it plan.
  func plan(_ specification: SpecMapping) throws -> (plan: JobPlan, resolved: ResolvedSpec) {
    let type = try jobType(of: specification)
    let plan = try type.plan(specification, context: self)
    guard let resolvedSpec else {
      preconditionFailure("the job type \(type.name) planned without handing in its resolved job file")
    }
    return (plan, resolvedSpec)
  }

  func input(named name: String, path value: SpecScalar, kind: PlannedInput.Kind) throws -> PlannedInput {
    if let reference = try StageReference(value, stages: stageNames) {
      return try stageOutput(reference, named: name, at: value)
    }
    if value.text.hasPrefix("shared:") {
      throw SpecError(
        position: value.position, path: value.path,
        problem: "files read in place on every worker (`shared:`) are not there yet",
        remedy: "Write the path as this machine sees it; the file is uploaded once and cached by the workers")
    }
    let path = value.text.hasPrefix("/") ? value.text : "\(base)/\(value.text)"
    do {
      let tree = NamedTree(name: name, files: try collected.hash(path, kind: kind))
      return PlannedInput(reference: collected.add(.files(tree)), localPath: path)
    } catch let failure as FileFailure {
      throw SpecError(
        position: value.position, path: value.path, problem: "\(path): \(failure.reason)",
        remedy: value.text.hasPrefix("/") || failure.code != ENOENT
          ? "" : "Relative paths start from the job file's folder, or from what `--base` names")
    }
  }

  func document(at value: SpecScalar) throws -> SpecMapping {
    let path = absolute(value.text.hasPrefix("/") ? value.text : "\(base)/\(value.text)")
    do {
      return try document(text: text(of: try readWholeFile(path, byteCountMax: JobFile.byteCountMax), path), name: path)
    } catch let failure as FileFailure {
      throw SpecError(
        position: value.position, path: value.path, problem: "\(path): \(failure.reason)",
        remedy: value.text.hasPrefix("/") || failure.code != ENOENT
          ? "" : "Relative paths start from the job file's folder, or from what `--base` names")
    }
  }

  func document(text: String, name: String) throws -> SpecMapping { try readDocument(text, name: name) }

  private func text(of bytes: [UInt8], _ path: String) throws -> String { try decodedText(bytes, path: path) }

  private func absolute(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  func value(_ scalar: SpecScalar, kind: StageValue.Kind) throws -> PlannedValue {
    guard let written = ValueReference(scalar.text),
      let reference = try StageReference(scalar.with(text: written.reference), stages: stageNames)
    else {
      throw scalar.refusal(
        "found `\(scalar.text)`, expected a reference, or one times a number above 0",
        "Write for example `${choose.learning_rate} * 0.5`")
    }
    let stage = try self.stage(of: reference, at: scalar)
    guard let value = stage.values.first(where: { $0.name == reference.output }) else {
      let near = nearest(to: reference.output, among: stage.values.map(\.name))
      throw scalar.refusal(
        "the stage `\(stage.name)` has no value `\(reference.output)`",
        near.map { "Did you mean `${\(stage.name).\($0)}`?" } ?? "It has: \(list(stage.values.map(\.name)))")
    }
    guard value.kind == kind || kind == .number else {
      throw scalar.refusal(
        "`\(scalar.text)` is a \(value.kind.rawValue), expected a \(kind.rawValue)",
        "Of this kind it has: \(list(stage.values.filter { $0.kind == kind }.map(\.name)))")
    }
    let tree = "\(StageValue.tree)-\(stage.name)"
    let input = InputReference.stage(name: tree, stage: stage.name, output: StageValue.tree)
    return PlannedValue(reference: collected.add(input), tree: tree, name: value.name, factor: written.factor)
  }

  private func stage(of reference: StageReference, at value: SpecScalar) throws -> EarlierStage {
    guard let stages else {
      throw value.refusal(
        "`\(value.text)` names a stage, and this job is no stage of a pipeline",
        "Write a path or a number, or make this job a stage of a `job: pipeline`")
    }
    guard let stage = stages.first(where: { $0.name == reference.stage }) else {
      let near = nearest(to: reference.stage, among: stages.map(\.name))
      let known = stages.isEmpty ? "No stage comes before this one" : "Before it: \(list(stages.map(\.name)))"
      throw value.refusal(
        "no earlier stage is named `\(reference.stage)`", near.map { "Did you mean `\($0)`?" } ?? known)
    }
    return stage
  }

  private func stageOutput(
    _ reference: StageReference, named name: String, at value: SpecScalar
  ) throws -> PlannedInput {
    let stage = try stage(of: reference, at: value)
    guard stage.outputs.contains(reference.output) else {
      let near = nearest(to: reference.output, among: stage.outputs)
      throw value.refusal(
        "the stage `\(stage.name)` has no output `\(reference.output)`",
        near.map { "Did you mean `${\(stage.name).\($0)}`?" } ?? "It has: \(list(stage.outputs))")
    }
    let input = InputReference.stage(name: name, stage: stage.name, output: reference.output)
    return PlannedInput(reference: collected.add(input), localPath: nil)
  }

  private func jobType(of specification: SpecMapping) throws -> any JobType {
    let names = jobTypes.map(\.name)
    guard let value = specification["job"] else {
      throw SpecError(
        position: specification.position, path: specification.path.isEmpty ? "job" : "\(specification.path).job",
        problem: "this key is missing", remedy: "Write which kind of job it is: `job: \(names.first ?? "")`")
    }
    guard case .scalar(let scalar) = value, !scalar.text.isEmpty else {
      throw SpecError(
        position: value.position, path: value.path, problem: "expected the name of a job type",
        remedy: "Known: \(list(names))")
    }
    guard let type = jobTypes.first(where: { $0.name == scalar.text }) else {
      let near = nearest(to: scalar.text, among: names)
      throw SpecError(
        position: scalar.position, path: scalar.path, problem: "there is no job type `\(scalar.text)`",
        remedy: near.map { "Did you mean `\($0)`?" } ?? "Known: \(list(names))")
    }
    return type
  }
}

extension SpecScalar {
  fileprivate func with(text: String) -> SpecScalar {
    SpecScalar(text: text, isQuoted: isQuoted, path: path, position: position)
  }

  fileprivate func refusal(_ problem: String, _ remedy: String) -> SpecError {
    SpecError(position: position, path: path, problem: problem, remedy: remedy)
  }
}

private func list(_ words: [String]) -> String { words.isEmpty ? "none" : words.joined(separator: ", ") }
