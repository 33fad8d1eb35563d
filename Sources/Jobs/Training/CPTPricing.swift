import Checkpoints
import Foundation
public import JobKit
public import Pricing
public import Transformer

/// Where a model's shape is taken from when a job is priced and not planned: nothing is hashed, and neither weights nor
/// texts need to be there.
public struct PricingContext {
  /// Where relative paths start.
  public var base: String
  /// Stands for whatever model the job names; nil to read what the job names.
  public var shape: LlamaShape?
  /// Shapes of the models that stages of a pipeline leave which were priced already.
  public var stages: [String: LlamaShape]

  public init(base: String, shape: LlamaShape? = nil, stages: [String: LlamaShape] = [:]) {
    self.base = base
    self.shape = shape
    self.stages = stages
  }
}

extension CPTJob {
  /// The work that a job file asks for. Throws `SpecError` for what is wrong in it, or when the model's shape is not at
  /// hand.
  public func work(_ mapping: SpecMapping, context: PricingContext) throws -> TrainingWork {
    try work(TrainingSpecification.read(mapping).specification, context)
  }

  func work(_ specification: TrainingSpecification, _ context: PricingContext) throws -> TrainingWork {
    let length = specification.recipe.sequenceLength
    let paths =
      specification.sources.flatMap(\.paths)
      + specification.validationSets.flatMap { set in
        if case .files(let paths, _, _) = set.origin { paths } else { [SpecScalar]() }
      }
    return specification.recipe.work(
      shape: try shape(of: specification.start, context),
      evaluationRows: specification.validationSets.reduce(0) { $0 + ($1.tokens - 1) / length + 1 },
      evaluationInterval: specification.evaluationInterval, checkpointsKept: specification.checkpointsKept,
      textBytes: context.textBytes(paths))
  }

  /// Of a model's directory, its config.json, or a GGUF file, of which the header is read.
  public static func shape(atPath path: String) throws -> LlamaShape {
    if path.hasSuffix(".gguf") { return try LlamaShape(openModel(path).configuration) }
    var isDirectory: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    let file = exists && isDirectory.boolValue ? path + "/config.json" : path
    return try LlamaShape(ModelConfiguration(path: file))
  }

  private func shape(of start: TrainingSpecification.Start, _ context: PricingContext) throws -> LlamaShape {
    if let shape = context.shape { return shape }
    if case .random(.inline(let json, let place), _) = start {
      do {
        return try LlamaShape(ModelConfiguration(json: Array(json.utf8), file: place.path))
      } catch {
        throw SpecError(position: place.position, path: place.path, problem: "\(error)", remedy: "")
      }
    }
    switch start {
    case .model(let path): return try context.shape(ofModel: path)
    case .random(let configuration, _): return try context.shape(ofModel: configuration.place)
    }
  }
}

extension Recipe {
  /// What a training by it computes; an example of it may be several rows.
  func work(
    shape: LlamaShape, rowsPerExample: Int = 1, evaluationRows: Int, evaluationInterval: Int, checkpointsKept: Int,
    textBytes: UInt64?
  ) -> TrainingWork {
    let scheduled = evaluationInterval > 0 ? (steps - 1) / evaluationInterval : 0
    return TrainingWork(
      shape: shape, sequenceLength: sequenceLength, globalBatchSize: globalBatchSize * rowsPerExample, steps: steps,
      slices: slices, bytesPerGradient: rounding == .bf16 ? 2 : 4, evaluationTokens: evaluationRows * sequenceLength,
      evaluations: evaluationRows > 0 ? 2 + scheduled : 0, checkpointsKept: checkpointsKept, textBytes: textBytes)
  }
}

extension PricingContext {
  /// Of a model that a job names: by its path, or an earlier stage's.
  func shape(ofModel path: SpecScalar) throws -> LlamaShape {
    if let shape { return shape }
    if path.text.hasPrefix("${") {
      let stage = stageName(inReference: path.text.dropFirst(2).dropLast(), among: Array(stages.keys))
      if let shape = stages[stage] { return shape }
      throw refusal(path, "no stage `\(stage)` has a model that was priced")
    }
    do {
      return try CPTJob.shape(atPath: path.text.hasPrefix("/") ? path.text : "\(base)/\(path.text)")
    } catch {
      throw refusal(path, "\(error)")
    }
  }

  private func refusal(_ path: SpecScalar, _ problem: String) -> SpecError {
    SpecError(
      position: path.position, path: path.path, problem: problem,
      remedy: "Give --base DIRECTORY where the model lies, or --shape NAME for its shape alone")
  }

  /// Of all texts, unpacked; nil unless all are at hand.
  func textBytes(_ paths: [SpecScalar]) -> UInt64? {
    var total = 0.0
    for path in paths.map(\.text) {
      let full = path.hasPrefix("/") ? path : "\(base)/\(path)"
      guard let size = (try? FileManager.default.attributesOfItem(atPath: full))?[.size] as? NSNumber else {
        return nil
      }
      // What gzip and zstd make of prose.
      total += size.doubleValue * (path.hasSuffix(".gz") || path.hasSuffix(".zst") ? 2.7 : 1)
    }
    return UInt64(total)
  }
}
