public import JobKit
public import Pricing

/// The work of an `sft` or `dpo` job file, rows counted as full: shorter conversations take less. A pair is two rows.
/// What the reference of `dpo` computes once is not in it.
public func tuningWork(_ mapping: SpecMapping, job: String, context: PricingContext) throws -> TrainingWork {
  let kind: TuningKind = job == DPOJob().name ? .preference : .imitation
  let specification = try TuningSpecification.read(mapping, kind: kind).specification
  let paths =
    specification.sources.flatMap(\.paths)
    + specification.validationSets.flatMap { set in
      if case .files(let paths) = set.origin { paths } else { [SpecScalar]() }
    }
  return specification.recipe.work(
    shape: try context.shape(ofModel: specification.model), rowsPerExample: kind.sequencesPerExample,
    evaluationRows: specification.validationSets.reduce(0) { $0 + $1.rows } * kind.sequencesPerExample,
    evaluationInterval: specification.evaluationInterval, checkpointsKept: specification.checkpointsKept,
    textBytes: context.textBytes(paths))
}
