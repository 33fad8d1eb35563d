import Testing

@testable import Study

@Suite("Numerics against scipy")
struct NumericsTests {
  let fixture: Fixture
  init() throws { fixture = try Fixture("numerics.json") }

  @Test("Elementary functions agree with numpy's to 4 ulp, the normal distribution to 1e-14")
  func elementary() {
    func check(_ name: String, _ tolerance: Double, scale: Double = 0, _ function: (Double) -> Double) {
      let pair = fixture["elementary"][name].rows
      #expect(pair.count == 2 && pair[0].count > 30)
      for (x, y) in zip(pair[0], pair[1]) { #expect(near(function(x), y, tolerance, scale: scale), "\(name)(\(x))") }
    }
    check("exp", 1e-15, PortableMath.exp)
    check("log", 1e-15, PortableMath.log)
    check("cosine", 1e-15, scale: 1, PortableMath.cosineWithinPi)
    check("normal_cdf", 1e-14, scale: 1e-3, NormalDistribution.distribution)
    check("normal_quantile", 1e-14, scale: 1e-2, NormalDistribution.quantile)
    #expect(PortableMath.exp(-800) == 0 && PortableMath.exp(800) == .infinity && PortableMath.exp(.nan).isNaN)
    #expect(PortableMath.log(0) == -.infinity && PortableMath.log(-1).isNaN)
  }

  @Test("Least squares, ranks, leverages, singular values and Cholesky agree with LAPACK")
  func linearAlgebra() throws {
    for item in fixture["linear_algebra"].list {
      let a = Matrix(item["a"].rows)
      let b = item["b"].numbers
      let qr = HouseholderQR(a, tolerance: 1e-10)
      #expect(qr.rank == Int(item["rank"].number))
      for (fitted, expected) in zip(a.times(qr.leastSquares(b)), item["fitted"].numbers) {
        #expect(near(fitted, expected, 1e-9, scale: 1))
      }
      for (h, expected) in zip(qr.leverages(), item["leverages"].numbers) { #expect(near(h, expected, 1e-9, scale: 1)) }
      let svd = SingularValues(a)
      let expected = item["singular_values"].numbers
      for (s, e) in zip(svd.values, expected) { #expect(near(s, e, 1e-10, scale: expected[0] * 1e-3)) }
      // A v = s u: each direction is stretched by its singular value.
      for j in 0..<a.columns {
        #expect(near(norm(a.times(svd.directions.column(j))), svd.values[j], 1e-9, scale: expected[0]))
      }
      if item["gram_solution"].exists {
        let x = try #require(Cholesky(a.gram())).solve(a.transposedTimes(b))
        for (value, expected) in zip(x, item["gram_solution"].numbers) { #expect(near(value, expected, 1e-6)) }
      }
    }
    #expect(Cholesky(Matrix([[1, 2], [2, 1]])) == nil, "indefinite")
  }

  @Test("Robust fits by Levenberg–Marquardt and by L-BFGS end where scipy's do")
  func robustFits() {
    for item in fixture["robust_fits"].list {
      let (x, y) = (item["x"].numbers, item["y"].numbers)
      let loss = HuberLoss(delta: item["delta"].number)
      func model(_ p: [Double], _ residuals: inout [Double], _ jacobian: inout Matrix) {
        for i in x.indices {
          let e = PortableMath.exp(-p[2] * x[i])
          residuals[i] = p[0] + p[1] * e - y[i]
          (jacobian[i, 0], jacobian[i, 1], jacobian[i, 2]) = (1, e, -p[1] * x[i] * e)
        }
      }
      let weights = [Double](repeating: 1, count: x.count)
      let damped = LevenbergMarquardt(loss: loss).minimize(from: [1, 1, 1], weights: weights, model)
      #expect(damped.converged)
      let quasi = LBFGS().minimize(from: [1, 1, 1]) { p, gradient in
        var residuals = weights
        var jacobian = Matrix(rows: x.count, columns: 3)
        model(p, &residuals, &jacobian)
        gradient = jacobian.transposedTimes(residuals.map(loss.derivative))
        return residuals.reduce(0) { $0 + loss.value($1) }
      }
      for (value, point) in [(damped.value, damped.point), (quasi.value, quasi.point)] {
        #expect(value <= item["cost"].number * (1 + 1e-9), "\(value) against \(item["cost"].number)")
        for (p, expected) in zip(point, item["p"].numbers) { #expect(near(p, expected, 1e-5)) }
      }
    }
  }

  @Test("L-BFGS finds Rosenbrock's minimum in twenty dimensions and scipy's minimum of a quartic")
  func quasiNewton() {
    let rosenbrock = LBFGS().minimize(from: [Double](repeating: -1.2, count: 20)) { p, gradient in
      var value = 0.0
      for i in gradient.indices { gradient[i] = 0 }
      for i in 0..<p.count - 1 {
        let a = p[i + 1] - p[i] * p[i]
        let b = 1 - p[i]
        value += 100 * a * a + b * b
        gradient[i] += -400 * a * p[i] - 2 * b
        gradient[i + 1] += 200 * a
      }
      return value
    }
    #expect(rosenbrock.point.allSatisfy { near($0, 1, 1e-6) }, "\(rosenbrock)")
    let item = fixture["minima"]["quartic"]
    let quartic = LBFGS().minimize(from: item["start"].numbers) { p, gradient in
      var value = 0.0
      for i in p.indices {
        value += p[i] * p[i] * p[i] * p[i] / 4 + Double(i + 1) * p[i] / 10
        gradient[i] = p[i] * p[i] * p[i] + Double(i + 1) / 10
        if i > 0 {
          value += p[i] * p[i - 1]
          gradient[i] += p[i - 1]
          gradient[i - 1] += p[i]
        }
      }
      return value
    }
    #expect(near(quartic.value, item["value"].number, 1e-8), "\(quartic)")
  }

  @Test("The line search keeps the strong Wolfe conditions")
  func strongWolfe() throws {
    // f(x) = −x / (x² + 2), Moré and Thuente's first function.
    let f = { (x: [Double], g: inout [Double]) -> Double in
      let d = x[0] * x[0] + 2
      g[0] = (x[0] * x[0] - 2) / (d * d)
      return -x[0] / d
    }
    for first in [1e-3, 0.1, 1, 10, 1000] {
      var search = StrongWolfe(f, from: [0], along: [1], value: 0, slope: -0.5)
      let found = search.search(firstStep: first)
      let trial = try #require(found)
      #expect(trial.value <= StrongWolfe.sufficientDecrease * trial.step * -0.5)
      #expect(abs(trial.slope) <= StrongWolfe.curvature * 0.5)
      #expect(search.evaluations < 30)
    }
  }

  @Test("Random numbers are Philox's published ones, and their moments are right")
  func random() {
    // Known answers of the reference implementation (Random123, kat_vectors).
    #expect(CounterRandom.block(.zero, key: .zero) == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = UInt32.max
    #expect(
      CounterRandom.block(SIMD4(ones, ones, ones, ones), key: SIMD2(ones, ones))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    var random = CounterRandom(seed: 7)
    let normals = (0..<20_000).map { _ in random.normal() }
    #expect(abs(mean(normals)) < 0.03 && near(rootMeanSquare(normals), 1, 0.02))
    let squares = (0..<2000).map { _ in random.chiSquare(5) }
    #expect(near(mean(squares), 5, 0.05))
    let large = (0..<2000).map { _ in random.chiSquare(300) }
    #expect(near(mean(large), 300, 0.01))
    var other = CounterRandom(seed: 7, stream: 1)
    #expect(other.normal() != normals[0])
  }

  @Test("Numbers are written the same everywhere")
  func numberText() {
    #expect(decimal(2.675, 2) == "2.67" || decimal(2.675, 2) == "2.68")
    #expect(decimal(-0.0004, 3) == "0.000" && decimal(-1.25, 1) == "-1.3" && decimal(3, 0) == "3")
    #expect(significant(3.0e-4) == "0.000300" && significant(0.00002951) == "2.95e-05")
    #expect(significant(9.999e-5) == "0.000100" && significant(123_456, 3) == "123000")
    #expect(percentage(0.0312) == "3.1 %" && percentage(0.0312, signed: true) == "+3.1 %")
    #expect(roundedToSignificant(0.1 + 0.2) == 0.3 && roundedToSignificant(-123_456.789, 4) == -123_500)
  }
}
