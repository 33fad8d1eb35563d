@testable import KernelTable
import Testing

/// Products that are computed together have the bits they have alone.
struct ProductGroupTests {
  /// Enough work for shared packing, with edges everywhere; and a group too small for it.
  private static let shapes: [(tokens: Int, inputWidth: Int, widths: [Int])] = [
    (131, 190, [411, 67, 901]), (13, 17, [5, 31, 2]),
  ]

  private func alone(
    _ form: Kernels.ProductForm, m: Int, n: Int, k: Int, _ a: [Float], _ b: [Float], _ c: [Float], accumulate: Bool
  ) -> [Float] {
    var result = c
    FloatingPointMode.flushing {
      Machines.kernels[0].multiply(
        form, m: m, n: n, k: k, a, b, into: &result, accumulate: accumulate, pool: Machines.pools[0])
    }
    return result
  }

  @Test func projectionsOfOneInputAreThoseOfEachAlone() {
    for shape in Self.shapes {
      let (t, d) = (shape.tokens, shape.inputWidth)
      let input = values(t * d, seed: 1)
      let weights = shape.widths.enumerated().map { values($1 * d, seed: 10 + UInt64($0)) }
      let found = Machines.equalBits("projections") { kernels, pool in
        fenced(zeros: t * shape.widths.reduce(0, +)) { c in
          withPointers(weights) { weights in
            var offset = 0
            let projections = zip(weights, shape.widths).map { weight, width in
              defer { offset += t * width }
              return Projection(.fp32(weight), width: width, into: c + offset)
            }
            kernels.project(tokens: t, inputWidth: d, input, projections, pool: pool)
          }
        }
      }
      let expected = zip(weights, shape.widths).flatMap { weight, width in
        alone(
          .nt, m: t, n: width, k: d, input, weight, [Float](repeating: 0, count: t * width), accumulate: false)
      }
      #expect(found == expected)
    }
  }

  @Test func backProjectionsAreOneSumInTheirOrder() {
    for shape in Self.shapes {
      let (t, d) = (shape.tokens, shape.inputWidth)
      let dOutputs = shape.widths.enumerated().map { values(t * $1, seed: 20 + UInt64($0)) }
      let weights = shape.widths.enumerated().map { values($1 * d, seed: 30 + UInt64($0)) }
      let found = Machines.equalBits("back projections") { kernels, pool in
        fenced([Float](repeating: 7, count: t * d)) { c in
          withPointers(weights) { weights in
            withPointers(dOutputs) { dOutputs in
              let parts = shape.widths.indices.map {
                BackProjection(dOutputs[$0], width: shape.widths[$0], weight: .fp32(weights[$0]))
              }
              kernels.backProject(tokens: t, inputWidth: d, parts, into: c, pool: pool)
            }
          }
        }
      }
      var expected = [Float](repeating: 7, count: t * d)
      for (index, width) in shape.widths.enumerated() {
        expected = alone(
          .nn, m: t, n: d, k: width, dOutputs[index], weights[index], expected, accumulate: index > 0)
      }
      #expect(found == expected)
    }
  }

  @Test func weightGradientsOverOneInputAreThoseOfEachAlone() {
    for shape in Self.shapes {
      let (t, d) = (shape.tokens, shape.inputWidth)
      let input = values(t * d, seed: 1)
      let dOutputs = shape.widths.enumerated().map { values(t * $1, seed: 20 + UInt64($0)) }
      let before = values(d * shape.widths.reduce(0, +), seed: 40)
      let found = Machines.equalBits("weight gradients") { kernels, pool in
        fenced(before) { c in
          withPointers(dOutputs) { dOutputs in
            var offset = 0
            let gradients = zip(dOutputs, shape.widths).map { dOutput, width in
              defer { offset += d * width }
              return WeightGradient(dOutput, width: width, into: c + offset)
            }
            kernels.addWeightGradients(tokens: t, inputWidth: d, input, gradients, pool: pool)
          }
        }
      }
      var offset = 0
      let expected = zip(dOutputs, shape.widths).flatMap { dOutput, width in
        defer { offset += d * width }
        return alone(
          .tn, m: width, n: d, k: t, dOutput, input, Array(before[offset..<offset + d * width]), accumulate: true)
      }
      #expect(found == expected)
    }
  }

  @Test func aGroupCutAcrossItsSegmentsIsTheSame() {
    // Blocks of 96 end inside segments of rows, and of 256 steps inside parts of the sum.
    let (rows, n, depths) = ([37, 150, 20], 101, [300, 70, 290])
    let a = depths.enumerated().map { part, depth in
      rows.enumerated().map { values($1 * depth, seed: UInt64(100 + 10 * part + $0)) }
    }
    let b = depths.enumerated().map { values($1 * n, seed: 200 + UInt64($0)) }
    let found = Machines.equalBits("a group in small blocks") { kernels, pool in
      fenced([Float](repeating: 3, count: n * rows.reduce(0, +))) { c in
        withPointers(a.flatMap { $0 }) { a in
          withPointers(b) { b in
            SharedProduct(
              kernels: kernels, pool: pool, rows: rows, columns: [n], depths: depths,
              left: { p, i in .init(base: a[p * rows.count + i], rowStride: depths[p], depthStride: 1) },
              right: { p, _ in .init(base: .fp32(b[p]), rowStride: 1, depthStride: n) },
              target: { i, _ in (c + n * rows[..<i].reduce(0, +), n) }, operandFloats: 96 * 256, depthAtLeast: 256
            ).run(accumulate: true)
          }
        }
      }
    }
    let expected = rows.enumerated().flatMap { i, m in
      depths.indices.reduce([Float](repeating: 3, count: m * n)) { c, p in
        alone(.nn, m: m, n: n, k: depths[p], a[p][i], b[p], c, accumulate: true)
      }
    }
    #expect(found == expected)
  }
}

/// Weights that are no fp32 give the bits of the fp32 values they stand for.
struct WeightSourceTests {
  @Test func productsFromBFloat16AreThoseOfTheWidenedWeights() {
    // Small, larger than all blocks, and enough for several of them; odd everywhere.
    for (m, n, k) in [(1, 33, 65), (13, 97, 300), (203, 301, 531)] {
      let a = values(m * k, seed: 1)
      let stored = values(n * k, seed: 2).map { UInt16($0.bitPattern >> 16) }
      let widened = stored.map { Float(bitPattern: UInt32($0) << 16) }
      for form in [Kernels.ProductForm.nt, .nn] {
        let found = Machines.equalBits("\(form) from bfloat16") { kernels, pool in
          fenced(zeros: m * n) { c in
            stored.withUnsafeBufferPointer {
              kernels.multiply(
                form, m: m, n: n, k: k, a, .bf16($0.baseAddress!), into: c, accumulate: false, pool: pool)
            }
          }
        }
        var expected = [Float](repeating: 0, count: m * n)
        FloatingPointMode.flushing {
          Machines.kernels[0].multiply(
            form, m: m, n: n, k: k, a, widened, into: &expected, accumulate: false, pool: Machines.pools[0])
        }
        #expect(found == expected, "\(form) \(m)×\(n)×\(k)")
      }
    }
  }
}

/// The arrays' addresses, good while `body` runs.
private func withPointers(_ arrays: [[Float]], _ body: ([UnsafePointer<Float>]) -> Void) {
  let buffers = arrays.map { array in
    let buffer = UnsafeMutablePointer<Float>.allocate(capacity: max(1, array.count))
    buffer.initialize(from: array, count: array.count)
    return buffer
  }
  body(buffers.map { UnsafePointer($0) })
  for buffer in buffers { buffer.deallocate() }
}
