public import KernelTable

/// A Llama decoder, forward and backward by hand. It owns activations but no weights: those, and the gradient, lie in
/// the caller's memory in the flat order of `ParameterLayout`.
///
/// Losses and gradients are pure functions of weights and rows: not of threads, instruction set, microbatch size, nor
/// of where in a row a document is packed. One thread at a time may call it.
public final class LlamaModel {
  public let shape: LlamaShape
  public let layout: ParameterLayout
  let kernels: Kernels
  let pool: ThreadPool
  let maximumTokensPerMicrobatch: Int
  let recomputes: Bool
  /// Set to learn where the time goes.
  public var phases: StepPhases?
  let rotary: RotaryTable
  let attentionHeads: AttentionHeads
  private var training: Activations?
  private var forwardOnly: Activations?

  /// Allocates nothing large: buffers come with the first rows, for `maximumTokensPerMicrobatch` tokens or the longest
  /// row if that is longer.
  ///
  /// With `recomputes`, training keeps only the stream between layers and computes each layer once more on the way
  /// back: less memory for more time (docs/PERFORMANCE.md), and the same bits.
  public init(
    shape: LlamaShape, pool: ThreadPool, kernels: Kernels, maximumTokensPerMicrobatch: Int, recomputes: Bool = false
  ) {
    precondition(maximumTokensPerMicrobatch > 0, "a microbatch of \(maximumTokensPerMicrobatch) tokens")
    self.shape = shape
    self.pool = pool
    self.kernels = kernels
    self.maximumTokensPerMicrobatch = maximumTokensPerMicrobatch
    self.recomputes = recomputes
    layout = ParameterLayout(shape)
    rotary = RotaryTable(shape)
    attentionHeads = AttentionHeads(
      heads: shape.heads, keyValueHeads: shape.keyValueHeads, headDimension: shape.headDimension)
  }

  /// Adds the gradient of the sum of all rows' token losses into `gradient` and returns each row's loss.
  ///
  /// - Parameters:
  ///   - weights: `layout.count` floats.
  ///   - gradient: `layout.count` floats, added to. Every parameter's sum runs over tokens in order.
  ///   - rows: each accepted by `TokenRow.check(_:)`.
  ///   - gradientReady: called on the calling thread during the backward pass with flat ranges that this call will not
  ///     touch again, in the order they become so: head (untied), norm, last layer … first, embedding. Together they
  ///     are the whole gradient.
  public func accumulateGradient(
    weights: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>, rows: [TokenRow],
    gradientReady: ((Range<Int>) -> Void)? = nil
  ) -> [RowLoss] {
    accumulate(
      LlamaWeights(weights), gradient, rows, group: 1, factors: nil, gradientReady: gradientReady)
  }

  /// The same for a loss that is a function of the rows' losses, group by group, such as one over pairs of answers.
  ///
  /// - Parameters:
  ///   - rows: groups of `group` rows, one group after the other.
  ///   - factors: from the losses of one group, the derivative of its loss by each of them. It must be a pure function:
  ///     it is asked as often as it takes.
  public func accumulateGradient(
    weights: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>, rows: [TokenRow], group: Int,
    factors: (_ group: Int, [RowLoss]) -> [Float], gradientReady: ((Range<Int>) -> Void)? = nil
  ) -> [RowLoss] {
    withoutActuallyEscaping(factors) { factors in
      accumulate(
        LlamaWeights(weights), gradient, rows, group: group, factors: factors, gradientReady: gradientReady)
    }
  }

  private func accumulate(
    _ weights: LlamaWeights, _ gradient: UnsafeMutablePointer<Float>, _ rows: [TokenRow], group: Int,
    factors: ((Int, [RowLoss]) -> [Float])?, gradientReady: ((Range<Int>) -> Void)?
  ) -> [RowLoss] {
    FloatingPointMode.flushing {
      let batches = microbatches(rows, group: group)
      let activations = activations(for: batches, training: true)
      // The embedding's own gradient waits until the head's share is complete (they are one tensor when tied), so that
      // the order of additions does not depend on where microbatches are cut.
      let total = batches.reduce(0) { $0 + $1.count }
      let dEmbedded = FloatBuffer(count: total * shape.dimension)
      var losses: [RowLoss] = []
      var done = 0
      for (index, batch) in batches.enumerated() {
        let ready = index == batches.count - 1 ? gradientReady : nil
        forward(weights, batch, activations)
        let rowFactors = factors.map { factors in
          // The head runs twice: a group's factors follow from all of its losses.
          let known = headAndLoss(weights, gradient: nil, batch, activations, gradientReady: nil)
          return stride(from: 0, to: known.count, by: group).flatMap { first in
            factors((batch.rows.lowerBound + first) / group, Array(known[first..<first + group]))
          }
        }
        losses += headAndLoss(
          weights, gradient: gradient, factors: rowFactors, batch, activations, gradientReady: ready)
        backward(weights, gradient, batch, activations, gradientReady: ready)
        activations.copyStreamGradient(batch.count * shape.dimension, to: dEmbedded.start + done * shape.dimension)
        done += batch.count
      }
      kernels.embedBackward(
        tokens: total, width: shape.dimension, ids: batches.flatMap(\.tokens), dOutput: dEmbedded.start,
        dTable: gradient + layout.embedding.offset, pool: pool)
      gradientReady?(layout.embedding.range)
      return losses
    }
  }

  /// Each row's loss, forward only.
  public func losses(weights: UnsafePointer<Float>, rows: [TokenRow]) -> [RowLoss] {
    losses(weights: LlamaWeights(weights), rows: rows)
  }

  /// As above, from weights of any storage.
  public func losses(weights: LlamaWeights, rows: [TokenRow]) -> [RowLoss] {
    FloatingPointMode.flushing {
      let batches = microbatches(rows)
      let activations = activations(for: batches, training: false)
      return batches.flatMap { batch in
        forward(weights, batch, activations)
        return headAndLoss(weights, gradient: nil, batch, activations, gradientReady: nil)
      }
    }
  }

  /// All logits of one row, [tokens, vocabularySize].
  public func logits(weights: UnsafePointer<Float>, row: TokenRow) -> [Float] {
    logits(weights: LlamaWeights(weights), row: row)
  }

  /// As above, from weights of any storage.
  public func logits(weights: LlamaWeights, row: TokenRow) -> [Float] {
    FloatingPointMode.flushing {
      let batches = microbatches([row])
      let activations = activations(for: batches, training: false)
      forward(weights, batches[0], activations)
      finalNorm(weights, row.tokens.count, activations)
      return [Float](unsafeUninitializedCapacity: row.tokens.count * shape.vocabularySize) { buffer, count in
        count = row.tokens.count * shape.vocabularySize
        guard let logits = buffer.baseAddress else { return }
        kernels.multiply(
          .nt, m: row.tokens.count, n: shape.vocabularySize, k: shape.dimension, activations.normed.start,
          weights.matrix(layout.head.offset), into: logits, accumulate: false, pool: pool)
      }
    }
  }

  /// Bytes that training needs: weights, gradient and both moments of every parameter, and the buffers of a microbatch
  /// of `tokens` tokens.
  public static func memoryBytes(shape: LlamaShape, tokens: Int, recomputes: Bool = false) -> Int {
    4 * 4 * ParameterLayout(shape).count + activationBytes(shape: shape, tokens: tokens, recomputes: recomputes)
  }

  /// Bytes of the buffers of a training microbatch of `tokens` tokens. A call of `accumulateGradient` takes another
  /// 4 · dimension bytes for each of its tokens while it runs.
  public static func activationBytes(shape: LlamaShape, tokens: Int, recomputes: Bool = false) -> Int {
    4 * Activations.trainingFloats(shape, tokens: tokens, recomputes: recomputes)
  }

  private func microbatches(_ rows: [TokenRow], group: Int = 1) -> [Microbatch] {
    for row in rows {
      do {
        try row.check(shape)
      } catch {
        preconditionFailure("a row reached the model unchecked: \(error)")
      }
    }
    let batches = Microbatch.cut(rows, limit: maximumTokensPerMicrobatch, group: group)
    rotary.extend(to: batches.reduce(0) { max($0, $1.longestDocument) })
    return batches
  }

  private func activations(for batches: [Microbatch], training: Bool) -> Activations {
    let longest = batches.reduce(0) { max($0, $1.count) }
    // Training's peak needs no buffers of an evaluation beside it.
    if training { forwardOnly = nil }
    let kept = training ? self.training : forwardOnly
    if let kept, kept.tokens >= longest { return kept }
    // Release before taking: the two would not fit side by side.
    if training { self.training = nil } else { forwardOnly = nil }
    let new = Activations(shape, tokens: longest, training: training, recomputes: recomputes)
    if training { self.training = new } else { forwardOnly = new }
    return new
  }
}
