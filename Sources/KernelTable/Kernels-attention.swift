/// A document inside the concatenated tokens of a microbatch.
public struct DocumentSpan: Sendable, Equatable {
  /// Index of the first token.
  public var start: Int
  /// Number of tokens, at least 1.
  public var length: Int

  public init(start: Int, length: Int) {
    self.start = start
    self.length = length
  }
}

/// The heads of grouped-query attention: queries [T, heads, headDimension], keys and values [T, keyValueHeads,
/// headDimension]; head h looks at key head h / (heads / keyValueHeads).
public struct AttentionHeads: Sendable {
  public let heads: Int
  public let keyValueHeads: Int
  public let headDimension: Int

  public init(heads: Int, keyValueHeads: Int, headDimension: Int) {
    precondition(
      heads > 0 && keyValueHeads > 0 && headDimension > 0 && heads % keyValueHeads == 0,
      "\(heads) heads over \(keyValueHeads) key heads of \(headDimension)")
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension
  }

  var group: Int { heads / keyValueHeads }
  var queryWidth: Int { heads * headDimension }
  var keyWidth: Int { keyValueHeads * headDimension }
  /// 1 / √d, rounded once.
  var scale: Float { 1 / Float(headDimension).squareRoot() }
}

/// The gradient of the output projection that follows attention: dWeight[width, heads · d] += dStream[tokens, width]ᵀ
/// · output. It needs nothing of attention's backward pass, so idle threads can compute it beside.
public struct OutputGradient {
  let dStream: UnsafePointer<Float>
  let tokens, width: Int
  let dWeight: UnsafeMutablePointer<Float>

  public init(dStream: UnsafePointer<Float>, tokens: Int, width: Int, dWeight: UnsafeMutablePointer<Float>) {
    self.dStream = dStream
    self.tokens = tokens
    self.width = width
    self.dWeight = dWeight
  }
}

extension Kernels {
  /// output[T, heads, d] = causal attention within each document. statistics[T, heads, 2] are kept for the backward
  /// pass.
  public func attention(
    _ shape: AttentionHeads, documents: [DocumentSpan], queries: UnsafePointer<Float>, keys: UnsafePointer<Float>,
    values: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>,
    statistics: UnsafeMutablePointer<Float>, pool: ThreadPool
  ) {
    let d = shape.headDimension
    let order = longestFirst(documents)
    pool.run(order.count * shape.heads, scratchFloats: scratchFloats(order, shape)) { task, scratch in
      let document = order[task / shape.heads]
      let head = task % shape.heads
      let query = document.start * shape.queryWidth + head * d
      let key = document.start * shape.keyWidth + head / shape.group * d
      entries.attentionForward(
        document.length, d, shape.scale, queries + query, shape.queryWidth, keys + key, values + key, shape.keyWidth,
        output + query, statistics + 2 * (document.start * shape.heads + head), 2 * shape.heads, scratch)
    }
  }

  /// Gradients of queries, keys and values (all overwritten), given the forward pass's output and statistics; and the
  /// output projection's, added to its own.
  public func attentionBackward(
    _ shape: AttentionHeads, documents: [DocumentSpan], queries: UnsafePointer<Float>, keys: UnsafePointer<Float>,
    values: UnsafePointer<Float>, output: UnsafePointer<Float>, statistics: UnsafePointer<Float>,
    dOutput: UnsafePointer<Float>, dQueries: UnsafeMutablePointer<Float>, dKeys: UnsafeMutablePointer<Float>,
    dValues: UnsafeMutablePointer<Float>, beside outputGradient: OutputGradient? = nil, pool: ThreadPool
  ) {
    let d = shape.headDimension
    let order = longestFirst(documents)
    let tasks = order.count * shape.keyValueHeads
    // A key head of a document is one task, since its queries add up in order: few of them leave threads idle.
    let fills = outputGradient != nil && tasks % pool.threads != 0 && tasks < 4 * pool.threads
    let strip = 144
    let strips = fills ? ((outputGradient?.width ?? 0) + strip - 1) / strip : 0
    let floats = max(scratchFloats(order, shape), fills ? entries.matmulScratchFloats() : 0)
    pool.run(tasks + strips, scratchFloats: floats) { task, scratch in
      if task >= tasks, let g = outputGradient {
        let first = (task - tasks) * strip
        entries.matmul(
          min(strip, g.width - first), shape.queryWidth, g.tokens, g.dStream + first, 1, g.width, output,
          shape.queryWidth, 1, g.dWeight + first * shape.queryWidth, shape.queryWidth, 1, scratch)
        return
      }
      let document = order[task / shape.keyValueHeads]
      let keyHead = task % shape.keyValueHeads
      let query = document.start * shape.queryWidth + keyHead * shape.group * d
      let key = document.start * shape.keyWidth + keyHead * d
      let statistic = 2 * (document.start * shape.heads + keyHead * shape.group)
      entries.attentionBackward(
        document.length, shape.group, d, shape.scale, queries + query, shape.queryWidth, keys + key, values + key,
        shape.keyWidth, output + query, dOutput + query, statistics + statistic, 2 * shape.heads, dQueries + query,
        dKeys + key, dValues + key, scratch)
    }
    if let g = outputGradient, !fills {
      multiply(
        .tn, m: g.width, n: shape.queryWidth, k: g.tokens, g.dStream, output, into: g.dWeight, accumulate: true,
        pool: pool)
    }
  }

  /// Long documents first, so that the last thread to finish holds a short one.
  private func longestFirst(_ documents: [DocumentSpan]) -> [DocumentSpan] {
    precondition(documents.allSatisfy { $0.length > 0 && $0.start >= 0 }, "a document without tokens")
    return documents.sorted { ($1.length, $0.start) < ($0.length, $1.start) }
  }

  private func scratchFloats(_ longestFirst: [DocumentSpan], _ shape: AttentionHeads) -> Int {
    entries.attentionScratchFloats(longestFirst.first?.length ?? 0, shape.headDimension)
  }
}
