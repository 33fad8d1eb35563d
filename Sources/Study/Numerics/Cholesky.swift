/// A = L Lᵀ of a symmetric positive definite matrix.
public struct Cholesky: Sendable {
  /// Lower triangle; the upper one is zero.
  public let lower: Matrix

  /// Nil when `matrix` is not positive definite to working precision. Only its lower triangle is read.
  public init?(_ matrix: Matrix) {
    precondition(matrix.rows == matrix.columns)
    let n = matrix.rows
    var l = Matrix(rows: n, columns: n)
    for j in 0..<n {
      var diagonal = matrix[j, j]
      for k in 0..<j { diagonal -= l[j, k] * l[j, k] }
      guard diagonal > 1e-15 * abs(matrix[j, j]), diagonal.isFinite else { return nil }
      let root = diagonal.squareRoot()
      l[j, j] = root
      for i in j + 1..<max(n, j + 1) {
        var sum = matrix[i, j]
        for k in 0..<j { sum -= l[i, k] * l[j, k] }
        l[i, j] = sum / root
      }
    }
    lower = l
  }

  /// x with A x = b.
  public func solve(_ b: [Double]) -> [Double] {
    let n = lower.rows
    precondition(b.count == n)
    var x = b
    for i in 0..<n {
      for k in 0..<i { x[i] -= lower[i, k] * x[k] }
      x[i] /= lower[i, i]
    }
    for i in stride(from: n - 1, through: 0, by: -1) {
      for k in i + 1..<max(n, i + 1) { x[i] -= lower[k, i] * x[k] }
      x[i] /= lower[i, i]
    }
    return x
  }
}
