/// φₖ(t) = 2 (e^{kt} − 1 − kt) / k²: a basin at 0 with curvature 2 that is steeper to the right for k > 0, to the left
/// for k < 0, and t² at k = 0 (the LINEX loss, Varian 1975). Losses over ln η are such basins: too high a learning
/// rate costs more than too low a one, and a parabola would put its minimum below the best rate.
enum AsymmetricSquare {
  static func value(_ k: Double, _ t: Double) -> Double {
    let z = k * t
    // The series where the closed form would cancel.
    if abs(z) < 0.02 { return t * t * (1 + z / 3 * (1 + z / 4 * (1 + z / 5 * (1 + z / 6)))) }
    return 2 * (PortableMath.exp(z) - 1 - z) / (k * k)
  }

  /// dφ/dk.
  static func slopeInShape(_ k: Double, _ t: Double) -> Double {
    let z = k * t
    if abs(z) < 0.02 { return t * t * t * (1.0 / 3 + z / 6 * (1 + 3 * z / 10 * (1 + 4 * z / 18))) }
    let e = PortableMath.exp(z)
    return 2 * t * (e - 1) / (k * k) - 4 * (e - 1 - z) / (k * k * k)
  }

  /// The t where a + b·φₖ′(t) = 0, b > 0; nil where there is none.
  static func stationary(_ k: Double, slope a: Double, curvature b: Double) -> Double? {
    guard b > 0 else { return nil }
    let target = -a / b
    if abs(k) < 1e-9 { return target / 2 }
    let growth = 1 + target * k / 2
    return growth > 0 ? PortableMath.log(growth) / k : nil
  }
}
