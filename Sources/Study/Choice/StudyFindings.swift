/// Choices, fronts and maps from the fits of the predictor and their replicates.
struct StudyFindings: Sendable {
  let study: StudyCells
  let predictor: Predictor
  let fits: [SetFit]
  let losses: [FittedLoss]
  let search: BoxSearch
  let goal: BoxSearch.Goal
  let bootstrap: Bootstrap
  let ridgeRatios: [Double]

  /// Points of the maps and of the front's search along each side.
  static let mapPoints = 25

  init(_ study: StudyCells, _ predictor: Predictor, _ fits: [SetFit]) {
    self.study = study
    self.predictor = predictor
    self.fits = fits
    losses = fits.map(\.loss)
    search = BoxSearch(frame: study.frame, objective: study.objective)
    goal = study.options.maximumRetainedRise == nil ? .weighted : .constrained
    let ratios = study.counts.ratios
    ridgeRatios = ratios.count <= 12 ? ratios : BoxSearch.grid(study.frame.ratios, 9)
    bootstrap = Bootstrap(fits, search: search, ridgeRatios: ridgeRatios, options: study.options)
  }

  var recommendation: Choice { choice(search.find(goal, losses), goal) { $0.choice } }
  var weighted: Choice { choice(search.find(.weighted, losses), .weighted) { $0.weighted } }

  private func choice(
    _ found: BoxSearch.Found, _ goal: BoxSearch.Goal, _ replicated: (Replicate) -> BoxSearch.Found
  ) -> Choice {
    let objective = study.objective
    let rise = study.options.maximumRetainedRise
    func value(_ losses: [FittedLoss], _ ratio: Double, _ logRate: Double) -> Double {
      if case .weighted = goal { return objective.weightedLoss(losses, ratio, logRate) }
      return objective.newLoss(losses, ratio, logRate)
    }
    let worst = objective.worstRise(losses, found.ratio, found.logRate)
    // Bound where the limit is reached to a thousandth of itself or where more new loss could be had beyond it.
    let free = search.find(.newLoss, losses)
    let isBound =
      if case .constrained = goal, let rise, let worst {
        !found.isFeasible || (worst.rise > rise - 0.002 && free.value < value(losses, found.ratio, found.logRate))
      } else { false }
    let binding = isBound ? worst?.place : nil
    let expected = study.sets.enumerated().map { place, set in
      let after = bootstrap.estimate(losses[place].value(found.ratio, found.logRate)) {
        $0.losses[place].value(found.ratio, found.logRate)
      }
      let isNew = place < study.options.newSets.count
      let limit = rise.flatMap { rise in
        objective.limited.first { $0.place == place }.map { $0.before * (1 + rise) }
      }
      return ExpectedLoss(
        set: set.name, role: isNew ? .new : .retained,
        isIndependent: isNew || study.options.retainedSets[place - study.options.newSets.count].isIndependent,
        before: set.before, after: after,
        change: set.before.map { before in
          Estimate(after.value / before - 1, after.interval.map { $0 / before - 1 })
        }, limit: limit, isBinding: place == binding)
    }
    let rate = bootstrap.estimate(found.logRate) { replicated($0).logRate }
    return Choice(
      ratio: bootstrap.estimate(found.ratio) { replicated($0).ratio },
      learningRate: Estimate(PortableMath.exp(rate.value), rate.interval.map(PortableMath.exp)),
      objective: bootstrap.estimate(value(losses, found.ratio, found.logRate)) {
        value($0.losses, found.ratio, found.logRate)
      }, losses: expected, bindingSet: binding.map { study.sets[$0].name }, edges: edges(found))
  }

  /// Sides of the grid that a point lies on, to a hundredth of the grid.
  private func edges(_ found: BoxSearch.Found) -> [String] {
    let (u, v) = (study.frame.u(found.logRate), study.frame.v(found.ratio))
    var edges: [String] = []
    if v < -0.98 { edges.append("the lowest ratio") }
    if v > 0.98 { edges.append("the highest ratio") }
    if study.counts.learningRates.count > 1 {
      if u < -0.98 { edges.append("the lowest learning rate") }
      if u > 0.98 { edges.append("the highest learning rate") }
    }
    return edges
  }

  var feasibility: Feasibility? {
    guard let rise = study.options.maximumRetainedRise else { return nil }
    let found = search.find(.constrained, losses)
    let probability = bootstrap.share { $0.choice.isFeasible }
    let limit = percentage(rise)
    guard !found.isFeasible else {
      return Feasibility(
        isFeasible: true, probability: probability, shortfall: nil, nearestRise: nil,
        sentence: "settings of the grid keep every limited loss within \(limit) of before, in "
          + "\(percentage(probability, digits: 0)) of the replicates")
    }
    let least = search.find(.leastRise, losses)
    let worst = study.objective.worstRise(losses, least.ratio, least.logRate)
    let name = worst.map { study.sets[$0.place].name } ?? ""
    return Feasibility(
      isFeasible: false, probability: probability, shortfall: least.value - rise, nearestRise: least.value,
      sentence: "no setting of the grid keeps the limit of \(limit): the nearest, almr \(decimal(least.ratio, 3)) at "
        + "\(significant(PortableMath.exp(least.logRate))), raises \(name) by \(percentage(least.value, digits: 2)), "
        + "\(percentage(least.value - rise, digits: 2)) of its loss too much; run lower ratios or learning rates, or "
        + "allow \(percentage(least.value, digits: 2))")
  }

  var ridge: Ridge {
    let isConstant = study.counts.learningRates.count < 2
    let points = ridgeRatios.enumerated().map { index, ratio in
      let found = search.find(.newLoss, losses, ratios: ratio...ratio)
      let rate = bootstrap.estimate(found.logRate) { $0.ridge[index] }
      return Ridge.Point(
        ratio: ratio, learningRate: Estimate(PortableMath.exp(rate.value), rate.interval.map(PortableMath.exp)),
        isAtEdge: abs(study.frame.u(found.logRate)) > 0.98)
    }
    let inner = points.indices.filter { !points[$0].isAtEdge }
    guard inner.count >= 3, !isConstant else {
      return Ridge(
        points: points, intercept: nil, slope: nil, formError: nil,
        sentence: "the best learning rate lies within the grid at \(inner.count) of \(points.count) ratios: too few "
          + "for a form of η*(r)")
    }
    let a = Matrix(inner.map { [1, ridgeRatios[$0]] })
    let qr = HouseholderQR(a)
    let own = inner.map { PortableMath.log(points[$0].learningRate.value) }
    let line = qr.leastSquares(own)
    let error = rootMeanSquare(zip(a.times(line), own).map { $0 - $1 })
    func replicated(_ place: Int) -> (Replicate) -> Double {
      { replicate in qr.leastSquares(inner.map { replicate.ridge[$0] })[place] }
    }
    let slope = bootstrap.estimate(line[1], replicated(1))
    let tenth = PortableMath.exp(line[1] / 10)
    let sure = slope.interval.contains(0) ? " (whether it moves at all is not certain)" : ""
    return Ridge(
      points: points, intercept: bootstrap.estimate(line[0], replicated(0)), slope: slope, formError: error,
      sentence: "ln η* = \(decimal(line[0], 3)) + (\(decimal(line[1], 3)))·r: each tenth of ratio multiplies the best "
        + "learning rate by \(decimal(tenth, 2))\(sure); the form misses the ridge by a factor of "
        + "\(decimal(PortableMath.exp(error), 3)) at the root mean square")
  }
}
