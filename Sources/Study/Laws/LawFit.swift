/// A robust fit of a law with its rate terms to one set's losses: Levenberg–Marquardt under Huber's loss from many
/// starts with a fixed seed, positive parameters as logarithms, ranges as walls.
struct LawFit: Sendable {
  let loss: LawLoss
  /// Robust loss at the end, σ² not divided out.
  let value: Double
  let converged: Bool
  let weights: [Double]
  /// Standard deviation of a cell of weight 1.
  let sigma: Double
  let degreesOfFreedom: Int
  /// Places of the items in the fit.
  let used: [Int]
  /// Slopes of the fitted losses in the inner parameters (logarithms of positive ones), row by cell.
  let jacobian: Matrix

  static let starts = 24
  /// Huber's δ, in units of the surface's residual error.
  static let huberWidth = 2.0

  /// - Parameter noise: what a cell's loss is uncertain by, from the surface's residuals; scales the loss and the mild
  ///   prior on the asymmetry.
  init(
    _ law: any MixtureLaw, _ cells: FitCells, frame: SurfaceFrame, noise: Double, seed: UInt64
  ) throws(StudyError) {
    let measured = cells.items.indices.filter { !cells.items[$0].isBound }
    let fitted = FitCells(set: cells.set, items: measured.map { cells.items[$0] })
    let terms = RateTerms(rates: fitted.rates, ratios: fitted.ratios, frame: frame, knowsRate: law.knowsRate)
    let needed = law.parameters.count + terms.parameters.count + 1
    guard fitted.ratios >= law.leastRatios else {
      throw StudyError(
        .tooFewCells, "law \(law.name) of \(cells.set)", found: "\(fitted.ratios) ratios",
        expected: "at least \(law.leastRatios) ratios", wayOut: "run cells at more ratios")
    }
    if let ratio = fitted.items.first(where: { !law.isDefined(ratio: $0.ratio) })?.ratio {
      throw StudyError(
        .tooFewCells, "law \(law.name) of \(cells.set)", found: "cells at ratio \(ratio), where it has no value",
        expected: "ratios strictly between 0 and 1")
    }
    let settings = law.knowsLength ? Set(fitted.items.map(LawPoint.init)).count : fitted.settings
    guard settings >= needed else {
      throw StudyError(
        .tooFewCells, "law \(law.name) of \(cells.set)", found: "\(settings) cells at settings of their own",
        expected: "at least \(needed), one more than its \(needed - 1) parameters",
        wayOut: "run more cells, or study with fewer learning rates")
    }
    self.init(law, cells, terms: terms, noise: noise, seed: seed, start: nil)
  }

  /// From `start` alone, or from many where that is nil.
  init(
    _ law: any MixtureLaw, _ cells: FitCells, terms: RateTerms, noise: Double, seed: UInt64, start: [Double]?
  ) {
    let used = cells.items.indices.filter { !cells.items[$0].isBound }
    let problem = LawProblem(law: law, terms: terms, items: used.map { cells.items[$0] }, noise: noise)
    let losses = problem.losses
    let solution: LevenbergMarquardt.Solution
    if let start {
      solution = problem.solve(from: problem.inner(start), losses: losses, iterations: 60)
    } else {
      solution = problem.solveFromManyStarts(losses: losses, seed: seed)
    }
    let p = problem.ranges.count
    let count = used.count
    let fitted = problem.outer(solution.point)
    let huber = HuberLoss(delta: problem.delta)
    var weights = cells.items.map { _ in 0.0 }
    var squares = 0.0
    for (place, index) in used.enumerated() {
      let root = cells.items[index].weight.squareRoot()
      let robust = huber.weight(solution.residuals[place] * root)
      weights[index] = cells.items[index].weight * robust
      squares += weights[index] * solution.residuals[place] * solution.residuals[place]
    }
    loss = LawLoss(law: law, rateTerms: terms, parameters: fitted, base: problem.base)
    value = solution.value
    converged = solution.converged
    self.weights = weights
    degreesOfFreedom = max(1, count - p)
    sigma = (squares / Double(degreesOfFreedom)).squareRoot()
    self.used = used
    var jacobian = Matrix(rows: count, columns: p)
    for i in 0..<count {
      for j in 0..<p { jacobian[i, j] = solution.jacobian[i, j] * weights[used[i]].squareRoot() }
    }
    self.jacobian = jacobian
  }
}

/// The least squares problem of a law on some cells, in inner parameters.
struct LawProblem {
  let law: any MixtureLaw
  let terms: RateTerms
  let items: [FitCells.Item]
  let noise: Double
  let ranges: [LawParameterRange]
  let points: [LawPoint]
  let base: LawPoint
  let delta: Double

  init(law: any MixtureLaw, terms: RateTerms, items: [FitCells.Item], noise: Double) {
    (self.law, self.terms, self.items, self.noise) = (law, terms, items, noise)
    ranges = law.parameters + terms.parameters
    points = items.map(LawPoint.init)
    base =
      points.max { ($0.parameters, $0.tokens) < ($1.parameters, $1.tokens) }
      ?? LawPoint(ratio: 0, logRate: 0, tokens: 1, parameters: 1)
    let size = items.map { abs($0.loss) }.max() ?? 1
    delta = max(LawFit.huberWidth * noise, 1e-6 * size)
  }

  var losses: [Double] { items.map(\.loss) }

  func inner(_ p: [Double]) -> [Double] { zip(ranges, p).map { $0.inner($1) } }
  func outer(_ p: [Double]) -> [Double] { zip(ranges, p).map { $0.outer($1) } }

  func solve(from start: [Double], losses: [Double], iterations: Int) -> LevenbergMarquardt.Solution {
    var solver = LevenbergMarquardt(loss: HuberLoss(delta: delta))
    solver.iterationLimit = iterations
    solver.stepTolerance = 1e-7
    let count = points.count
    let p = ranges.count
    let shape = terms.kind == .basin ? p - 1 : nil
    // The prior on the asymmetry is one more residual.
    var weights = items.map(\.weight)
    if shape != nil { weights.append(1) }
    var slopes = [Double](repeating: 0, count: p)
    return solver.minimize(from: start, weights: weights) { inner, residuals, jacobian in
      let outer = self.outer(inner)
      let isWithin = zip(self.ranges, outer).allSatisfy { $0.range.contains($1) }
      for i in 0..<count {
        guard isWithin else {
          residuals[i] = .nan
          continue
        }
        residuals[i] = LawLoss.evaluate(self.law, self.terms, outer, self.points[i], &slopes) - losses[i]
        for j in 0..<p { jacobian[i, j] = self.ranges[j].isPositive ? slopes[j] * outer[j] : slopes[j] }
      }
      if let shape {
        let scale = max(self.noise, 1e-9) / 1.5
        residuals[count] = scale * (outer[shape] - 1)
        for j in 0..<p { jacobian[count, j] = j == shape ? scale : 0 }
      }
    }
  }

  func solveFromManyStarts(losses: [Double], seed: UInt64) -> LevenbergMarquardt.Solution {
    let range = (losses.min() ?? 0)...(losses.max() ?? 1)
    var best: LevenbergMarquardt.Solution?
    for start in 0..<LawFit.starts {
      var random = CounterRandom(seed: seed, stream: 1_000_000 + UInt64(start))
      let own = law.start(losses: range, random: &random)
      let outer = own + terms.start
      let clamped = zip(ranges, outer).map { min($0.range.upperBound, max($0.range.lowerBound, $1)) }
      let found = solve(from: inner(clamped), losses: losses, iterations: 40)
      if found.value.isFinite, best.map({ found.value < $0.value * (1 - 1e-12) }) ?? true { best = found }
    }
    let point = best?.point ?? inner(ranges.map { ($0.range.lowerBound + $0.range.upperBound) / 2 })
    return solve(from: point, losses: losses, iterations: 400)
  }
}
