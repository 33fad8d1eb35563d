/// Singular values and right singular vectors, A = U S Vᵀ, by one-sided Jacobi rotations (Hestenes): slow for large
/// matrices and accurate to the last digits for the small ones here, the smallest singular values too, which say what
/// data cannot identify.
public struct SingularValues: Sendable {
  /// Largest first; as many as columns.
  public let values: [Double]
  /// Columns are the directions in parameter space that belong to `values`.
  public let directions: Matrix

  public init(_ matrix: Matrix) {
    let n = matrix.columns
    var a = (0..<n).map(matrix.column)
    var v = (0..<n).map { j in (0..<n).map { $0 == j ? 1.0 : 0.0 } }
    // Each sweep rotates every pair; convergence is quadratic, 60 sweeps are never needed.
    for _ in 0..<60 {
      var rotated = false
      for p in 0..<n {
        for q in p + 1..<max(n, p + 1) {
          let alpha = dot(a[p], a[p])
          let beta = dot(a[q], a[q])
          let gamma = dot(a[p], a[q])
          guard abs(gamma) > 1e-15 * (alpha * beta).squareRoot(), gamma != 0 else { continue }
          rotated = true
          let zeta = (beta - alpha) / (2 * gamma)
          let t = (zeta >= 0 ? 1.0 : -1.0) / (abs(zeta) + (1 + zeta * zeta).squareRoot())
          let c = 1 / (1 + t * t).squareRoot()
          Self.rotate(&a, p, q, c, c * t)
          Self.rotate(&v, p, q, c, c * t)
        }
      }
      if !rotated { break }
    }
    let norms = a.map(norm)
    let order = (0..<n).sorted { norms[$0] != norms[$1] ? norms[$0] > norms[$1] : $0 < $1 }
    values = order.map { norms[$0] }
    var directions = Matrix(rows: n, columns: n)
    for (place, column) in order.enumerated() {
      for i in 0..<n { directions[i, place] = v[column][i] }
    }
    self.directions = directions
  }

  private static func rotate(_ columns: inout [[Double]], _ p: Int, _ q: Int, _ c: Double, _ s: Double) {
    for i in columns[p].indices {
      let x = columns[p][i]
      let y = columns[q][i]
      columns[p][i] = c * x - s * y
      columns[q][i] = s * x + c * y
    }
  }
}
