import KernelTable

// Shape letters: T tokens, D dimension, F feed-forward dimension, Q query width, K key width.
extension LlamaModel {
  /// The residual stream through all layers; leaves it in `streams[layers]`.
  func forward(_ weights: LlamaWeights, _ batch: Microbatch, _ activations: Activations) {
    kernels.embed(
      tokens: batch.count, width: shape.dimension, ids: batch.tokens, table: weights.matrix(layout.embedding.offset),
      into: activations.stream(before: 0), pool: pool)
    for layer in 0..<shape.layers {
      attentionForward(layer, weights, batch, activations)
      feedForwardForward(layer, weights, batch, activations)
    }
  }

  /// middle = x + Wo · attention(rotate(Wq n), rotate(Wk n), Wv n), n = norm(x), and biases if any.
  private func attentionForward(
    _ layer: Int, _ weights: LlamaWeights, _ batch: Microbatch, _ activations: Activations
  ) {
    let offsets = LayerOffsets(layout, layer: layer)
    let kept = activations.layer(layer)
    let x = activations.stream(before: layer)
    let (t, d, q, k) = (batch.count, shape.dimension, shape.queryWidth, shape.keyWidth)
    let normed = activations.normed.start
    kernels.rmsNorm(
      tokens: t, width: d, x, weight: weights.vector(offsets.inputNorm), epsilon: Float(shape.normEpsilon),
      into: normed, rstd: kept.rstdAttention.start, pool: pool)
    project(
      normed, t, d,
      [
        Projection(weights.matrix(offsets.query), width: q, into: kept.queries.start),
        Projection(weights.matrix(offsets.key), width: k, into: kept.keys.start),
        Projection(weights.matrix(offsets.value), width: k, into: kept.values.start),
      ])
    addBias(weights, offsets.queryBias, q, to: kept.queries.start, t)
    addBias(weights, offsets.keyBias, k, to: kept.keys.start, t)
    addBias(weights, offsets.valueBias, k, to: kept.values.start, t)
    rotate(kept.queries.start, heads: shape.heads, batch, inverse: false)
    rotate(kept.keys.start, heads: shape.keyValueHeads, batch, inverse: false)
    timed(.attention) {
      kernels.attention(
        attentionHeads, documents: batch.documents, queries: kept.queries.start, keys: kept.keys.start,
        values: kept.values.start, into: kept.attended.start, statistics: kept.statistics.start, pool: pool)
    }
    project(kept.attended.start, t, q, weights.matrix(offsets.output), d, into: activations.branch.start)
    addBias(weights, offsets.outputBias, d, to: activations.branch.start, t)
    kernels.add(count: t * d, x, activations.branch.start, into: kept.middle.start, pool: pool)
  }

  /// next x = middle + Wdown · (silu(Wgate n) · Wup n), n = norm(middle), and biases.
  private func feedForwardForward(
    _ layer: Int, _ weights: LlamaWeights, _ batch: Microbatch, _ activations: Activations
  ) {
    let offsets = LayerOffsets(layout, layer: layer)
    let kept = activations.layer(layer)
    let (t, d, f) = (batch.count, shape.dimension, shape.feedForwardDimension)
    gateAndUp(layer, weights, batch, activations)
    kernels.swiglu(
      count: t * f, gate: kept.gate.start, up: kept.up.start, into: activations.hidden.start, pool: pool)
    project(activations.hidden.start, t, f, weights.matrix(offsets.down), d, into: activations.branch.start)
    addBias(weights, offsets.downBias, d, to: activations.branch.start, t)
    kernels.add(
      count: t * d, kept.middle.start, activations.branch.start, into: activations.stream(before: layer + 1),
      pool: pool)
  }

  private func gateAndUp(_ layer: Int, _ weights: LlamaWeights, _ batch: Microbatch, _ activations: Activations) {
    let offsets = LayerOffsets(layout, layer: layer)
    let kept = activations.layer(layer)
    let (t, d, f) = (batch.count, shape.dimension, shape.feedForwardDimension)
    let normed = activations.normed.start
    kernels.rmsNorm(
      tokens: t, width: d, kept.middle.start, weight: weights.vector(offsets.postNorm),
      epsilon: Float(shape.normEpsilon), into: normed, rstd: kept.rstdFeedForward.start, pool: pool)
    project(
      normed, t, d,
      [
        Projection(weights.matrix(offsets.gate), width: f, into: kept.gate.start),
        Projection(weights.matrix(offsets.up), width: f, into: kept.up.start),
      ])
    addBias(weights, offsets.gateBias, f, to: kept.gate.start, t)
    addBias(weights, offsets.upBias, f, to: kept.up.start, t)
  }

  /// Computes what the backward pass of a layer reads again from the stream before it: the same bits.
  func recompute(_ layer: Int, _ weights: LlamaWeights, _ batch: Microbatch, _ activations: Activations) {
    attentionForward(layer, weights, batch, activations)
    gateAndUp(layer, weights, batch, activations)
  }

  /// normed = norm(last stream).
  func finalNorm(_ weights: LlamaWeights, _ tokens: Int, _ activations: Activations) {
    kernels.rmsNorm(
      tokens: tokens, width: shape.dimension, activations.stream(before: shape.layers),
      weight: weights.vector(layout.norm.offset), epsilon: Float(shape.normEpsilon), into: activations.normed.start,
      rstd: activations.rstdFinal.start, pool: pool)
  }

  /// output[T,out] = input[T,in] · weight[out,in]ᵀ.
  private func project(
    _ input: UnsafePointer<Float>, _ tokens: Int, _ inputWidth: Int, _ weight: WeightSource,
    _ outputWidth: Int, into output: UnsafeMutablePointer<Float>
  ) {
    project(input, tokens, inputWidth, [Projection(weight, width: outputWidth, into: output)])
  }

  /// Several layers over one input[T,in].
  private func project(
    _ input: UnsafePointer<Float>, _ tokens: Int, _ inputWidth: Int, _ projections: [Projection]
  ) {
    timed(.forwardProducts) {
      kernels.project(tokens: tokens, inputWidth: inputWidth, input, projections, pool: pool)
    }
  }

  /// output[T,out] += bias[out], where there is one.
  private func addBias(
    _ weights: LlamaWeights, _ offset: Int?, _ width: Int, to output: UnsafeMutablePointer<Float>, _ tokens: Int
  ) {
    guard let offset else { return }
    kernels.addBias(tokens: tokens, width: width, bias: weights.vector(offset), to: output, pool: pool)
  }

  func rotate(_ x: UnsafeMutablePointer<Float>, heads: Int, _ batch: Microbatch, inverse: Bool) {
    kernels.rotate(
      tokens: batch.count, heads: heads, headDimension: shape.headDimension, x, cosines: rotary.cosines.start,
      sines: rotary.sines.start, positions: batch.positions, inverse: inverse, pool: pool)
  }
}
