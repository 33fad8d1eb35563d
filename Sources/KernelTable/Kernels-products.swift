/// Floating-point operations from which a product's operands are packed for all threads together, at the price of a
/// second wake-up; below, threads pack for themselves.
let sharedPackingWork = 64_000_000

extension Kernels {
  /// How the operands of a product lie in memory; the words are BLAS's (N as it is, T transposed).
  public enum ProductForm: Sendable, CaseIterable {
    /// C[m,n] = A[m,k] · B[n,k]ᵀ: activations times a weight [out, in].
    case nt
    /// C[m,n] = A[m,k] · B[k,n]: a gradient back through a weight.
    case nn
    /// C[m,n] = A[k,m]ᵀ · B[k,n]: a weight's gradient, summed over tokens k in order.
    case tn
  }

  /// C (+)= A·B, all row-major and dense. With `accumulate` each element starts from C, else from 0, and adds its
  /// products for k = 0, 1, 2, … one FMA each, whatever the threads and tiles.
  public func multiply(
    _ form: ProductForm, m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    into c: UnsafeMutablePointer<Float>, accumulate: Bool, pool: ThreadPool
  ) {
    multiply(form, m: m, n: n, k: k, a, .fp32(b), into: c, accumulate: accumulate, pool: pool)
  }

  /// As above, with B stored as `b` says.
  public func multiply(
    _ form: ProductForm, m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ b: WeightSource,
    into c: UnsafeMutablePointer<Float>, accumulate: Bool, pool: ThreadPool
  ) {
    precondition(m >= 0 && n >= 0 && k >= 0, "a product of shape \(m)×\(n)×\(k)")
    guard m > 0 && n > 0 else { return }
    let (aRow, aDepth) = form == .tn ? (1, m) : (k, 1)
    let (bDepth, bColumn) = form == .nt ? (1, k) : (n, 1)
    if case .fp32(let b) = b, 2 * m * n * k < sharedPackingWork {
      multiplyInStrips(
        m, n, k, a, aRow, aDepth, b, bDepth, bColumn, into: c, accumulate: accumulate, pool: pool)
      return
    }
    if k == 0 {
      if !accumulate { c.update(repeating: 0, count: m * n) }
      return
    }
    SharedProduct(
      kernels: self, pool: pool, rows: [m], columns: [n], depths: [k],
      left: { _, _ in .init(base: a, rowStride: aRow, depthStride: aDepth) },
      right: { _, _ in .init(base: b, rowStride: bColumn, depthStride: bDepth) }, target: { _, _ in (c, n) }
    ).run(accumulate: accumulate)
  }

  /// C[m,n] = A[m,k] · B[k,n], all row-major and dense, for sums so long that they lose digits in order: k is cut into
  /// parts of 256, each is summed from zero in order, and they are added in order.
  public func multiplyInParts(
    m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, _ b: WeightSource, into c: UnsafeMutablePointer<Float>,
    pool: ThreadPool
  ) {
    precondition(m >= 0 && n >= 0 && k > 0, "a product of shape \(m)×\(n)×\(k)")
    guard m > 0 && n > 0 else { return }
    let length = SharedProduct.partLength
    SharedProduct(
      kernels: self, pool: pool, rows: [m], columns: [n],
      depths: stride(from: 0, to: k, by: length).map { min(length, k - $0) },
      left: { part, _ in .init(base: a + part * length, rowStride: k, depthStride: 1) },
      right: { part, _ in .init(base: b + part * length * n, rowStride: 1, depthStride: n) },
      target: { _, _ in (c, n) }, sumsParts: true
    ).run(accumulate: false)
  }

  /// Floating-point operations a second of the register tile alone, on all threads of the pool: operands packed, in the
  /// first-level cache. What products are measured against.
  public func tileRate(seconds: Double, pool: ThreadPool) -> Double {
    let (rows, columns, depth) = (entries.leftPanelRows(), entries.rightPanelColumns(), 192)
    let calls = 1000
    let clock = ContinuousClock()
    let start = clock.now
    var work = 0.0
    var elapsed = 0.0
    repeat {
      pool.run(pool.threads, scratchFloats: (rows + columns) * depth + 2 * rows * columns) { _, memory in
        let packedB = memory + rows * depth
        let c = packedB + columns * depth
        memory.update(repeating: 0.5, count: (rows + columns) * depth)
        for _ in 0..<calls {
          entries.multiplyPacked(
            rows, columns, depth, memory, 0, rows, packedB, 0, columns, c, columns, 0, c + rows * columns)
        }
      }
      work += Double(2 * rows * columns * depth * calls * pool.threads)
      let passed = (clock.now - start).components
      elapsed = Double(passed.seconds) + Double(passed.attoseconds) * 1e-18
    } while elapsed < seconds
    return work / elapsed
  }

  /// Each thread packs and multiplies strips of the longer side by itself.
  private func multiplyInStrips(
    _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ aRow: Int, _ aDepth: Int, _ b: UnsafePointer<Float>,
    _ bDepth: Int, _ bColumn: Int, into c: UnsafeMutablePointer<Float>, accumulate: Bool, pool: ThreadPool
  ) {
    // Whole tiles of both builds; about 2 MFLOP is worth a wake-up.
    let byColumns = n >= m
    let side = byColumns ? n : m
    let tile = byColumns ? 32 : 12
    let worth = max(1, 2 * m * n * k / 2_000_000)
    let pieces = pool.threads == 1 ? 1 : max(1, min(worth, 3 * pool.threads, (side + tile - 1) / tile))
    let size = ((side + pieces - 1) / pieces + tile - 1) / tile * tile
    let flag = accumulate ? 1 : 0
    pool.run((side + size - 1) / size, scratchFloats: entries.matmulScratchFloats()) { piece, scratch in
      let first = piece * size
      let count = min(size, side - first)
      if byColumns {
        entries.matmul(
          m, count, k, a, aRow, aDepth, b + first * bColumn, bDepth, bColumn, c + first, n, flag, scratch)
      } else {
        entries.matmul(
          count, n, k, a + first * aRow, aRow, aDepth, b, bDepth, bColumn, c + first * n, n, flag, scratch)
      }
    }
  }
}
