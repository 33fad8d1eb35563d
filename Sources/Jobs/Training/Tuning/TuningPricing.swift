public import JobKit
public import Pricing

/// The work of an `sft` or `dpo` job file, rows counted as full: shorter conversations take less. A pair is two rows.
/// What the reference of `dpo` computes once is told by the size of the files.
public func tuningWork(_ mapping: SpecMapping, job: String, context: PricingContext) throws -> TrainingWork {
  let kind: TuningKind = job == DPOJob().name ? .preference : .imitation
  let specification = try TuningSpecification.read(mapping, kind: kind).specification
  let paths =
    specification.sources.flatMap(\.paths)
    + specification.validationSets.flatMap { set in
      if case .files(let paths) = set.origin { paths } else { [SpecScalar]() }
    }
  var work = specification.recipe.work(
    shape: try context.shape(ofModel: specification.model), rowsPerExample: kind.sequencesPerExample,
    evaluationRows: specification.validationSets.reduce(0) { $0 + $1.rows } * kind.sequencesPerExample,
    evaluationInterval: specification.evaluationInterval, checkpointsKept: specification.checkpointsKept,
    textBytes: context.textBytes(paths))
  if kind == .preference { work.referenceTokens = work.textBytes.map { Int($0) / bytesPerReferenceToken } }
  return work
}

/// Of a file of pairs: three to four bytes of text a token, of which the words of JSON are some, and the prompt is read
/// twice.
private let bytesPerReferenceToken = 3
