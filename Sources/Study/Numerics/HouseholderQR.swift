/// Least squares by Householder reflections with column pivoting: A P = Q R. Columns that depend on the others to
/// working precision get a zero coefficient.
public struct HouseholderQR: Sendable {
  /// Reflectors below the diagonal (their first elements in `heads`), R on and above it.
  private var packed: Matrix
  private var heads: [Double]
  /// `order[j]` is the column of A that stands at place j.
  public private(set) var order: [Int]
  /// Columns that are independent of those before them.
  public private(set) var rank: Int

  public init(_ matrix: Matrix, tolerance: Double = 1e-12) {
    packed = matrix
    order = Array(0..<matrix.columns)
    heads = []
    rank = 0
    let steps = min(matrix.rows, matrix.columns)
    var largest = 0.0
    for step in 0..<steps {
      let norms = (step..<packed.columns).map { columnNorm($0, from: step) }
      var best = 0
      for j in norms.indices where norms[j] > norms[best] { best = j }
      if step == 0 { largest = norms[best] }
      guard norms[best] > tolerance * largest, norms[best] > 0 else { break }
      swapColumns(step, step + best)
      reflect(step, norm: norms[best])
      rank += 1
    }
  }

  /// The x that minimizes ‖A x − b‖; zero where the data say nothing.
  public func leastSquares(_ b: [Double]) -> [Double] {
    precondition(b.count == packed.rows)
    var y = b
    for step in 0..<rank { apply(step, to: &y) }
    var x = [Double](repeating: 0, count: packed.columns)
    for i in stride(from: rank - 1, through: 0, by: -1) {
      var sum = y[i]
      for j in i + 1..<max(rank, i + 1) { sum -= packed[i, j] * x[order[j]] }
      x[order[i]] = sum / packed[i, i]
    }
    return x
  }

  /// Diagonal of the projection on the columns of A: how much each row pulls its own fitted value, in [0, 1].
  public func leverages() -> [Double] {
    var sums = [Double](repeating: 0, count: packed.rows)
    for column in 0..<rank {
      var unit = [Double](repeating: 0, count: packed.rows)
      unit[column] = 1
      for step in stride(from: rank - 1, through: 0, by: -1) { apply(step, to: &unit) }
      for i in unit.indices { sums[i] += unit[i] * unit[i] }
    }
    return sums.map { min(1, $0) }
  }

  private func columnNorm(_ column: Int, from start: Int) -> Double {
    var sum = 0.0
    for i in start..<packed.rows { sum += packed[i, column] * packed[i, column] }
    return sum.squareRoot()
  }

  private mutating func swapColumns(_ a: Int, _ b: Int) {
    guard a != b else { return }
    order.swapAt(a, b)
    for i in 0..<packed.rows { packed.elements.swapAt(i * packed.columns + a, i * packed.columns + b) }
  }

  /// Makes column `step` zero below the diagonal; the reflector is v = (head, what stood below it),
  /// H = I − 2vvᵀ/vᵀv.
  private mutating func reflect(_ step: Int, norm: Double) {
    let diagonal = packed[step, step] > 0 ? -norm : norm
    heads.append(packed[step, step] - diagonal)
    for j in step + 1..<max(packed.columns, step + 1) {
      var y = (0..<packed.rows).map { packed[$0, j] }
      apply(step, to: &y)
      for i in step..<packed.rows { packed[i, j] = y[i] }
    }
    packed[step, step] = diagonal
  }

  private func apply(_ step: Int, to y: inout [Double]) {
    let head = heads[step]
    var square = head * head
    var product = head * y[step]
    for i in step + 1..<max(packed.rows, step + 1) {
      square += packed[i, step] * packed[i, step]
      product += packed[i, step] * y[i]
    }
    guard square > 0 else { return }
    let factor = 2 * product / square
    y[step] -= factor * head
    for i in step + 1..<max(packed.rows, step + 1) { y[i] -= factor * packed[i, step] }
  }
}
