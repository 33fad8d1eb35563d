import KernelTable

// Shape letters: T tokens, D dimension, V vocabulary.
extension LlamaModel {
  /// Final norm, head and cross-entropy, a chunk of tokens at a time, so that logits [T,V] never exist whole. With a
  /// gradient also backward: the head's and the norm's weights, and the stream's gradient in `gradients.stream`.
  /// Tokens whose target is ignored take no part: their share of every sum is zero.
  ///
  /// With `factors`, one a row of the batch, the gradient is that of the rows' losses times these; without, of their
  /// sum, and no multiplication takes place.
  func headAndLoss(
    _ weights: LlamaWeights, gradient: UnsafeMutablePointer<Float>?, factors: [Float]? = nil, _ batch: Microbatch,
    _ activations: Activations, gradientReady: ((Range<Int>) -> Void)?
  ) -> [RowLoss] {
    let valid = batch.targets.indices.filter { batch.targets[$0] >= 0 }
    let tokenFactors = factors.map { batch.factors(ofTokens: valid, rows: $0) }
    timed(.head) {
      finalNorm(weights, batch.count, activations)
      activations.gatherNormed(valid, width: shape.dimension)
      let head = weights.matrix(layout.head.offset)
      let (d, v) = (shape.dimension, shape.vocabularySize)
      let targets = valid.map { batch.targets[$0] }
      let share = Activations.logitShare(valid.count, limit: activations.logitRows)
      var first = 0
      while first < valid.count {
        let rows = min(share, valid.count - first)
        let normed = activations.normed.start + first * d
        let logits = activations.logits.start
        kernels.multiply(.nt, m: rows, n: v, k: d, normed, head, into: logits, accumulate: false, pool: pool)
        kernels.crossEntropy(
          tokens: rows, vocabulary: v, logits: logits, targets: Array(targets[first..<first + rows]),
          statistics: activations.lossStatistics.start + 3 * first, gradient: gradient != nil, pool: pool)
        if let gradient {
          if let tokenFactors {
            kernels.scaleRows(
              rows: rows, width: v, logits, by: Array(tokenFactors[first..<first + rows]), pool: pool)
          }
          kernels.multiplyInParts(
            m: rows, n: d, k: v, logits, head, into: activations.branch.start + first * d, pool: pool)
          kernels.multiply(
            .tn, m: v, n: d, k: rows, logits, normed, into: gradient + layout.head.offset, accumulate: true,
            pool: pool)
        }
        first += rows
      }
      if gradient != nil { activations.scatterBranch(valid, tokens: batch.count, width: d) }
    }
    if let gradient {
      finishHead(weights, gradient, batch.count, activations, gradientReady: gradientReady)
    }
    return rowLosses(batch, activations.lossStatistics.start)
  }

  /// The stream's gradient through the final norm; its own weight's too.
  private func finishHead(
    _ weights: LlamaWeights, _ gradient: UnsafeMutablePointer<Float>, _ tokens: Int,
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
      weight: weights.vector(layout.norm.offset), rstd: activations.rstdFinal.start, dOutput: activations.branch.start,
      dInput: gradients.stream.start, dWeight: gradient + layout.norm.offset, pool: pool)
    gradientReady?(layout.norm.range)
  }

  /// −ln softmax(l)[target] = ln Σ exp(l − max) + max − l[target] per token in Double, summed per row in token order.
  /// `statistics` has the tokens with targets only.
  private func rowLosses(_ batch: Microbatch, _ statistics: UnsafePointer<Float>) -> [RowLoss] {
    var s = statistics
    return zip(batch.rowBounds, batch.rowBounds.dropFirst()).map { start, end in
      var loss = RowLoss(sum: 0, validTokens: 0)
      for token in start..<end where batch.targets[token] >= 0 {
        loss.sum += BitwiseMath.log(Double(s[1])) + (Double(s[0]) - Double(s[2]))
        loss.validTokens += 1
        s += 3
      }
      return loss
    }
  }
}

extension Microbatch {
  /// Each token's row's factor.
  fileprivate func factors(ofTokens tokens: [Int], rows factors: [Float]) -> [Float] {
    precondition(factors.count == rowBounds.count - 1, "\(factors.count) factors for \(rowBounds.count - 1) rows")
    var row = 0
    return tokens.map { token in
      while token >= rowBounds[row + 1] { row += 1 }
      return factors[row]
    }
  }
}

extension Activations {
  /// Moves the normed rows of `tokens`, ascending, to the front.
  func gatherNormed(_ tokens: [Int], width: Int) {
    for (place, token) in tokens.enumerated() where place != token {
      (normed.start + place * width).update(from: normed.start + token * width, count: width)
    }
  }

  /// Moves the first rows of `branch` back to their `tokens`; the others become zero. From the end, so that no row is
  /// overwritten before it has moved.
  func scatterBranch(_ valid: [Int], tokens: Int, width: Int) {
    var place = valid.count - 1
    for token in (0..<tokens).reversed() {
      let row = branch.start + token * width
      if place >= 0 && valid[place] == token {
        if place != token { row.update(from: branch.start + place * width, count: width) }
        place -= 1
      } else {
        row.update(repeating: 0, count: width)
      }
    }
  }
}
