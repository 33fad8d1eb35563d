/// A small dense matrix of Double, row by row.
public struct Matrix: Sendable, Equatable {
  public let rows: Int
  public let columns: Int
  public var elements: [Double]

  /// All zero.
  public init(rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 0)
    self.rows = rows
    self.columns = columns
    elements = [Double](repeating: 0, count: rows * columns)
  }

  /// Rows of equal length.
  public init(_ rows: [[Double]]) {
    self.rows = rows.count
    columns = rows.first?.count ?? 0
    precondition(rows.allSatisfy { $0.count == rows[0].count }, "rows of different lengths")
    elements = rows.flatMap { $0 }
  }

  public subscript(row: Int, column: Int) -> Double {
    get { elements[row * columns + column] }
    set { elements[row * columns + column] = newValue }
  }

  public func row(_ index: Int) -> [Double] { Array(elements[index * columns..<(index + 1) * columns]) }

  public func column(_ index: Int) -> [Double] { (0..<rows).map { self[$0, index] } }

  /// AᵀA, columns × columns.
  public func gram() -> Matrix {
    var product = Matrix(rows: columns, columns: columns)
    for i in 0..<rows {
      for j in 0..<columns {
        let a = self[i, j]
        if a == 0 { continue }
        for k in 0...j { product[j, k] += a * self[i, k] }
      }
    }
    for j in 0..<columns {
      for k in 0..<j { product[k, j] = product[j, k] }
    }
    return product
  }

  /// Aᵀv.
  public func transposedTimes(_ v: [Double]) -> [Double] {
    precondition(v.count == rows)
    var product = [Double](repeating: 0, count: columns)
    for i in 0..<rows {
      for j in 0..<columns { product[j] += self[i, j] * v[i] }
    }
    return product
  }

  /// Av.
  public func times(_ v: [Double]) -> [Double] {
    precondition(v.count == columns)
    return (0..<rows).map { i in (0..<columns).reduce(0) { $0 + self[i, $1] * v[$1] } }
  }
}

func dot(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  var sum = 0.0
  for i in a.indices { sum += a[i] * b[i] }
  return sum
}

func norm(_ a: [Double]) -> Double { dot(a, a).squareRoot() }
