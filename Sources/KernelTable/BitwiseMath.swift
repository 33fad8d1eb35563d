/// Elementary functions in Double whose bits are the same on every host: only + − × ÷, square root and bit operations,
/// never the C library's (its versions differ in the last bit). For tables, schedules and random numbers; not fast.
public enum BitwiseMath {
  /// ln 2 in two parts, the first with 32 zero bits at its end (fdlibm).
  private static let ln2High = 6.93147180369123816490e-01
  private static let ln2Low = 1.90821492927058770002e-10

  /// e^x, error below 1 ulp or so; 0 below -708, infinity above 709.
  public static func exp(_ x: Double) -> Double {
    if x.isNaN { return x }
    if x > 709 { return .infinity }
    if x < -708 { return 0 }
    let n = (x * 1.44269504088896338700).rounded()
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
    p = p * r + 1.0 / 2
    p = p * r + 1
    p = p * r + 1
    return p * Double(sign: .plus, exponent: Int(n), significand: 1)
  }

  /// ln x, error below 1 ulp or so; NaN below 0, -infinity at 0.
  public static func log(_ x: Double) -> Double {
    if x.isNaN || x < 0 { return .nan }
    if x == 0 { return -.infinity }
    if x == .infinity { return x }
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

  /// base^exponent for a positive base, by exp and log.
  public static func power(_ base: Double, _ exponent: Double) -> Double {
    exp(exponent * log(base))
  }

  /// base^count by multiplication from the left: exact order, so the bits are a function of the arguments.
  public static func power(_ base: Double, count: Int) -> Double {
    var result = 1.0
    for _ in 0..<count {
      result *= base
      if result == 0 { break }
    }
    return result
  }

  public static func sine(_ x: Double) -> Double {
    let (quadrant, r) = reduced(x)
    switch quadrant {
    case 0: return sineKernel(r)
    case 1: return cosineKernel(r)
    case 2: return -sineKernel(r)
    default: return -cosineKernel(r)
    }
  }

  public static func cosine(_ x: Double) -> Double {
    let (quadrant, r) = reduced(x)
    switch quadrant {
    case 0: return cosineKernel(r)
    case 1: return -sineKernel(r)
    case 2: return -cosineKernel(r)
    default: return sineKernel(r)
    }
  }

  /// x = quadrant · π/2 + r, |r| ≤ π/4. π/2 in three parts of 33 bits (fdlibm), exact enough for |x| < 2^20 · π/2.
  private static func reduced(_ x: Double) -> (quadrant: Int, rest: Double) {
    precondition(abs(x) < 1_600_000, "angle \(x) is beyond the range of the reduction")
    let n = (x * 6.36619772367581382433e-01).rounded()
    var r = x - n * 1.57079632673412561417
    r -= n * 6.07710050630396597660e-11
    r -= n * 2.02226624879595063154e-21
    let quadrant = Int(n) & 3
    return (quadrant, r)
  }

  private static func sineKernel(_ x: Double) -> Double {
    let z = x * x
    var p = 1.58969099521155010221e-10
    p = p * z - 2.50507602534068634195e-08
    p = p * z + 2.75573137070700676789e-06
    p = p * z - 1.98412698298579493134e-04
    p = p * z + 8.33333333332248946124e-03
    p = p * z - 1.66666666666666324348e-01
    return x + x * z * p
  }

  private static func cosineKernel(_ x: Double) -> Double {
    let z = x * x
    var p = -1.13596475577881948265e-11
    p = p * z + 2.08757232129817482790e-09
    p = p * z - 2.75573143513906633035e-07
    p = p * z + 2.48015872894767294178e-05
    p = p * z - 1.38888888888741095749e-03
    p = p * z + 4.16666666666666019037e-02
    return 1 - (0.5 * z - z * z * p)
  }
}
