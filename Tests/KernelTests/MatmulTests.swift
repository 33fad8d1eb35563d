@testable import KernelTable
import Testing

struct MatmulTests {
  /// The definition, to the bit: from C or 0, one FMA a step of k in order.
  private func naive(
    _ form: Kernels.ProductForm, _ m: Int, _ n: Int, _ k: Int, _ a: [Float], _ b: [Float], _ c: [Float],
    accumulate: Bool
  ) -> [Float] {
    var result = c
    for i in 0..<m {
      for j in 0..<n {
        var sum = accumulate ? c[i * n + j] : 0
        for p in 0..<k {
          let x = form == .tn ? a[p * m + i] : a[i * k + p]
          let y = form == .nt ? b[j * k + p] : b[p * n + j]
          sum = sum.addingProduct(x, y)
        }
        result[i * n + j] = sum
      }
    }
    return result
  }

  private func check(_ m: Int, _ n: Int, _ k: Int) {
    let a = values(m * k, seed: 1)
    let b = values(n * k, seed: 2)
    let c = values(m * n, seed: 3)
    for form in Kernels.ProductForm.allCases {
      for accumulate in [false, true] {
        let found = Machines.equalBits("\(form) \(m)×\(n)×\(k)") { kernels, pool in
          fenced(c) { kernels.multiply(form, m: m, n: n, k: k, a, b, into: $0, accumulate: accumulate, pool: pool) }
        }
        let expected = FloatingPointMode.flushing {
          naive(form, m, n, k, a, b, c, accumulate: accumulate)
        }
        #expect(found == expected, "\(form) \(m)×\(n)×\(k) accumulate \(accumulate)")
      }
    }
  }

  @Test func everyElementAddsItsProductsInOrderFromC() {
    let random = Philox4x32(seed: 11)
    for trial in 0..<40 {
      let words = random.block(SIMD4(UInt32(trial), 0, 0, 0))
      let sizes = (0..<3).map { oddSizes[Int(words[$0]) % oddSizes.count] }
      check(sizes[0], sizes[1], sizes[2])
    }
  }

  @Test func blocksOfEveryLoopAndTheirEdgesDoNotMatter() {
    // Beyond a block of rows (144), of columns (512), of depth (256), and enough work to be shared among threads.
    check(151, 33, 257)
    check(13, 547, 300)
    check(300, 70, 80)
  }

  @Test func aProductLargeEnoughToBePackedForAllThreadsIsTheSame() {
    let (m, n, k) = (203, 301, 531)
    #expect(2 * m * n * k >= sharedPackingWork)
    check(m, n, k)
  }

  @Test func theMemoryThatThreadsPackIntoDoesNotMatter() {
    // Blocks of 96 rows and columns and of 256 steps, each loop several times, with edges.
    let (m, n, k) = (109, 207, 531)
    let (a, b, c) = (values(m * k, seed: 4), values(n * k, seed: 5), values(m * n, seed: 6))
    for form in Kernels.ProductForm.allCases {
      let found = Machines.equalBits("\(form) in small blocks") { kernels, pool in
        fenced(c) { c in
          a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
              SharedProduct(
                kernels: kernels, pool: pool, rows: [m], columns: [n], depths: [k],
                left: { _, _ in
                  .init(base: a.baseAddress!, rowStride: form == .tn ? 1 : k, depthStride: form == .tn ? m : 1)
                },
                right: { _, _ in
                  .init(
                    base: .fp32(b.baseAddress!), rowStride: form == .nt ? k : 1, depthStride: form == .nt ? 1 : n)
                },
                target: { _, _ in (c, n) }, operandFloats: 96 * 256, depthAtLeast: 256
              ).run(accumulate: true)
            }
          }
        }
      }
      let expected = FloatingPointMode.flushing { naive(form, m, n, k, a, b, c, accumulate: true) }
      #expect(found == expected, "\(form) in small blocks")
    }
  }

  @Test func aSumInPartsAddsEachFromZero() {
    // One part, whole parts, a last part of one step; several blocks of rows, columns and packed steps.
    for (m, n, k) in [(1, 1, 1), (7, 33, 256), (13, 40, 257), (151, 97, 1024), (5, 530, 2817), (203, 301, 3000)] {
      let (a, b) = (values(m * k, seed: 7), values(n * k, seed: 8))
      let found = Machines.equalBits("parts of \(m)×\(n)×\(k)") { kernels, pool in
        fenced([Float](repeating: .nan, count: m * n)) { c in
          b.withUnsafeBufferPointer { b in
            kernels.multiplyInParts(m: m, n: n, k: k, a, .fp32(b.baseAddress!), into: c, pool: pool)
          }
        }
      }
      let expected = FloatingPointMode.flushing {
        stride(from: 0, to: k, by: 256).reduce([Float](repeating: 0, count: m * n)) { sum, first in
          let count = min(256, k - first)
          let columns = (0..<m).flatMap { a[$0 * k + first..<$0 * k + first + count] }
          let part = naive(
            .nn, m, n, count, columns, Array(b[first * n..<(first + count) * n]), sum, accumulate: false)
          return zip(sum, part).map { $0 + $1 }
        }
      }
      #expect(found == expected, "parts of \(m)×\(n)×\(k)")
    }
  }

  @Test func aLongSumInPartsKeepsTheDigitsThatOneInOrderLoses() {
    // Terms of one sign, as many as a vocabulary has.
    let (m, n, k) = (2, 3, 49_152)
    let (a, b) = (values(m * k, seed: 9).map { abs($0) + 0.1 }, values(n * k, seed: 10).map { abs($0) + 0.1 })
    func error(_ found: [Float]) -> Double {
      var (difference, norm) = (0.0, 0.0)
      for i in 0..<m {
        for j in 0..<n {
          let exact = (0..<k).reduce(0.0) { $0 + Double(a[i * k + $1]) * Double(b[$1 * n + j]) }
          difference += (Double(found[i * n + j]) - exact) * (Double(found[i * n + j]) - exact)
          norm += exact * exact
        }
      }
      return (difference / norm).squareRoot()
    }
    let (kernels, pool) = (Machines.kernels[0], Machines.pools[0])
    let inParts = fenced(zeros: m * n) { c in
      b.withUnsafeBufferPointer { b in
        kernels.multiplyInParts(m: m, n: n, k: k, a, .fp32(b.baseAddress!), into: c, pool: pool)
      }
    }
    let inOrder = fenced(zeros: m * n) {
      kernels.multiply(.nn, m: m, n: n, k: k, a, b, into: $0, accumulate: false, pool: pool)
    }
    #expect(error(inParts) < 2e-6)
    #expect(error(inOrder) > 4e-6, "a sum in order that is as good needs no parts")
  }

  @Test func anEmptySumIsZeroOrC() {
    let found = fenced([1, 2]) {
      Machines.kernels[0].multiply(
        .nt, m: 1, n: 2, k: 0, [0], [0], into: $0, accumulate: true, pool: Machines.pools[0])
    }
    #expect(found == [1, 2])
    let cleared = fenced([1, 2]) {
      Machines.kernels[0].multiply(
        .nt, m: 1, n: 2, k: 0, [0], [0], into: $0, accumulate: false, pool: Machines.pools[0])
    }
    #expect(cleared == [0, 0])
  }
}
