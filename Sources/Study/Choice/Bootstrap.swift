/// A set's fit by the predictor, and what its losses could as well have been.
enum SetFit: Sendable {
  case surface(SurfaceFit, FitCells)
  case law(LawFit, FitCells)

  var loss: FittedLoss {
    switch self {
    case .surface(let fit, _): .surface(fit.loss)
    case .law(let fit, _): .law(fit.loss)
    }
  }

  var weights: [Double] {
    switch self {
    case .surface(let fit, _): fit.weights
    case .law(let fit, _): fit.weights
    }
  }

  var cells: FitCells {
    switch self {
    case .surface(_, let cells), .law(_, let cells): cells
    }
  }

  /// The same fit to losses drawn around the fitted ones: normal noise of the residuals' size. That size is itself
  /// known from few residuals only, so each replicate draws it too: σ² ν/χ²(ν).
  func replicate(_ random: inout CounterRandom) -> FittedLoss {
    switch self {
    case .surface(let fit, let cells):
      let noise = Self.noise(fit.sigma, fit.degreesOfFreedom, fit.used.map { fit.weights[$0] }, &random)
      let losses = zip(fit.used, noise).map { fit.loss.value(cells.items[$0]) + $1 }
      return .surface(fit.design.fit(losses).loss)
    case .law(let fit, let cells):
      let noise = Self.noise(fit.sigma, fit.degreesOfFreedom, fit.used.map { fit.weights[$0] }, &random)
      let problem = LawProblem(
        law: fit.loss.law, terms: fit.loss.rateTerms, items: fit.used.map { cells.items[$0] }, noise: fit.sigma)
      let losses = zip(problem.points, noise).map { fit.loss.value(at: $0) + $1 }
      let found = problem.solve(from: problem.inner(fit.loss.parameters), losses: losses, iterations: 40)
      return .law(
        LawLoss(
          law: fit.loss.law, rateTerms: fit.loss.rateTerms, parameters: problem.outer(found.point),
          base: fit.loss.base))
    }
  }

  private static func noise(
    _ sigma: Double, _ freedom: Int, _ weights: [Double], _ random: inout CounterRandom
  ) -> [Double] {
    let scale = sigma * (Double(freedom) / random.chiSquare(freedom)).squareRoot()
    return weights.map { scale * random.normal() / max($0, 1e-6).squareRoot() }
  }
}

/// One draw of what the study could as well have found.
struct Replicate: Sendable {
  let losses: [FittedLoss]
  /// Under the constraint, or weighted where there is none.
  let choice: BoxSearch.Found
  let weighted: BoxSearch.Found
  /// ln η* at the ridge's ratios.
  let ridge: [Double]
}

struct Bootstrap: Sendable {
  let replicates: [Replicate]
  let confidence: Double

  init(
    _ fits: [SetFit], search: BoxSearch, ridgeRatios: [Double], options: StudyOptions
  ) {
    let goal: BoxSearch.Goal = options.maximumRetainedRise == nil ? .weighted : .constrained
    replicates = (0..<options.bootstrapCount).map { index in
      var random = CounterRandom(seed: options.seed, stream: UInt64(index) + 1)
      let losses = fits.map { $0.replicate(&random) }
      let weighted = search.find(.weighted, losses)
      return Replicate(
        losses: losses, choice: options.maximumRetainedRise == nil ? weighted : search.find(goal, losses),
        weighted: weighted, ridge: ridgeRatios.map { search.find(.newLoss, losses, ratios: $0...$0).logRate })
    }
    confidence = options.confidence
  }

  /// `value` with the quantiles of what the replicates say; the interval always holds the value itself.
  func estimate(_ value: Double, _ quantity: (Replicate) -> Double) -> Estimate {
    Estimate(value, draws: replicates.map(quantity), tail: (1 - confidence) / 2)
  }

  /// The share of replicates with a property.
  func share(_ property: (Replicate) -> Bool) -> Double {
    Double(replicates.filter(property).count) / Double(replicates.count)
  }
}
