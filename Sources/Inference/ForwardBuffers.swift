import KernelTable
import Transformer

/// Buffers of a forward pass of at most `rows` rows. Shape letters: T rows, D dimension, Q query width, F feed-forward
/// dimension; a projection's output has its group's row stride.
final class ForwardBuffers {
  let rows: Int
  let stream: FloatBuffer  // T,D
  let normed: FloatBuffer  // T,D
  let rstd: FloatBuffer  // T
  let projected: FloatBuffer  // T, queries, keys and values side by side
  let attended: FloatBuffer  // T,Q
  let gateAndUp: FloatBuffer  // T, gate and up side by side
  let hidden: FloatBuffer  // T,F
  let branch: FloatBuffer  // T, a branch's addition to the stream
  let branchStride: Int

  init(_ weights: InferenceWeights, rows: Int) {
    let shape = weights.shape
    func widest(_ group: (LayerWeights) -> ProjectionGroup) -> Int {
      weights.layers.reduce(0) { max($0, group($1).rowStride) }
    }
    self.rows = rows
    stream = FloatBuffer(count: rows * shape.dimension)
    normed = FloatBuffer(count: rows * shape.dimension)
    rstd = FloatBuffer(count: rows)
    projected = FloatBuffer(count: rows * widest { $0.queriesKeysValues })
    attended = FloatBuffer(count: rows * shape.queryWidth)
    gateAndUp = FloatBuffer(count: rows * widest { $0.gateAndUp })
    hidden = FloatBuffer(count: rows * shape.feedForwardDimension)
    branchStride = max(widest { $0.output }, widest { $0.down })
    branch = FloatBuffer(count: rows * branchStride)
  }
}
