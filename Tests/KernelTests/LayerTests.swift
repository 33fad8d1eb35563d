import Glibc
import KernelTable
import Testing

/// Kernels of a layer against their definitions in Double.
struct LayerTests {
  @Test func rmsNormIsItsDefinitionForwardAndBackward() {
    for (t, d) in [(1, 1), (3, 7), (5, 16), (2, 17), (9, 61), (130, 131), (3, 256)] {
      let x = values(t * d, seed: 1)
      let w = values(d, seed: 2)
      let dy = values(t * d, seed: 3)
      let residual = values(t * d, seed: 4)
      let priorWeight = values(d, seed: 5)
      let found = Machines.equalBits("RMSNorm \(t)×\(d)") { kernels, pool in
        var y: [Float] = []
        let rstd = fenced(zeros: t) { rstd in
          y = fenced(zeros: t * d) {
            kernels.rmsNorm(tokens: t, width: d, x, weight: w, epsilon: 1e-5, into: $0, rstd: rstd, pool: pool)
          }
        }
        var dw: [Float] = []
        let dx = fenced(residual) { dx in
          dw = fenced(priorWeight) {
            kernels.rmsNormBackward(
              tokens: t, width: d, x, weight: w, rstd: rstd, dOutput: dy, dInput: dx, dWeight: $0, pool: pool)
          }
        }
        return y + dx + dw
      }
      var (y, dx, dw) = ([Double](), [Double](), priorWeight.map(Double.init))
      for row in 0..<t {
        let line = (0..<d).map { Double(x[row * d + $0]) }
        let r = 1 / (line.reduce(0) { $0 + $1 * $1 } / Double(d) + 1e-5).squareRoot()
        let g = (0..<d).map { Double(dy[row * d + $0]) * Double(w[$0]) }
        let mean = zip(g, line).reduce(0) { $0 + $1.0 * $1.1 * r } / Double(d)
        for i in 0..<d {
          y.append(line[i] * r * Double(w[i]))
          dx.append(Double(residual[row * d + i]) + r * (g[i] - line[i] * r * mean))
          dw[i] += Double(dy[row * d + i]) * line[i] * r
        }
      }
      #expect(deviation(found, y + dx + dw) < 2e-5, "\(t)×\(d)")
    }
  }

  @Test func swigluIsItsDefinitionForwardAndBackward() {
    for count in oddSizes + [40_001] {
      let gate = values(count, seed: 1, scale: 4)
      let up = values(count, seed: 2)
      let dh = values(count, seed: 3)
      let found = Machines.equalBits("SwiGLU \(count)") { kernels, pool in
        let h = fenced(zeros: count) { kernels.swiglu(count: count, gate: gate, up: up, into: $0, pool: pool) }
        var dUp: [Float] = []
        let dGate = fenced(gate) { dGate in
          dUp = fenced(up) { kernels.swigluBackward(count: count, gate: dGate, up: $0, dHidden: dh, pool: pool) }
        }
        return h + dGate + dUp
      }
      var expected = [[Double]](repeating: [], count: 3)
      for i in 0..<count {
        let (z, u, d) = (Double(gate[i]), Double(up[i]), Double(dh[i]))
        let s = 1 / (1 + exp(-z))
        expected[0].append(z * s * u)
        expected[1].append(d * u * (s + z * s * (1 - s)))
        expected[2].append(d * z * s)
      }
      #expect(deviation(found, expected.flatMap { $0 }) < 2e-6, "\(count)")
    }
  }

  @Test func swigluSurvivesTheFarEnds() {
    let gate: [Float] = [-200, -100, -88, 88, 100, 200, .nan]
    let found = Machines.equalBits("far ends") { kernels, pool in
      fenced(zeros: 7) {
        kernels.swiglu(count: 7, gate: gate, up: [Float](repeating: 1, count: 7), into: $0, pool: pool)
      }
    }
    #expect(found.prefix(3).allSatisfy { abs($0) < 1e-30 } && Array(found[3...5]) == [88, 100, 200] && found[6].isNaN)
  }

  @Test func rotationIsItsDefinitionAndItsInverseUndoesIt() {
    for (t, heads, half) in [(1, 1, 1), (5, 3, 5), (70, 2, 32), (33, 9, 8)] {
      let width = heads * 2 * half
      let x = values(t * width, seed: 1)
      let angles = values(t * half, seed: 2, scale: 3)
      let (cosines, sines) = (angles.map { Float(cos(Double($0))) }, angles.map { Float(sin(Double($0))) })
      let positions = (0..<t).map { Int32(t - 1 - $0) }
      func rotated(_ input: [Float], inverse: Bool) -> [Float] {
        Machines.equalBits("rotary \(t) \(heads) \(half)") { kernels, pool in
          fenced(input) {
            kernels.rotate(
              tokens: t, heads: heads, headDimension: 2 * half, $0, cosines: cosines, sines: sines,
              positions: positions, inverse: inverse, pool: pool)
          }
        }
      }
      let found = rotated(x, inverse: false)
      var expected = x.map(Double.init)
      for row in 0..<t {
        for head in 0..<heads {
          for i in 0..<half {
            let low = row * width + head * 2 * half + i
            let angle = Double(angles[Int(positions[row]) * half + i])
            let (a, b) = (Double(x[low]), Double(x[low + half]))
            expected[low] = a * cos(angle) - b * sin(angle)
            expected[low + half] = b * cos(angle) + a * sin(angle)
          }
        }
      }
      #expect(deviation(found, expected) < 1e-6)
      #expect(deviation(rotated(found, inverse: true), x.map(Double.init)) < 1e-6)
    }
  }

  @Test func embeddingCopiesRowsAndAddsGradientsInTokenOrder() {
    for (t, d, vocabulary) in [(1, 1, 1), (17, 7, 5), (300, 33, 11), (64, 130, 3)] {
      let table = values(vocabulary * d, seed: 1)
      let dOutput = values(t * d, seed: 2)
      let ids = (0..<t).map { Int32($0 * 7 % vocabulary) }
      let found = Machines.equalBits("embedding \(t)×\(d)") { kernels, pool in
        let output = fenced(zeros: t * d) {
          let output = $0
          table.withUnsafeBufferPointer {
            kernels.embed(
              tokens: t, width: d, ids: ids, table: .fp32($0.baseAddress!), into: output, pool: pool)
          }
        }
        let dTable = fenced(table) {
          kernels.embedBackward(tokens: t, width: d, ids: ids, dOutput: dOutput, dTable: $0, pool: pool)
        }
        return output + dTable
      }
      var dTable = table
      for row in 0..<t {
        for i in 0..<d {
          dTable[Int(ids[row]) * d + i] += dOutput[row * d + i]
        }
      }
      #expect(found == ids.flatMap { table[Int($0) * d..<(Int($0) + 1) * d] } + dTable)
    }
  }

  @Test func residualAdditionIsExact() {
    for count in oddSizes + [50_003] {
      let (a, b) = (values(count, seed: 1), values(count, seed: 2))
      let found = Machines.equalBits("add \(count)") { kernels, pool in
        fenced(zeros: count) { kernels.add(count: count, a, b, into: $0, pool: pool) }
      }
      #expect(found == zip(a, b).map(+))
    }
  }
}
