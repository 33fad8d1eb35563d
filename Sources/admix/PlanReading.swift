import Foundation
import JobFiles
import JobKit
import PipelineJob
import Pricing
import Results
import TrainingJobs
import Transformer

/// A job, or a stage of one, to be priced.
enum PlannedWork {
  case training(TrainingWork)
  case sweep(SweepWork)
  /// A stage of another kind, whose cost nobody has modelled.
  case unpriced(job: String)

  /// Of the model that it leaves.
  var shape: LlamaShape? { if case .training(let work) = self { work.shape } else { nil } }
}

/// Turns what the command line names into work to price.
struct PlanReading {
  let command: Plan
  init(_ command: Plan) { self.command = command }

  func works() throws -> [(name: String, work: PlannedWork)] {
    let path = command.file
    if path.hasSuffix(".yaml") || path.hasSuffix(".yml") { return try jobFile(path) }
    let shape = try shape(named: command.shape ?? path)
    let rows = command.batch
    let tokens = command.wholeNumber(command.tokens) ?? 0
    let perStep = rows * command.sequenceLength
    var slices = 1
    while slices < 256, rows % (2 * slices) == 0, rows / (2 * slices) * command.sequenceLength >= 1024 { slices *= 2 }
    let work = TrainingWork(
      shape: shape, sequenceLength: command.sequenceLength, globalBatchSize: rows, steps: (tokens - 1) / perStep + 1,
      slices: slices)
    return [(path, .training(work))]
  }

  private func jobFile(_ path: String) throws -> [(name: String, work: PlannedWork)] {
    let file = try JobFile(readingFrom: path)
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var context = PricingContext(base: command.base ?? folder, shape: try command.shape.map(shape(named:)))
    let specification = file.specification
    guard text(specification["job"]) == Pipeline().name else {
      let work = try work(specification, context)
      if case .unpriced(let job) = work { throw Self.refusal(specification, job: job) }
      return [(path, work)]
    }
    return try Pipeline().stagesInOrder(specification).map { name, stage in
      let priced = try work(stage, context)
      context.stages[name] = priced.shape
      return (name, priced)
    }
  }

  private func work(_ mapping: SpecMapping, _ context: PricingContext) throws -> PlannedWork {
    switch text(mapping["job"]) ?? "" {
    case CPTJob().name: .training(try CPTJob().work(mapping, context: context))
    case SweepJob().name: .sweep(try SweepJob().work(mapping, context: context))
    case SFTJob().name, DPOJob().name:
      .training(try tuningWork(mapping, job: text(mapping["job"]) ?? "", context: context))
    case "": throw Self.refusal(mapping, job: "")
    case let job: .unpriced(job: job)
    }
  }

  private static func refusal(_ mapping: SpecMapping, job: String) -> SpecError {
    SpecError(
      position: mapping["job"]?.position ?? mapping.position, path: "job", problem: "`\(job)` is not priced yet",
      remedy: "`admix plan` prices trainings (`\(CPTJob().name)`, `\(SFTJob().name)`, `\(DPOJob().name)`), sweeps "
        + "(`\(SweepJob().name)`) and pipelines of them")
  }

  private func text(_ value: SpecValue?) -> String? {
    if case .scalar(let scalar)? = value { scalar.text } else { nil }
  }

  private func shape(named name: String) throws -> LlamaShape {
    if let named = NamedShape(rawValue: name.lowercased()) { return try named.llama() }
    guard FileManager.default.fileExists(atPath: name) else {
      let names = NamedShape.allCases.map(\.rawValue)
      let near = nearest(to: name.lowercased(), among: names).map { "Did you mean `\($0)`? " } ?? ""
      throw CommandFailure(
        .usage,
        "`\(printable(name))` is no file and no model known by name. \(near)Known: \(names.joined(separator: ", "))")
    }
    do {
      return try CPTJob.shape(atPath: name)
    } catch {
      throw CommandFailure(.usage, "\(error)")
    }
  }
}
