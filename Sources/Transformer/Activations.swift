import KernelTable

/// Buffers for one microbatch. What the backward pass reads is kept per layer; norms' and SwiGLU's outputs are cheap
/// and computed again.
///
/// Shape letters: T tokens, D dimension, F feed-forward dimension, Q query width, K key width, H heads, V vocabulary.
final class Activations {
  /// What one layer keeps.
  struct Layer {
    let rstdAttention: FloatBuffer  // T
    let queries: FloatBuffer  // T,Q after rotation
    let keys: FloatBuffer  // T,K after rotation
    let values: FloatBuffer  // T,K
    let statistics: FloatBuffer  // T,H,2
    let attended: FloatBuffer  // T,Q
    let middle: FloatBuffer  // T,D the residual stream between attention and feed-forward
    let rstdFeedForward: FloatBuffer  // T
    let gate: FloatBuffer  // T,F
    let up: FloatBuffer  // T,F
  }

  /// Buffers only the backward pass needs.
  struct Gradients {
    let stream: FloatBuffer  // T,D
    let attended: FloatBuffer  // T,Q
    let queries: FloatBuffer  // T,Q
    let keys: FloatBuffer  // T,K
    let values: FloatBuffer  // T,K
  }

  let tokens: Int
  let training: Bool
  /// Only the streams between layers are kept; a layer's other buffers serve all layers.
  let recomputes: Bool
  /// The residual stream before each layer and after the last [T,D]; two in turn when nothing is kept.
  let streams: [FloatBuffer]
  let layers: [Layer]
  let gradients: Gradients?
  let normed: FloatBuffer  // T,D
  let branch: FloatBuffer  // T,D
  let hidden: FloatBuffer  // T,F
  let rstdFinal: FloatBuffer  // T
  let lossStatistics: FloatBuffer  // T,3
  let logits: FloatBuffer  // logitRows,V
  let logitRows: Int

  init(_ shape: LlamaShape, tokens: Int, training: Bool, recomputes: Bool) {
    let sizes = Sizes(shape, tokens: tokens)
    self.tokens = tokens
    self.training = training
    self.recomputes = recomputes && training
    logitRows = sizes.logitRows
    streams = (0..<(training ? shape.layers + 1 : 2)).map { _ in FloatBuffer(count: sizes.stream) }
    layers = (0..<(training && !recomputes ? shape.layers : 1)).map { _ in
      Layer(
        rstdAttention: FloatBuffer(count: tokens), queries: FloatBuffer(count: sizes.queries),
        keys: FloatBuffer(count: sizes.keys), values: FloatBuffer(count: sizes.keys),
        statistics: FloatBuffer(count: sizes.statistics), attended: FloatBuffer(count: sizes.queries),
        middle: FloatBuffer(count: sizes.stream), rstdFeedForward: FloatBuffer(count: tokens),
        gate: FloatBuffer(count: sizes.hidden), up: FloatBuffer(count: sizes.hidden))
    }
    gradients =
      training
      ? Gradients(
        stream: FloatBuffer(count: sizes.stream), attended: FloatBuffer(count: sizes.queries),
        queries: FloatBuffer(count: sizes.queries), keys: FloatBuffer(count: sizes.keys),
        values: FloatBuffer(count: sizes.keys)) : nil
    normed = FloatBuffer(count: sizes.stream)
    branch = FloatBuffer(count: sizes.stream)
    hidden = FloatBuffer(count: sizes.hidden)
    rstdFinal = FloatBuffer(count: tokens)
    lossStatistics = FloatBuffer(count: 3 * tokens)
    logits = FloatBuffer(count: sizes.logits)
  }

  func stream(before layer: Int) -> UnsafeMutablePointer<Float> {
    streams[training ? layer : layer % 2].start
  }

  func layer(_ index: Int) -> Layer {
    layers[layers.count == 1 ? 0 : index]
  }

  /// Floats of logits at a time, 48 MiB: each chunk of rows packs the whole head twice and passes over its gradient, so
  /// few and large ones are better; measured in docs/PERFORMANCE.md.
  private static let logitFloats = 12 << 20

  /// Rows of logits at a time: `tokens` cut into equal chunks of at most `limit` rows, in whole tiles of 12 (a last
  /// chunk of few rows would cost as much as a full one).
  static func logitShare(_ tokens: Int, limit: Int) -> Int {
    let chunks = max(1, (tokens + limit - 1) / limit)
    let rows = (tokens + chunks - 1) / chunks
    return chunks == 1 ? tokens : min(tokens, (rows + 11) / 12 * 12)
  }

  /// Floats of a training microbatch's buffers.
  static func trainingFloats(_ shape: LlamaShape, tokens: Int, recomputes: Bool) -> Int {
    let s = Sizes(shape, tokens: tokens)
    let perLayer = 2 * tokens + 2 * s.queries + 2 * s.keys + s.statistics + s.stream + 2 * s.hidden
    let backward = s.stream + 2 * s.queries + 2 * s.keys
    return (recomputes ? 1 : shape.layers) * perLayer + (shape.layers + 1) * s.stream + backward + 2 * s.stream
      + s.hidden + 4 * tokens + s.logits
  }

  private struct Sizes {
    let stream, queries, keys, statistics, hidden, logits, logitRows: Int

    init(_ shape: LlamaShape, tokens: Int) {
      stream = tokens * shape.dimension
      queries = tokens * shape.queryWidth
      keys = tokens * shape.keyWidth
      statistics = 2 * tokens * shape.heads
      hidden = tokens * shape.feedForwardDimension
      logitRows = Activations.logitShare(tokens, limit: max(48, Activations.logitFloats / shape.vocabularySize))
      logits = logitRows * shape.vocabularySize
    }
  }
}
