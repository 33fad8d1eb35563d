import Glibc
import KernelTable
import Testing

/// Each layer's backward kernel against finite differences, in Double, of the layer's definition: the derivation itself
/// may be wrong, and then a twin written from the same derivation would agree.
struct LayerSlopeTests {
  private static let step = 1e-5

  /// Central differences of Σ dOutput · f(x) by each element of x.
  private func slopes(_ x: [Float], _ dOutput: [Float], _ f: ([Double]) -> [Double]) -> [Double] {
    var wide = x.map(Double.init)
    func value() -> Double { zip(f(wide), dOutput).reduce(0) { $0 + $1.0 * Double($1.1) } }
    return wide.indices.map { index in
      let middle = wide[index]
      wide[index] = middle + Self.step
      let up = value()
      wide[index] = middle - Self.step
      let down = value()
      wide[index] = middle
      return (up - down) / (2 * Self.step)
    }
  }

  private func expectSlopes(
    _ what: String, _ gradient: [Float], _ slopes: [Double], location: SourceLocation = #_sourceLocation
  ) {
    let off = deviation(gradient, slopes)
    #expect(off < 1e-5, "\(what) is off by \(off)", sourceLocation: location)
  }

  private func normed(_ x: [Double], _ weight: [Double]) -> [Double] {
    stride(from: 0, to: x.count, by: weight.count).flatMap { start in
      let line = x[start..<start + weight.count]
      let rstd = 1 / (line.reduce(0) { $0 + $1 * $1 } / Double(weight.count) + 1e-3).squareRoot()
      return zip(line, weight).map { $0 * rstd * $1 }
    }
  }

  @Test func rmsNorm() {
    let (t, d) = (3, 19)
    let (x, w, dy) = (values(t * d, seed: 1), values(d, seed: 2), values(t * d, seed: 3))
    let found = Machines.equalBits("RMSNorm") { kernels, pool in
      let rstd = fenced(zeros: t) { rstd in
        _ = fenced(zeros: t * d) {
          kernels.rmsNorm(tokens: t, width: d, x, weight: w, epsilon: 1e-3, into: $0, rstd: rstd, pool: pool)
        }
      }
      var dw: [Float] = []
      let dx = fenced(zeros: t * d) { dx in
        dw = fenced(zeros: d) {
          kernels.rmsNormBackward(
            tokens: t, width: d, x, weight: w, rstd: rstd, dOutput: dy, dInput: dx, dWeight: $0, pool: pool)
        }
      }
      return dx + dw
    }
    expectSlopes("dInput", Array(found.prefix(t * d)), slopes(x, dy) { normed($0, w.map(Double.init)) })
    expectSlopes("dWeight", Array(found.suffix(d)), slopes(w, dy) { normed(x.map(Double.init), $0) })
  }

  @Test func swiglu() {
    let count = 37
    let (gate, up, dh) = (values(count, seed: 1, scale: 2), values(count, seed: 2), values(count, seed: 3))
    func hidden(_ gate: [Double], _ up: [Double]) -> [Double] { zip(gate, up).map { $0 / (1 + exp(-$0)) * $1 } }
    let found = Machines.equalBits("SwiGLU") { kernels, pool in
      var dUp: [Float] = []
      let dGate = fenced(gate) { dGate in
        dUp = fenced(up) { kernels.swigluBackward(count: count, gate: dGate, up: $0, dHidden: dh, pool: pool) }
      }
      return dGate + dUp
    }
    expectSlopes("dGate", Array(found.prefix(count)), slopes(gate, dh) { hidden($0, up.map(Double.init)) })
    expectSlopes("dUp", Array(found.suffix(count)), slopes(up, dh) { hidden(gate.map(Double.init), $0) })
  }

  @Test func rotaryAndBiasAndEmbedding() {
    let (t, half) = (3, 5)
    let (x, angles, dy) = (values(t * 2 * half, seed: 1), values(t * half, seed: 2), values(t * 2 * half, seed: 3))
    let (cosines, sines) = (angles.map { Float(cos(Double($0))) }, angles.map { Float(sin(Double($0))) })
    let dx = Machines.equalBits("rotary") { kernels, pool in
      fenced(dy) {
        kernels.rotate(
          tokens: t, heads: 1, headDimension: 2 * half, $0, cosines: cosines, sines: sines,
          positions: [0, 1, 2], inverse: true, pool: pool)
      }
    }
    let rotated = slopes(x, dy) { x in
      x.indices.map { i in
        let (row, column) = (i / (2 * half), i % (2 * half))
        let angle = row * half + column % half
        let other = column < half ? -x[i + half] : x[i - half]
        return x[i] * Double(cosines[angle]) + other * Double(sines[angle])
      }
    }
    expectSlopes("rotary", dx, rotated)

    let bias = values(2 * half, seed: 4)
    let dBias = Machines.equalBits("bias") { kernels, pool in
      fenced(zeros: 2 * half) {
        kernels.addBiasGradient(tokens: t, width: 2 * half, dOutput: dy, to: $0, pool: pool)
      }
    }
    expectSlopes("bias", dBias, slopes(bias, dy) { bias in x.indices.map { Double(x[$0]) + bias[$0 % (2 * half)] } })

    let table = values(4 * 2 * half, seed: 5)
    let ids: [Int32] = [2, 0, 2]
    let dTable = Machines.equalBits("embedding") { kernels, pool in
      fenced(zeros: table.count) {
        kernels.embedBackward(tokens: t, width: 2 * half, ids: ids, dOutput: dy, dTable: $0, pool: pool)
      }
    }
    expectSlopes(
      "embedding", dTable,
      slopes(table, dy) { table in ids.flatMap { table[Int($0) * 2 * half..<(Int($0) + 1) * 2 * half] } })
  }

  @Test func product() {
    let (t, inputs, outputs) = (5, 7, 3)
    let (x, w, dy) = (values(t * inputs, seed: 1), values(outputs * inputs, seed: 2), values(t * outputs, seed: 3))
    func multiplied(_ x: [Double], _ w: [Double]) -> [Double] {
      (0..<t * outputs).map { i in
        (0..<inputs).reduce(0) { $0 + x[i / outputs * inputs + $1] * w[i % outputs * inputs + $1] }
      }
    }
    let found = Machines.equalBits("product") { kernels, pool in
      fenced(zeros: x.count) {
        kernels.multiply(.nn, m: t, n: inputs, k: outputs, dy, w, into: $0, accumulate: false, pool: pool)
      }
        + fenced(zeros: w.count) {
          kernels.multiply(.tn, m: outputs, n: inputs, k: t, dy, x, into: $0, accumulate: true, pool: pool)
        }
    }
    expectSlopes("dInput", Array(found.prefix(x.count)), slopes(x, dy) { multiplied($0, w.map(Double.init)) })
    expectSlopes("dWeight", Array(found.suffix(w.count)), slopes(w, dy) { multiplied(x.map(Double.init), $0) })
  }

  @Test func crossEntropy() {
    let (t, v) = (3, 21)
    let logits = values(t * v, seed: 1, scale: 2)
    let targets: [Int32] = [4, -1, 20]
    let found = Machines.equalBits("cross-entropy") { kernels, pool in
      fenced(logits) { logits in
        _ = fenced(zeros: 3 * t) {
          kernels.crossEntropy(
            tokens: t, vocabulary: v, logits: logits, targets: targets, statistics: $0, gradient: true, pool: pool)
        }
      }
    }
    let expected = slopes(logits, [1]) { l in
      [
        zip(0..<t, targets).reduce(0) { loss, row in
          guard row.1 >= 0 else { return loss }
          let line = l[row.0 * v..<(row.0 + 1) * v]
          return loss + log(line.reduce(0) { $0 + exp($1) }) - l[row.0 * v + Int(row.1)]
        }
      ]
    }
    expectSlopes("dLogits", found, expected)
  }

  @Test func attention() {
    let shape = AttentionHeads(heads: 4, keyValueHeads: 2, headDimension: 6)
    let documents = [DocumentSpan(start: 0, length: 5), DocumentSpan(start: 5, length: 2)]
    let (t, h, g, d) = (7, 4, 2, 6)
    let (q, k, v) = (values(t * h * d, seed: 1), values(t * g * d, seed: 2), values(t * g * d, seed: 3))
    let dOutput = values(t * h * d, seed: 4)

    func attended(_ q: [Double], _ k: [Double], _ v: [Double]) -> [Double] {
      var output = [Double](repeating: 0, count: t * h * d)
      for document in documents {
        for (i, head) in (0..<document.length).flatMap({ i in (0..<h).map { (i, $0) } }) {
          let query = ((document.start + i) * h + head) * d
          let keys = (0...i).map { ((document.start + $0) * g + head / (h / g)) * d }
          let scores = keys.map { key in
            exp((0..<d).reduce(0) { $0 + q[query + $1] * k[key + $1] } / Double(d).squareRoot())
          }
          let total = scores.reduce(0, +)
          for (score, key) in zip(scores, keys) {
            for e in 0..<d { output[query + e] += score / total * v[key + e] }
          }
        }
      }
      return output
    }

    let found = Machines.equalBits("attention") { kernels, pool in
      var output: [Float] = []
      let statistics = fenced(zeros: 2 * t * h) { statistics in
        output = fenced(zeros: q.count) {
          kernels.attention(
            shape, documents: documents, queries: q, keys: k, values: v, into: $0, statistics: statistics, pool: pool)
        }
      }
      var (dk, dv) = ([Float](), [Float]())
      let dq = fenced(zeros: q.count) { dq in
        dk = fenced(zeros: k.count) { dk in
          dv = fenced(zeros: v.count) {
            kernels.attentionBackward(
              shape, documents: documents, queries: q, keys: k, values: v, output: output, statistics: statistics,
              dOutput: dOutput, dQueries: dq, dKeys: dk, dValues: $0, pool: pool)
          }
        }
      }
      return dq + dk + dv
    }
    let (wideQ, wideK, wideV) = (q.map(Double.init), k.map(Double.init), v.map(Double.init))
    expectSlopes("dQueries", Array(found[..<q.count]), slopes(q, dOutput) { attended($0, wideK, wideV) })
    expectSlopes(
      "dKeys", Array(found[q.count..<q.count + k.count]), slopes(k, dOutput) { attended(wideQ, $0, wideV) })
    expectSlopes("dValues", Array(found.suffix(v.count)), slopes(v, dOutput) { attended(wideQ, wideK, $0) })
  }
}
