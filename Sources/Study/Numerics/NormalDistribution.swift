/// The standard normal distribution.
public enum NormalDistribution {
  /// The point below which the share `p` of the distribution lies; p in (0, 1). Relative error below 1e-15.
  /// Wichura, "Algorithm AS 241", Applied Statistics 37 (1988).
  public static func quantile(_ p: Double) -> Double {
    precondition(p > 0 && p < 1, "a share of \(p) is not within (0, 1)")
    let q = p - 0.5
    if abs(q) <= 0.425 {
      let r = 0.180625 - q * q
      return q * polynomial(centralNumerator, r) / polynomial(centralDenominator, r)
    }
    let tail = (-PortableMath.log(q < 0 ? p : 1 - p)).squareRoot()
    let x =
      tail <= 5
      ? polynomial(middleNumerator, tail - 1.6) / polynomial(middleDenominator, tail - 1.6)
      : polynomial(farNumerator, tail - 5) / polynomial(farDenominator, tail - 5)
    return q < 0 ? -x : x
  }

  /// The share of the distribution below `x`; absolute error below 1e-15.
  public static func distribution(_ x: Double) -> Double {
    if x.isNaN { return x }
    guard abs(x) < 38 else { return x < 0 ? 0 : 1 }
    let upper = upperTail(abs(x))
    return x < 0 ? upper : 1 - upper
  }

  /// 1 − Φ(x), x ≥ 0: a series near the middle, Lentz's continued fraction (Abramowitz and Stegun 26.2.14) beyond.
  private static func upperTail(_ x: Double) -> Double {
    let density = PortableMath.exp(-x * x / 2) / 2.50662827463100050242
    if x < 1.5 {
      // Φ(x) = 1/2 + φ(x) (x + x³/3 + x⁵/(3·5) + …)
      var term = x
      var sum = x
      var k = 3.0
      while term > sum * 1e-17 {
        term *= x * x / k
        sum += term
        k += 2
      }
      return 0.5 - density * sum
    }
    var fraction = 0.0
    for k in stride(from: 200.0, through: 1, by: -1) { fraction = k / (x + fraction) }
    return density / (x + fraction)
  }

  private static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
    coefficients.reduce(0) { $0 * x + $1 }
  }

  // Coefficients of AS 241, highest power first.
  private static let centralNumerator = [
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0,
  ]
  private static let centralDenominator = [
    5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1,
  ]
  private static let middleNumerator = [
    7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
    3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0,
  ]
  private static let middleDenominator = [
    1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
    6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1,
  ]
  private static let farNumerator = [
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
    2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0,
  ]
  private static let farDenominator = [
    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
    1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1,
  ]
}
