public import JobKit
public import Pricing

/// The work of an `sft` or `dpo` job file, rows counted as full: shorter conversations take less. A pair is two rows.
/// What the reference of `dpo` computes once is not in it.
public func tuningWork(_ mapping: SpecMapping, job: String, context: PricingContext) throws -> TrainingWork {
  let kind: TuningKind = job == DPOJob().name ? .preference : .imitation
  let specification = try TuningSpecification.read(mapping, kind: kind).specification
  let recipe = specification.recipe
  let rows = specification.validationSets.reduce(0) { $0 + $1.rows } * kind.sequencesPerExample
  let scheduled = specification.evaluationInterval > 0 ? (recipe.steps - 1) / specification.evaluationInterval : 0
  let paths =
    specification.sources.flatMap(\.paths)
    + specification.validationSets.flatMap { set in
      if case .files(let paths) = set.origin { paths } else { [SpecScalar]() }
    }
  return TrainingWork(
    shape: try context.shape(ofModel: specification.model), sequenceLength: recipe.sequenceLength,
    globalBatchSize: recipe.globalBatchSize * kind.sequencesPerExample, steps: recipe.steps, slices: recipe.slices,
    bytesPerGradient: recipe.rounding == .bf16 ? 2 : 4, evaluationTokens: rows * recipe.sequenceLength,
    evaluations: rows > 0 ? 2 + scheduled : 0, checkpointsKept: specification.checkpointsKept,
    textBytes: context.textBytes(paths))
}
