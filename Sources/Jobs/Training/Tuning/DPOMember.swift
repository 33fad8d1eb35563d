import Chat
import Corpora
import JobKit
import KernelTable
import Transformer
import WireProtocol

/// Direct preference optimization: a row is a pair, computed within one slice, and its two answers' gradients are
/// weighed by one number that follows from both.
final class DPOMember: TuningMember {
  let trained: TrainedModel
  let payload: TuningPayload
  let corpus: TuningCorpus
  let format: ChatFormat
  private let preference: PreferencePayload
  private let reference: ReferenceTable

  /// What every pair adds up to, beside its source's loss and count.
  private enum Total: Int, CaseIterable {
    case chosenReward, rejectedReward, correct, chosenLogProbability, rejectedLogProbability
  }

  private var sourceCount: Int { payload.corpus.sources.count }
  var statisticsCount: Int { 2 * sourceCount + Total.allCases.count }

  init(_ context: MemberContext) throws {
    let parts = try TuningParts(context)
    (payload, trained, corpus, format) = (parts.payload, parts.trained, parts.corpus, parts.format)
    guard let preference = payload.preference else { preconditionFailure("a dpo plan without its loss") }
    self.preference = preference
    reference = try ReferenceTable(payload.corpus, preference, inputs: context.inputs)
  }

  func computeSlice(
    step: UInt64, slice: Int, gradient: UnsafeMutablePointer<Float>, ready: (Range<Int>) -> Void
  ) throws -> [Double] {
    let first = slice * payload.recipe.rowsPerSlice
    let rows = (first..<first + payload.recipe.rowsPerSlice).map { corpus.row(step: step, slot: $0) }
    let references = try rows.map { row in
      let shards = corpus.sources[row.source].shards
      return try reference.logProbabilities(shards[row.places[0].shard], example: row.places[0].example)
    }
    func loss(_ pair: Int, _ losses: [RowLoss]) -> PreferenceLoss {
      PreferenceLoss(preference, chosen: -losses[0].sum, rejected: -losses[1].sum, reference: references[pair])
    }
    let losses = withoutActuallyEscaping(ready) { ready in
      trained.model.accumulateGradient(
        weights: trained.weights.start, gradient: gradient,
        rows: rows.flatMap { corpus.pair($0.places[0], in: corpus.sources[$0.source].shards) }, group: 2,
        factors: { pair, losses in
          // The rows' losses are negative log-probabilities.
          let slope = Float(loss(pair, losses).slope)
          return [-slope, slope]
        }, gradientReady: ready)
    }
    var statistics = [Double](repeating: 0, count: statisticsCount)
    for (pair, row) in rows.enumerated() {
      let both = Array(losses[2 * pair..<2 * pair + 2])
      let found = loss(pair, both)
      statistics[2 * row.source] += found.loss
      statistics[2 * row.source + 1] += 1
      func add(_ total: Total, _ value: Double) { statistics[2 * sourceCount + total.rawValue] += value }
      add(.chosenReward, found.chosenReward)
      add(.rejectedReward, found.rejectedReward)
      add(.correct, found.margin > 0 ? 1 : 0)
      add(.chosenLogProbability, -both[0].sum)
      add(.rejectedLogProbability, -both[1].sum)
    }
    return statistics
  }

  func assess(step: UInt64, statistics: [Double], gradient: any ReducedGradient) throws -> StepAssessment {
    let names = payload.corpus.sources.map(\.name)
    let pairs = names.indices.reduce(0) { $0 + statistics[2 * $1 + 1] }
    let sum = names.indices.reduce(0) { $0 + statistics[2 * $1] }
    func mean(_ total: Total) -> Double { statistics[2 * sourceCount + total.rawValue] / max(1, pairs) }
    var metrics = try trained.assess(step: step, lossSum: sum, divisor: pairs, gradient: gradient)
    metrics += [
      Metric("pairs", pairs), Metric("rewards/chosen", mean(.chosenReward)),
      Metric("rewards/rejected", mean(.rejectedReward)),
      Metric("rewards/margins", mean(.chosenReward) - mean(.rejectedReward)),
      Metric("rewards/accuracies", mean(.correct)), Metric("logps/chosen", mean(.chosenLogProbability)),
      Metric("logps/rejected", mean(.rejectedLogProbability)),
    ]
    for (index, name) in names.enumerated() where statistics[2 * index + 1] > 0 {
      metrics.append(Metric("loss/\(name)", statistics[2 * index] / statistics[2 * index + 1]))
      metrics.append(Metric("pairs/\(name)", statistics[2 * index + 1]))
    }
    return StepAssessment(metrics: metrics, workUnits: UInt64(corpus.tokens(step: step)))
  }

  func validationRow(_ row: Int) throws -> (set: Int, tokens: TokenRow?, byteCount: Int) {
    preconditionFailure("a pair is no row; `evaluate` measures both of its answers")
  }

  func evaluate(row: Int) throws -> [RowMeasure] {
    let (set, shards, place) = corpus.validationExample(row)
    func measure(_ kind: Int, _ sum: Double, weight: UInt64, rows: UInt64 = 0) -> RowMeasure {
      RowMeasure(
        row: UInt32(row), measure: UInt16(kind * validationSetCount + set), sum: sum, weight: weight, byteCount: rows)
    }
    guard let place else { return [measure(0, 0, weight: 0)] }
    let losses = trained.model.losses(weights: trained.weights.start, rows: corpus.pair(place, in: shards))
    let found = PreferenceLoss(
      preference, chosen: -losses[0].sum, rejected: -losses[1].sum,
      reference: try reference.logProbabilities(shards[place.shard], example: place.example))
    return [
      measure(0, found.loss, weight: 1), measure(1, found.loss * found.loss, weight: 1, rows: 1),
      measure(2, found.margin > 0 ? 1 : 0, weight: 1),
    ]
  }
}
