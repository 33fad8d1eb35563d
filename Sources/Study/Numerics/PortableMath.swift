/// Elementary functions in Double whose bits are the same on every host: only + − × ÷, square root and bit operations.
/// The C library's own differ in the last bit between versions, and a fit that iterates a few hundred times turns a
/// last bit into another answer; with these, the same CSV gives the same bytes everywhere.
public enum PortableMath {
  /// ln 2 in two parts, the first with 32 zero bits at its end (fdlibm).
  private static let ln2High = 6.93147180369123816490e-01
  private static let ln2Low = 1.90821492927058770002e-10

  /// e^x, error about 1 ulp; 0 below −708, infinity above 709.
  public static func exp(_ x: Double) -> Double {
    guard x.isFinite, abs(x) <= 708 else { return x.isNaN ? x : x > 709 ? .infinity : x < 0 ? 0 : exp(x - 1) * .e }
    let n = (x * 1.44269504088896338700).rounded(.toNearestOrEven)
    let r = (x - n * ln2High) - n * ln2Low
    // Taylor to r^13 / 13!: |r| ≤ 0.35, remainder below 1e-17.
    var p = 1.0 / 6_227_020_800
    p = p * r + 1.0 / 479_001_600
    p = p * r + 1.0 / 39_916_800
    p = p * r + 1.0 / 3_628_800
    p = p * r + 1.0 / 362_880
    p = p * r + 1.0 / 40_320
    p = p * r + 1.0 / 5_040
    p = p * r + 1.0 / 720
    p = p * r + 1.0 / 120
    p = p * r + 1.0 / 24
    p = p * r + 1.0 / 6
    p = p * r + 0.5
    p = p * r + 1
    p = p * r + 1
    return p * Double(sign: .plus, exponent: Int(n), significand: 1)
  }

  /// ln x, error about 1 ulp; NaN below 0, −infinity at 0.
  public static func log(_ x: Double) -> Double {
    guard x > 0, x.isFinite else { return x == 0 ? -.infinity : x == .infinity ? x : .nan }
    var exponent = Double(x.exponent)
    var m = x.significand
    if m > 1.41421356237309514547 {
      m /= 2
      exponent += 1
    }
    // ln m = 2 artanh s, s = (m − 1)/(m + 1), |s| ≤ 0.1716: terms to s^23.
    let s = (m - 1) / (m + 1)
    let z = s * s
    var p = 1.0 / 23
    p = p * z + 1.0 / 21
    p = p * z + 1.0 / 19
    p = p * z + 1.0 / 17
    p = p * z + 1.0 / 15
    p = p * z + 1.0 / 13
    p = p * z + 1.0 / 11
    p = p * z + 1.0 / 9
    p = p * z + 1.0 / 7
    p = p * z + 1.0 / 5
    p = p * z + 1.0 / 3
    return exponent * ln2High + (2 * s + (2 * s * z * p + exponent * ln2Low))
  }

  /// base^exponent for a positive base.
  public static func power(_ base: Double, _ exponent: Double) -> Double { exp(exponent * log(base)) }

  /// cos x for |x| ≤ π, by halving the angle: schedules need no more.
  public static func cosineWithinPi(_ x: Double) -> Double {
    precondition(abs(x) <= Double.pi, "the angle is beyond π")
    // cos x = 1 − 2 sin²(x/2), and the same again for the half: the Taylor series sees at most π/4.
    let quarter = x / 4
    let z = quarter * quarter
    var s = 1.0
    for k in stride(from: 19.0, through: 3, by: -2) { s = 1 - s * z / (k * (k - 1)) }
    let sine = quarter * s
    let half = 1 - 2 * sine * sine
    return 2 * half * half - 1
  }
}

extension Double {
  fileprivate static let e = 2.71828182845904523536
}
