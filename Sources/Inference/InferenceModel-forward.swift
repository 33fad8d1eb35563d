import KernelTable
import Transformer

extension InferenceModel {
  /// Runs the batch through all layers and calls `body` with chunks of the outputs' logits: the index of the chunk's
  /// first output, the number of outputs, and logits [count, logitStride] of which the vocabulary's columns count.
  func forward(_ batch: ForwardBatch, _ body: (Int, Int, UnsafePointer<Float>) -> Void) {
    precondition(!batch.isEmpty, "a forward pass without tokens")
    FloatingPointMode.flushing {
      let buffers = buffers(rows: batch.tokens.count)
      let t = batch.tokens.count
      embed(batch, buffers)
      for layer in 0..<shape.layers {
        attention(layer, batch, buffers)
        feedForward(layer, t, buffers)
      }
      head(batch, buffers, body)
    }
  }

  private func embed(_ batch: ForwardBatch, _ buffers: ForwardBuffers) {
    let d = shape.dimension
    pool.run(batch.tokens.count) { row in
      weights.embedding.copyRow(Int(batch.tokens[row]), into: buffers.stream.start + row * d)
    }
  }

  private func attention(_ layer: Int, _ batch: ForwardBatch, _ buffers: ForwardBuffers) {
    let parameters = weights.layers[layer]
    let t = batch.tokens.count
    let group = parameters.queriesKeysValues
    norm(parameters.inputNorm, t, buffers)
    project(group, buffers.normed.start, inputRow: shape.dimension, into: buffers.projected.start, group.rowStride, t)
    let projected = buffers.projected.start
    kernels.rotate(
      tokens: t, heads: shape.heads + shape.keyValueHeads, headDimension: shape.headDimension, projected,
      rowStride: group.rowStride, cosines: rotary.cosines.start, sines: rotary.sines.start,
      positions: batch.positions, pool: pool)
    kernels.store(
      pages.layout, layer: layer, keys: projected + shape.queryWidth,
      values: projected + shape.queryWidth + shape.keyWidth, rowStride: group.rowStride, places: batch.places,
      pool: pool)
    kernels.attend(
      pages.layout, layer: layer, spans: batch.spans, queries: projected, queryStride: group.rowStride,
      into: buffers.attended.start, outputStride: shape.queryWidth, pool: pool)
    project(
      parameters.output, buffers.attended.start, inputRow: shape.queryWidth, into: buffers.branch.start,
      buffers.branchStride, t)
    addBranch(t, buffers)
  }

  private func feedForward(_ layer: Int, _ t: Int, _ buffers: ForwardBuffers) {
    let parameters = weights.layers[layer]
    let group = parameters.gateAndUp
    let f = shape.feedForwardDimension
    norm(parameters.postNorm, t, buffers)
    project(group, buffers.normed.start, inputRow: shape.dimension, into: buffers.gateAndUp.start, group.rowStride, t)
    kernels.swiglu(
      tokens: t, width: f, gate: buffers.gateAndUp.start, up: buffers.gateAndUp.start + f, rowStride: group.rowStride,
      into: buffers.hidden.start, pool: pool)
    project(
      parameters.down, buffers.hidden.start, inputRow: f, into: buffers.branch.start, buffers.branchStride, t)
    addBranch(t, buffers)
  }

  /// Final norm and head, for the rows whose logits are wanted only.
  private func head(_ batch: ForwardBatch, _ buffers: ForwardBuffers, _ body: (Int, Int, UnsafePointer<Float>) -> Void) {
    let d = shape.dimension
    for (place, row) in batch.outputs.enumerated() where place != row {
      (buffers.stream.start + place * d).update(from: buffers.stream.start + row * d, count: d)
    }
    norm(weights.norm, batch.outputs.count, buffers)
    var first = 0
    while first < batch.outputs.count {
      let count = min(logitRows, batch.outputs.count - first)
      let logits = logitBuffer(rows: count)
      kernels.multiply(
        rows: count, buffers.normed.start + first * d, xRow: d, by: weights.head, into: logits.start,
        outputRow: logitStride, pool: pool)
      body(first, count, logits.start)
      first += count
    }
  }

  /// normed = norm(stream).
  private func norm(_ weight: FloatBuffer, _ t: Int, _ buffers: ForwardBuffers) {
    kernels.rmsNorm(
      tokens: t, width: shape.dimension, buffers.stream.start, weight: weight.start, epsilon: Float(shape.normEpsilon),
      into: buffers.normed.start, rstd: buffers.rstd.start, pool: pool)
  }

  /// stream += branch.
  private func addBranch(_ t: Int, _ buffers: ForwardBuffers) {
    kernels.add(
      tokens: t, width: shape.dimension, buffers.branch.start, rowStride: buffers.branchStride,
      to: buffers.stream.start, pool: pool)
  }

  private func project(
    _ group: ProjectionGroup, _ input: UnsafePointer<Float>, inputRow: Int, into output: UnsafeMutablePointer<Float>,
    _ outputRow: Int, _ t: Int
  ) {
    // In order: the padding of one matrix lies where the next one's outputs go.
    for part in group.parts {
      kernels.multiply(
        rows: t, input, xRow: inputRow, by: part.matrix, into: output + part.column, outputRow: outputRow, pool: pool)
    }
    if let bias = group.bias {
      kernels.addBias(tokens: t, width: group.width, bias: bias.start, to: output, rowStride: outputRow, pool: pool)
    }
  }
}
