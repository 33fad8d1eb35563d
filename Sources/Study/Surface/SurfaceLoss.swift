/// A loss over (r, ln η): Σ aᵢⱼ ψᵢ(v) φⱼ(u) with ψ = (1, v, φₛ(v)) and φ = (1, u, φₖ(u)). Linear in a; the two shapes
/// bend the sides of the basins. For each ratio it is a basin in ln η whose bottom has a closed form.
struct SurfaceLoss: Sendable, Equatable {
  let frame: SurfaceFrame
  /// k, of ln η.
  let rateShape: Double
  /// s, of the ratio.
  let ratioShape: Double
  /// aᵢⱼ at 3·i + j; terms that the surface does not have are 0.
  let coefficients: [Double]

  /// Of (1, u, φₖ(u)) at a ratio.
  func rateCoefficients(_ ratio: Double) -> (Double, Double, Double) {
    let v = frame.v(ratio)
    let curve = AsymmetricSquare.value(ratioShape, v)
    func at(_ j: Int) -> Double { coefficients[j] + coefficients[3 + j] * v + coefficients[6 + j] * curve }
    return (at(0), at(1), at(2))
  }

  func value(_ ratio: Double, _ logRate: Double) -> Double {
    let (c0, c1, c2) = rateCoefficients(ratio)
    let u = frame.u(logRate)
    return c0 + c1 * u + c2 * AsymmetricSquare.value(rateShape, u)
  }

  /// Adds `weight` times the values over ratios × ln rates, row by ratio, to `sums`.
  func add(_ weight: Double, over ratios: [Double], _ logRates: [Double], to sums: inout [Double]) {
    let us = logRates.map(frame.u)
    let curves = us.map { AsymmetricSquare.value(rateShape, $0) }
    var place = 0
    for ratio in ratios {
      let (c0, c1, c2) = rateCoefficients(ratio)
      for j in us.indices {
        sums[place] += weight * (c0 + c1 * us[j] + c2 * curves[j])
        place += 1
      }
    }
  }
}

/// The terms of a surface: which products ψᵢφⱼ the cells can tell apart.
struct SurfaceTerms: Sendable, Equatable {
  /// Places 3·i + j of `SurfaceLoss.coefficients`.
  let places: [Int]
  let hasRateShape: Bool
  let hasRatioShape: Bool

  /// Cells at distinct settings below which there is no surface: its terms, and two to tell the noise.
  var leastSettings: Int { places.count + 2 }

  /// - Parameters: distinct ratios, learning rates and settings of the cells.
  init(ratios: Int, rates: Int, settings: Int) {
    var places = [0, 3]
    if ratios >= 3 { places.append(6) }
    if rates >= 2 { places += [1, 4] }
    if rates >= 3 { places.append(2) }
    // A basin whose width changes with the ratio, and a ridge that bends: only where enough cells are left over.
    if rates >= 3, ratios >= 3, settings >= 12 { places.append(7) }
    if rates >= 3, ratios >= 3, settings >= 15 { places += [5, 8] }
    self.places = places.sorted()
    hasRateShape = rates >= 3
    hasRatioShape = ratios >= 3
  }

  /// Values of the terms at a setting, in the order of `places`.
  func values(_ frame: SurfaceFrame, rateShape: Double, ratioShape: Double, ratio: Double, logRate: Double) -> [Double]
  {
    let (v, u) = (frame.v(ratio), frame.u(logRate))
    let ratioBasis = [1, v, hasRatioShape ? AsymmetricSquare.value(ratioShape, v) : 0]
    let rateBasis = [1, u, hasRateShape ? AsymmetricSquare.value(rateShape, u) : 0]
    return places.map { ratioBasis[$0 / 3] * rateBasis[$0 % 3] }
  }
}
