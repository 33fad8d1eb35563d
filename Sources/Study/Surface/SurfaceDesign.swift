/// Least squares of one surface on many losses at the same settings: for each pair of shapes an orthonormal basis is
/// made once, and a fit is then a projection for each pair. A thousand replicates of a bootstrap take a fraction of a
/// second.
struct SurfaceDesign: Sendable {
  struct Fit: Sendable {
    let loss: SurfaceLoss
    /// Σ wᵢ eᵢ².
    let squares: Double
  }

  private struct Basis: Sendable {
    let rateShape: Double
    let ratioShape: Double
    /// What the shapes cost beforehand, as a part of the squares: mild asymmetry is what published grids show.
    let penalty: Double
    /// Weighted terms, orthonormal, term by term: p × n.
    let q: [Double]
    /// Upper triangle, p × p.
    let r: [Double]
  }

  let frame: SurfaceFrame
  let terms: SurfaceTerms
  /// Square roots of the weights, by cell.
  private let rootWeights: [Double]
  private let bases: [Basis]

  init(
    frame: SurfaceFrame, terms: SurfaceTerms, settings: [(ratio: Double, logRate: Double)], weights: [Double]
  ) {
    self.frame = frame
    self.terms = terms
    rootWeights = weights.map { $0.squareRoot() }
    // In units of half the grid: k = 2 is a factor of 50 between the slopes of its ends.
    let rateShapes = terms.hasRateShape ? Array(stride(from: -1.0, through: 4, by: 0.25)) : [0]
    let ratioShapes = terms.hasRatioShape ? Array(stride(from: -4.0, through: 4, by: 0.5)) : [0]
    var bases: [Basis] = []
    for k in rateShapes {
      for s in ratioShapes {
        let rows = zip(settings, rootWeights).map { setting, root in
          terms.values(frame, rateShape: k, ratioShape: s, ratio: setting.ratio, logRate: setting.logRate)
            .map { $0 * root }
        }
        let rate = terms.hasRateShape ? (k - 1) / 1.5 : 0
        let ratio = s / 2.5
        let (q, r) = Self.orthonormalized(rows, columns: terms.places.count)
        bases.append(Basis(rateShape: k, ratioShape: s, penalty: rate * rate + ratio * ratio, q: q, r: r))
      }
    }
    self.bases = bases
  }

  /// The surface of least n·ln(squares) plus the shapes' penalty. `losses` by cell.
  func fit(_ losses: [Double]) -> Fit {
    let n = losses.count
    let p = terms.places.count
    var y = [Double](repeating: 0, count: n)
    let center = mean(losses)
    var total = 0.0
    for i in 0..<n {
      y[i] = (losses[i] - center) * rootWeights[i]
      total += y[i] * y[i]
    }
    let floor = max(total, 1e-300) * 1e-13
    var best = (score: Double.infinity, index: 0, squares: 0.0)
    var projections = [Double](repeating: 0, count: p)
    var bestProjections = projections
    y.withUnsafeBufferPointer { y in
      for (index, basis) in bases.enumerated() {
        var explained = 0.0
        basis.q.withUnsafeBufferPointer { q in
          for j in 0..<p {
            var sum = 0.0
            let start = j * n
            for i in 0..<n { sum += q[start + i] * y[i] }
            projections[j] = sum
            explained += sum * sum
          }
        }
        let squares = max(floor, total - explained)
        let score = Double(n) * PortableMath.log(squares) + basis.penalty
        if score < best.score {
          best = (score, index, squares)
          swap(&bestProjections, &projections)
        }
      }
    }
    let basis = bases[best.index]
    var solution = [Double](repeating: 0, count: p)
    for i in stride(from: p - 1, through: 0, by: -1) {
      var sum = bestProjections[i]
      for j in i + 1..<max(p, i + 1) { sum -= basis.r[i * p + j] * solution[j] }
      solution[i] = basis.r[i * p + i] > 0 ? sum / basis.r[i * p + i] : 0
    }
    var coefficients = [Double](repeating: 0, count: 9)
    for (place, value) in zip(terms.places, solution) { coefficients[place] = value }
    coefficients[0] += center
    return Fit(
      loss: SurfaceLoss(
        frame: frame, rateShape: basis.rateShape, ratioShape: basis.ratioShape, coefficients: coefficients),
      squares: best.squares)
  }

  /// Gram–Schmidt, twice over each column for orthogonality to the last digits; columns that depend on those before
  /// become zero.
  private static func orthonormalized(_ rows: [[Double]], columns p: Int) -> (q: [Double], r: [Double]) {
    let n = rows.count
    var q = [Double](repeating: 0, count: p * n)
    var r = [Double](repeating: 0, count: p * p)
    for j in 0..<p {
      var column = rows.map { $0[j] }
      let before = norm(column)
      for _ in 0..<2 {
        for k in 0..<j {
          var product = 0.0
          for i in 0..<n { product += q[k * n + i] * column[i] }
          r[k * p + j] += product
          for i in 0..<n { column[i] -= product * q[k * n + i] }
        }
      }
      let length = norm(column)
      guard length > 1e-9 * before, length > 0 else { continue }
      r[j * p + j] = length
      for i in 0..<n { q[j * n + i] = column[i] / length }
    }
    return (q, r)
  }

  /// Terms that the weighted cells determine, at the shapes of a fit.
  func rank(_ loss: SurfaceLoss) -> Int {
    let p = terms.places.count
    guard
      let basis = bases.first(where: { $0.rateShape == loss.rateShape && $0.ratioShape == loss.ratioShape })
    else { return 0 }
    return (0..<p).filter { basis.r[$0 * p + $0] > 0 }.count
  }
}
