/// The settings that cells cover, and coordinates in which they run from −1 to 1.
struct SurfaceFrame: Sendable, Equatable {
  let ratios: ClosedRange<Double>
  /// ln η.
  let logRates: ClosedRange<Double>

  init(ratios: ClosedRange<Double>, logRates: ClosedRange<Double>) {
    self.ratios = ratios
    self.logRates = logRates
  }

  /// Losses bend most where a language has almost no share: near both ends. Log odds, softened by this much so that 0 and
  /// 1 have a place, straighten both.
  static let softness = 0.05

  /// −1…1 over the ratios, by their softened log odds.
  func v(_ ratio: Double) -> Double {
    Self.scaled(Self.odds(ratio), Self.odds(ratios.lowerBound)...Self.odds(ratios.upperBound))
  }

  private static func odds(_ ratio: Double) -> Double {
    PortableMath.log((ratio + softness) / (1 + softness - ratio))
  }

  /// −1…1 over ln η.
  func u(_ logRate: Double) -> Double { Self.scaled(logRate, logRates) }

  /// What of `u` belongs to one unit of ln η.
  var uPerLogRate: Double {
    let width = logRates.upperBound - logRates.lowerBound
    return width > 0 ? 2 / width : 1
  }

  func logRate(u: Double) -> Double {
    (logRates.lowerBound + logRates.upperBound + u * (logRates.upperBound - logRates.lowerBound)) / 2
  }

  private static func scaled(_ value: Double, _ range: ClosedRange<Double>) -> Double {
    let width = range.upperBound - range.lowerBound
    return width > 0 ? (2 * value - range.lowerBound - range.upperBound) / width : 0
  }
}
