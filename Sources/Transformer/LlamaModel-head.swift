import KernelTable

// Shape letters: T tokens, D dimension, V vocabulary.
extension LlamaModel {
  /// Final norm, head and cross-entropy, a chunk of tokens at a time, so that logits [T,V] never exist whole. With a
  /// gradient also backward: the head's and the norm's weights, and the stream's gradient in `gradients.stream`.
  func headAndLoss(
    _ weights: UnsafePointer<Float>, gradient: UnsafeMutablePointer<Float>?, _ batch: Microbatch,
    _ activations: Activations, gradientReady: ((Range<Int>) -> Void)?
  ) -> [RowLoss] {
    finalNorm(weights, batch.count, activations)
    let head = weights + layout.head.offset
    let (d, v) = (shape.dimension, shape.vocabularySize)
    batch.targets.withUnsafeBufferPointer { targets in
      guard let targets = targets.baseAddress else { return }
      let share = Activations.logitShare(batch.count, limit: activations.logitRows)
      var first = 0
      while first < batch.count {
        let rows = min(share, batch.count - first)
        let normed = activations.normed.start + first * d
        let logits = activations.logits.start
        kernels.multiply(.nt, m: rows, n: v, k: d, normed, head, into: logits, accumulate: false, pool: pool)
        kernels.crossEntropy(
          tokens: rows, vocabulary: v, logits: logits, targets: targets + first,
          statistics: activations.lossStatistics.start + 3 * first, gradient: gradient != nil, pool: pool)
        if let gradient {
          kernels.multiply(
            .nn, m: rows, n: d, k: v, logits, head, into: activations.branch.start + first * d, accumulate: false,
            pool: pool)
          kernels.multiply(
            .tn, m: v, n: d, k: rows, logits, normed, into: gradient + layout.head.offset, accumulate: true,
            pool: pool)
        }
        first += rows
      }
    }
    if let gradient {
      finishHead(weights, gradient, batch.count, activations, gradientReady: gradientReady)
    }
    return rowLosses(batch, activations.lossStatistics.start)
  }

  /// The stream's gradient through the final norm; its own weight's too.
  private func finishHead(
    _ weights: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, _ tokens: Int,
    _ activations: Activations, gradientReady: ((Range<Int>) -> Void)?
  ) {
    guard let gradients = activations.gradients else {
      preconditionFailure("a gradient was asked of buffers without one")
    }
    if !shape.tiedEmbeddings {
      gradientReady?(layout.head.range)
    }
    gradients.stream.start.update(repeating: 0, count: tokens * shape.dimension)
    kernels.rmsNormBackward(
      tokens: tokens, width: shape.dimension, activations.stream(before: shape.layers),
      weight: weights + layout.norm.offset, rstd: activations.rstdFinal.start, dOutput: activations.branch.start,
      dInput: gradients.stream.start, dWeight: gradient + layout.norm.offset, pool: pool)
    gradientReady?(layout.norm.range)
  }

  /// −ln softmax(l)[target] = ln Σ exp(l − max) + max − l[target] per token in Double, summed per row in token order.
  private func rowLosses(_ batch: Microbatch, _ statistics: UnsafePointer<Float>) -> [RowLoss] {
    zip(batch.rowBounds, batch.rowBounds.dropFirst()).map { start, end in
      var loss = RowLoss(sum: 0, validTokens: 0)
      for token in start..<end where batch.targets[token] >= 0 {
        let s = statistics + 3 * token
        loss.sum += BitwiseMath.log(Double(s[1])) + (Double(s[0]) - Double(s[2]))
        loss.validTokens += 1
      }
      return loss
    }
  }
}
