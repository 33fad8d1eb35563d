import Glibc
import KernelTable
import Testing

struct AttentionTests {
  fileprivate struct Inputs {
    let shape: AttentionHeads
    let q, k, v, dOutput: [Float]

    init(_ shape: AttentionHeads, tokens: Int, seed: UInt64 = 1) {
      self.shape = shape
      let query = tokens * shape.heads * shape.headDimension
      let key = tokens * shape.keyValueHeads * shape.headDimension
      q = values(query, seed: seed, scale: 1.5)
      k = values(key, seed: seed + 1, scale: 1.5)
      v = values(key, seed: seed + 2)
      dOutput = values(query, seed: seed + 3)
    }
  }

  /// output, dQueries, dKeys, dValues one after another.
  private func run(_ x: Inputs, _ documents: [DocumentSpan], _ kernels: Kernels, _ pool: ThreadPool) -> [Float] {
    let tokens = x.q.count / (x.shape.heads * x.shape.headDimension)
    var output: [Float] = []
    let statistics = fenced(zeros: 2 * tokens * x.shape.heads) { statistics in
      output = fenced(zeros: x.q.count) {
        kernels.attention(
          x.shape, documents: documents, queries: x.q, keys: x.k, values: x.v, into: $0, statistics: statistics,
          pool: pool)
      }
    }
    var (dk, dv) = ([Float](), [Float]())
    let dq = fenced(zeros: x.q.count) { dq in
      dk = fenced(zeros: x.k.count) { dk in
        dv = fenced(zeros: x.v.count) { dv in
          kernels.attentionBackward(
            x.shape, documents: documents, queries: x.q, keys: x.k, values: x.v, output: output,
            statistics: statistics, dOutput: x.dOutput, dQueries: dq, dKeys: dk, dValues: dv, pool: pool)
        }
      }
    }
    return output + dq + dk + dv
  }

  /// The definition in Double, T×T and all.
  private func naive(_ x: Inputs, _ documents: [DocumentSpan]) -> [Double] {
    let (h, g, d) = (x.shape.heads, x.shape.keyValueHeads, x.shape.headDimension)
    let scale = 1 / Double(d).squareRoot()
    var output = [Double](repeating: 0, count: x.q.count)
    var dq = output
    var (dk, dv) = ([Double](repeating: 0, count: x.k.count), [Double](repeating: 0, count: x.v.count))
    for document in documents {
      for head in 0..<h {
        for i in 0..<document.length {
          let qi = ((document.start + i) * h + head) * d
          let keys = (0...i).map { ((document.start + $0) * g + head / (h / g)) * d }
          let scores = keys.map { key in
            (0..<d).reduce(0.0) { $0 + Double(x.q[qi + $1]) * Double(x.k[key + $1]) } * scale
          }
          let top = scores.max() ?? 0
          let total = scores.reduce(0) { $0 + exp($1 - top) }
          let p = scores.map { exp($0 - top) / total }
          let dp = keys.map { key in (0..<d).reduce(0.0) { $0 + Double(x.dOutput[qi + $1]) * Double(x.v[key + $1]) } }
          let mean = zip(p, dp).reduce(0) { $0 + $1.0 * $1.1 }
          for (j, key) in keys.enumerated() {
            let ds = p[j] * (dp[j] - mean) * scale
            for e in 0..<d {
              output[qi + e] += p[j] * Double(x.v[key + e])
              dv[key + e] += p[j] * Double(x.dOutput[qi + e])
              dq[qi + e] += ds * Double(x.k[key + e])
              dk[key + e] += ds * Double(x.q[qi + e])
            }
          }
        }
      }
    }
    return output + dq + dk + dv
  }

  @Test func equalsTheDefinitionForwardAndBackward() {
    let shapes = [(1, 1, 2), (4, 2, 8), (3, 3, 5), (8, 1, 16), (2, 1, 34)]
    let packings = [[1], [17], [47, 1, 50], [5, 5, 97]]
    for (shape, packing) in zip(shapes + shapes, packings + packings + packings) {
      let heads = AttentionHeads(heads: shape.0, keyValueHeads: shape.1, headDimension: shape.2)
      var documents: [DocumentSpan] = []
      for length in packing {
        documents.append(DocumentSpan(start: documents.last.map { $0.start + $0.length } ?? 0, length: length))
      }
      let inputs = Inputs(heads, tokens: packing.reduce(0, +))
      let found = Machines.equalBits("attention \(shape) \(packing)") { run(inputs, documents, $0, $1) }
      let off = deviation(found, naive(inputs, documents))
      #expect(off < 1e-5, "attention \(shape) \(packing) is off by \(off)")
    }
  }

  @Test func aDocumentLongerThanABlockOfPackedValuesEqualsTheDefinition() {
    // Values are packed 256 keys at a time; a query sees part of the last block.
    let heads = AttentionHeads(heads: 2, keyValueHeads: 1, headDimension: 34)
    let documents = [DocumentSpan(start: 0, length: 301), DocumentSpan(start: 301, length: 2)]
    let inputs = Inputs(heads, tokens: 303)
    let found = Machines.equalBits("attention of 301 tokens") { run(inputs, documents, $0, $1) }
    let off = deviation(found, naive(inputs, documents))
    #expect(off < 1e-5, "attention of 301 tokens is off by \(off)")
  }

  @Test func aDocumentGivesTheSameBitsWhereverItIsPacked() {
    let heads = AttentionHeads(heads: 4, keyValueHeads: 2, headDimension: 6)
    let length = 53
    let alone = Inputs(heads, tokens: length, seed: 20)
    let expected = run(alone, [DocumentSpan(start: 0, length: length)], Machines.kernels[0], Machines.pools[0])
    for offset in [1, 7, 16, 48, 61] {
      let before = Inputs(heads, tokens: offset, seed: 40)
      let after = Inputs(heads, tokens: 9, seed: 60)
      let packed = Packed(before, alone, after)
      let documents = [
        DocumentSpan(start: 0, length: offset), DocumentSpan(start: offset, length: length),
        DocumentSpan(start: offset + length, length: 9),
      ]
      let found = Machines.equalBits("packed at \(offset)") { run(packed.inputs, documents, $0, $1) }
      #expect(packed.middle(of: found) == expected, "packed at \(offset)")
    }
  }

  /// Three documents side by side, and the second one's share of a result.
  private struct Packed {
    let inputs: Inputs
    private let before, alone, after: Inputs

    init(_ before: Inputs, _ alone: Inputs, _ after: Inputs) {
      (self.before, self.alone, self.after) = (before, alone, after)
      inputs = Inputs(joining: [before, alone, after])
    }

    func middle(of result: [Float]) -> [Float] {
      var part: [Float] = []
      var start = 0
      for (a, b, c) in [
        (before.q.count, alone.q.count, after.q.count), (before.q.count, alone.q.count, after.q.count),
        (before.k.count, alone.k.count, after.k.count), (before.k.count, alone.k.count, after.k.count),
      ] {
        part += result[start + a..<start + a + b]
        start += a + b + c
      }
      return part
    }
  }
}

extension AttentionTests.Inputs {
  fileprivate init(joining parts: [Self]) {
    shape = parts[0].shape
    q = parts.flatMap(\.q)
    k = parts.flatMap(\.k)
    v = parts.flatMap(\.v)
    dOutput = parts.flatMap(\.dOutput)
  }
}
