import KernelTable
import Optimizers
import Results

/// Numbers between -0.5 and 0.5, none of them special.
func filledBuffer(_ count: Int) -> FloatBuffer {
  let buffer = FloatBuffer(count: count)
  for i in 0..<count {
    buffer.start[i] = Float((i &* 2_654_435_761) & 1023) / 1023 - 0.5
  }
  return buffer
}

extension BenchHost {
  /// The products of a SmolLM2 layer over 1024 tokens, in all three forms, and one that stays in cache: near the
  /// register tile's own speed.
  public func benchProducts(seconds: Double) {
    let shapes = [(96, 512, 256), (1024, 1536, 576), (1024, 576, 1536), (1024, 576, 576), (1024, 192, 576)]
    for (m, n, k) in shapes {
      for form in Kernels.ProductForm.allCases {
        let (a, b, c) = (filledBuffer(m * k), filledBuffer(k * n), filledBuffer(m * n))
        let median = medianSeconds(atLeast: seconds) {
          kernels.multiply(
            form, m: m, n: n, k: k, a.start, b.start, into: c.start, accumulate: form == .tn, pool: pool)
        }
        report(
          "gemm",
          [
            Figure("form", .string("\(form)")), Figure("m", .count(m)), Figure("n", .count(n)), Figure("k", .count(k)),
            Figure("seconds", .number(median)), Figure("gflops", .number(2 * Double(m * n * k) / median / 1e9)),
          ])
      }
    }
  }

  /// Causal attention with SmolLM2's heads over 1024 tokens: one document, and four.
  public func benchAttention(seconds: Double) {
    let tokens = 1024
    let heads = AttentionHeads(heads: 9, keyValueHeads: 3, headDimension: 64)
    let (wide, narrow) = (tokens * 9 * 64, tokens * 3 * 64)
    let (q, k, v, dO) = (filledBuffer(wide), filledBuffer(narrow), filledBuffer(narrow), filledBuffer(wide))
    let (o, dQ) = (FloatBuffer(count: wide), FloatBuffer(count: wide))
    let (dK, dV) = (FloatBuffer(count: narrow), FloatBuffer(count: narrow))
    let statistics = FloatBuffer(count: 2 * tokens * 9)
    for count in [1, 4] {
      let length = tokens / count
      let documents = (0..<count).map { DocumentSpan(start: $0 * length, length: length) }
      let forward = medianSeconds(atLeast: seconds) {
        kernels.attention(
          heads, documents: documents, queries: q.start, keys: k.start, values: v.start, into: o.start,
          statistics: statistics.start, pool: pool)
      }
      let backward = medianSeconds(atLeast: seconds) {
        kernels.attentionBackward(
          heads, documents: documents, queries: q.start, keys: k.start, values: v.start, output: o.start,
          statistics: statistics.start, dOutput: dO.start, dQueries: dQ.start, dKeys: dK.start, dValues: dV.start,
          pool: pool)
      }
      report(
        "attention",
        [
          Figure("documents", .count(count)), Figure("length", .count(length)),
          Figure("forward_seconds", .number(forward)), Figure("backward_seconds", .number(backward)),
        ])
    }
  }

  /// The norm and the update of 16 chunks of parameters.
  public func benchAdamW(seconds: Double) throws {
    let chunks = 16
    let count = chunks * parametersPerChunk
    let (w, m, v, g) = (filledBuffer(count), FloatBuffer(count: count), FloatBuffer(count: count), filledBuffer(count))
    let update = try AdamW().update(step: 1, rate: 1e-4, validTokens: 1024, clipFactor: 1)
    let norm = medianSeconds(atLeast: seconds) {
      pool.run(chunks) { chunk in
        _ = kernels.squaredNorm(ofChunk: g.start + chunk * parametersPerChunk, count: parametersPerChunk)
      }
    }
    let apply = medianSeconds(atLeast: seconds) {
      pool.run(chunks) { chunk in
        let range = chunk * parametersPerChunk..<(chunk + 1) * parametersPerChunk
        update.apply(
          to: range, decaying: [0..<count], weights: w.start, first: m.start, second: v.start,
          gradient: g.start + range.lowerBound, kernels: kernels)
      }
    }
    report(
      "adamw",
      [
        Figure("parameters", .count(count)), Figure("norm_seconds", .number(norm)),
        Figure("update_seconds", .number(apply)),
        Figure("parameters_per_second", .number(Double(count) / (norm + apply))),
      ])
  }
}
