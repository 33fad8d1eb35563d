import KernelTable

// Shape letters as in LlamaModel-forward.swift. A `d` before a name is the gradient of the loss by it.
extension LlamaModel {
  /// From the gradient of the last stream in `gradients.stream` to that of the embedded tokens, in the same buffer.
  func backward(
    _ weights: LlamaWeights, _ gradient: UnsafeMutablePointer<Float>, _ batch: Microbatch,
    _ activations: Activations, gradientReady: ((Range<Int>) -> Void)?
  ) {
    guard let gradients = activations.gradients else {
      preconditionFailure("a backward pass was asked of buffers without gradients")
    }
    for layer in (0..<shape.layers).reversed() {
      if activations.recomputes { recompute(layer, weights, batch, activations) }
      feedForwardBackward(layer, weights, gradient, batch, activations, gradients)
      attentionBackward(layer, weights, gradient, batch, activations, gradients)
      gradientReady?(layout.range(ofLayer: layer))
    }
  }

  private func feedForwardBackward(
    _ layer: Int, _ weights: LlamaWeights, _ gradient: UnsafeMutablePointer<Float>, _ batch: Microbatch,
    _ activations: Activations, _ gradients: Activations.Gradients
  ) {
    let offsets = LayerOffsets(layout, layer: layer)
    let kept = activations.layer(layer)
    let (t, d, f) = (batch.count, shape.dimension, shape.feedForwardDimension)
    let (hidden, stream) = (activations.hidden.start, gradients.stream.start)
    kernels.swiglu(count: t * f, gate: kept.gate.start, up: kept.up.start, into: hidden, pool: pool)
    addWeightGradient(gradient + offsets.down, dOutput: stream, d, input: hidden, f, t)
    addBiasGradient(gradient, offsets.downBias, dOutput: stream, d, t)
    // hidden has served; its buffer takes its gradient.
    backProject(stream, t, d, weights.matrix(offsets.down), f, into: hidden)
    kernels.swigluBackward(
      count: t * f, gate: kept.gate.start, up: kept.up.start, dHidden: hidden, pool: pool)
    renormalize(kept.middle.start, weights.vector(offsets.postNorm), t, kept.rstdFeedForward, activations)
    let (normed, dNormed) = (activations.normed.start, activations.branch.start)
    addWeightGradients(
      input: normed, d, t,
      [
        WeightGradient(kept.gate.start, width: f, into: gradient + offsets.gate),
        WeightGradient(kept.up.start, width: f, into: gradient + offsets.up),
      ])
    addBiasGradient(gradient, offsets.gateBias, dOutput: kept.gate.start, f, t)
    addBiasGradient(gradient, offsets.upBias, dOutput: kept.up.start, f, t)
    backProject(
      t, d,
      [
        BackProjection(kept.gate.start, width: f, weight: weights.matrix(offsets.gate)),
        BackProjection(kept.up.start, width: f, weight: weights.matrix(offsets.up)),
      ], into: dNormed)
    kernels.rmsNormBackward(
      tokens: t, width: d, kept.middle.start, weight: weights.vector(offsets.postNorm),
      rstd: kept.rstdFeedForward.start, dOutput: dNormed, dInput: stream, dWeight: gradient + offsets.postNorm,
      pool: pool)
  }

  private func attentionBackward(
    _ layer: Int, _ weights: LlamaWeights, _ gradient: UnsafeMutablePointer<Float>, _ batch: Microbatch,
    _ activations: Activations, _ gradients: Activations.Gradients
  ) {
    let offsets = LayerOffsets(layout, layer: layer)
    let kept = activations.layer(layer)
    let (t, d, q, k) = (batch.count, shape.dimension, shape.queryWidth, shape.keyWidth)
    let stream = gradients.stream.start
    let (dQueries, dKeys, dValues) = (gradients.queries.start, gradients.keys.start, gradients.values.start)
    addBiasGradient(gradient, offsets.outputBias, dOutput: stream, d, t)
    backProject(stream, t, d, weights.matrix(offsets.output), q, into: gradients.attended.start)
    timed(.attention) {
      kernels.attentionBackward(
        attentionHeads, documents: batch.documents, queries: kept.queries.start, keys: kept.keys.start,
        values: kept.values.start, output: kept.attended.start, statistics: kept.statistics.start,
        dOutput: gradients.attended.start, dQueries: dQueries, dKeys: dKeys, dValues: dValues,
        beside: OutputGradient(dStream: stream, tokens: t, width: d, dWeight: gradient + offsets.output), pool: pool)
    }
    rotate(dQueries, heads: shape.heads, batch, inverse: true)
    rotate(dKeys, heads: shape.keyValueHeads, batch, inverse: true)
    let x = activations.stream(before: layer)
    renormalize(x, weights.vector(offsets.inputNorm), t, kept.rstdAttention, activations)
    let (normed, dNormed) = (activations.normed.start, activations.branch.start)
    addWeightGradients(
      input: normed, d, t,
      [
        WeightGradient(dQueries, width: q, into: gradient + offsets.query),
        WeightGradient(dKeys, width: k, into: gradient + offsets.key),
        WeightGradient(dValues, width: k, into: gradient + offsets.value),
      ])
    addBiasGradient(gradient, offsets.queryBias, dOutput: dQueries, q, t)
    addBiasGradient(gradient, offsets.keyBias, dOutput: dKeys, k, t)
    addBiasGradient(gradient, offsets.valueBias, dOutput: dValues, k, t)
    backProject(
      t, d,
      [
        BackProjection(dQueries, width: q, weight: weights.matrix(offsets.query)),
        BackProjection(dKeys, width: k, weight: weights.matrix(offsets.key)),
        BackProjection(dValues, width: k, weight: weights.matrix(offsets.value)),
      ], into: dNormed)
    kernels.rmsNormBackward(
      tokens: t, width: d, x, weight: weights.vector(offsets.inputNorm), rstd: kept.rstdAttention.start,
      dOutput: dNormed, dInput: stream, dWeight: gradient + offsets.inputNorm, pool: pool)
  }

  /// dWeight[out,in] += dOutput[T,out]ᵀ · input[T,in], tokens in order.
  private func addWeightGradient(
    _ dWeight: UnsafeMutablePointer<Float>, dOutput: UnsafePointer<Float>, _ outputWidth: Int,
    input: UnsafePointer<Float>, _ inputWidth: Int, _ tokens: Int
  ) {
    addWeightGradients(input: input, inputWidth, tokens, [WeightGradient(dOutput, width: outputWidth, into: dWeight)])
  }

  /// dBias[out] += Σ_t dOutput[T,out], tokens in order, where there is a bias.
  private func addBiasGradient(
    _ gradient: UnsafeMutablePointer<Float>, _ offset: Int?, dOutput: UnsafePointer<Float>, _ width: Int,
    _ tokens: Int
  ) {
    guard let offset else { return }
    kernels.addBiasGradient(tokens: tokens, width: width, dOutput: dOutput, to: gradient + offset, pool: pool)
  }

  private func addWeightGradients(
    input: UnsafePointer<Float>, _ inputWidth: Int, _ tokens: Int, _ gradients: [WeightGradient]
  ) {
    timed(.backwardProducts) {
      kernels.addWeightGradients(tokens: tokens, inputWidth: inputWidth, input, gradients, pool: pool)
    }
  }

  /// dInput[T,in] = dOutput[T,out] · weight[out,in].
  private func backProject(
    _ dOutput: UnsafePointer<Float>, _ tokens: Int, _ outputWidth: Int, _ weight: WeightSource, _ inputWidth: Int,
    into dInput: UnsafeMutablePointer<Float>
  ) {
    backProject(tokens, inputWidth, [BackProjection(dOutput, width: outputWidth, weight: weight)], into: dInput)
  }

  private func backProject(
    _ tokens: Int, _ inputWidth: Int, _ parts: [BackProjection], into dInput: UnsafeMutablePointer<Float>
  ) {
    timed(.backwardProducts) {
      kernels.backProject(tokens: tokens, inputWidth: inputWidth, parts, into: dInput, pool: pool)
    }
  }

  /// A norm's output again, the same bits as in the forward pass.
  private func renormalize(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ tokens: Int, _ rstd: FloatBuffer,
    _ activations: Activations
  ) {
    kernels.rmsNorm(
      tokens: tokens, width: shape.dimension, x, weight: weight, epsilon: Float(shape.normEpsilon),
      into: activations.normed.start, rstd: rstd.start, pool: pool)
  }
}

extension Activations {
  func copyStreamGradient(_ count: Int, to target: UnsafeMutablePointer<Float>) {
    guard let gradients else { preconditionFailure("forward-only buffers hold no gradient") }
    target.update(from: gradients.stream.start, count: count)
  }
}
