import Checkpoints
import JobKit
import KernelTable
import Transformer
import WireProtocol

/// A member of a gang that trains one model by AdamW: what all kinds of training do alike with their `TrainedModel`.
protocol TrainingMember: SteppedMember {
  var trained: TrainedModel { get }
  /// Rows of validation, in order.
  func validationRow(_ row: Int) throws -> (set: Int, tokens: TokenRow?, byteCount: Int)
  var validationSetCount: Int { get }
}

extension TrainingMember {
  var parameterCount: Int { trained.model.layout.count }
  var rounding: GradientRounding { trained.recipe.rounding }

  func apply(step: UInt64, statistics: [Double], gradient: any ReducedGradient) throws {
    trained.apply(step: step, gradient: gradient)
  }

  func stateChunk(_ chunk: Int, part: StateChunk.Part) -> UnsafeMutableBufferPointer<Float> {
    let range = trained.model.layout.range(ofChunk: chunk)
    let buffer =
      switch part {
      case .weights: trained.weights
      case .firstMoment: trained.firstMoment
      case .secondMoment: trained.secondMoment
      }
    return UnsafeMutableBufferPointer(start: buffer.start + range.lowerBound, count: range.count)
  }

  func stateCopied(step: UInt64) throws { trained.stateCopied() }

  func writeCheckpoint(step: UInt64, chain: WireProtocol.Digest, to directory: String) throws {
    try trained.writeCheckpoint(step: step, chain: chain, to: directory)
  }

  /// A row's loss per token, and its square for the spread between rows.
  func evaluate(row: Int) throws -> [RowMeasure] {
    let (measure, tokens, byteCount) = try validationRow(row)
    guard let tokens else {
      return [RowMeasure(row: UInt32(row), measure: UInt16(measure), sum: 0, weight: 0, byteCount: 0)]
    }
    let loss = trained.model.losses(weights: trained.weights.start, rows: [tokens])[0]
    let weight = UInt64(loss.validTokens)
    return [
      RowMeasure(
        row: UInt32(row), measure: UInt16(measure), sum: loss.sum, weight: weight, byteCount: UInt64(byteCount)),
      // Σ over the row's tokens of (its mean loss)²: weighted as the mean is.
      RowMeasure(
        row: UInt32(row), measure: UInt16(validationSetCount + measure),
        sum: loss.sum * loss.sum / Double(max(1, weight)), weight: weight, byteCount: 1),
    ]
  }
}

extension TrainedModel {
  /// Adds the gradient of the rows' losses, and the sums of losses and of valid tokens of each row's source.
  func accumulate(
    _ rows: [(source: Int, tokens: TokenRow)], sources: Int, gradient: UnsafeMutablePointer<Float>,
    ready: (Range<Int>) -> Void
  ) -> [Double] {
    let losses = withoutActuallyEscaping(ready) { ready in
      model.accumulateGradient(
        weights: weights.start, gradient: gradient, rows: rows.map(\.tokens), gradientReady: ready)
    }
    var statistics = [Double](repeating: 0, count: 2 * sources)
    for (row, loss) in zip(rows, losses) {
      statistics[2 * row.source] += loss.sum
      statistics[2 * row.source + 1] += Double(loss.validTokens)
    }
    return statistics
  }

  /// The step's metrics from such sums, the whole first, `added` next, then source by source.
  func assess(
    step: UInt64, statistics: [Double], sources names: [String], gradient: any ReducedGradient,
    added: (_ validTokens: Double) -> [Metric]
  ) throws -> [Metric] {
    let sums = names.indices.map { statistics[2 * $0] }
    let counts = names.indices.map { statistics[2 * $0 + 1] }
    let validTokens = counts.reduce(0, +)
    var metrics = try assess(step: step, lossSum: sums.reduce(0, +), divisor: validTokens, gradient: gradient)
    metrics.append(Metric("valid_tokens", validTokens))
    metrics += added(validTokens)
    for (index, name) in names.enumerated() where counts[index] > 0 {
      metrics.append(Metric("loss/\(name)", sums[index] / counts[index]))
      metrics.append(Metric("valid_tokens/\(name)", counts[index]))
    }
    return metrics
  }
}
