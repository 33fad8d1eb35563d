// Fits as reports: parameters with intervals, and what the cells cannot tell.

extension LawReport {
  /// Replicates behind the parameters' intervals: percentiles of 5 and 95 need no more.
  static let replicates = 100

  init(refused law: String, set: String, because reason: String) {
    self.init(
      law: law, source: "", formula: "", set: set, parameters: [], cellCount: 0, parameterCount: 0, rank: 0,
      residualError: .nan, leaveOneOutError: .nan, conditionNumber: .nan, converged: false, choice: nil,
      refusal: reason, unidentified: "")
  }

  init(_ fit: SurfaceFit, _ cells: FitCells, leaveOneOut: Double) {
    let count = fit.terms.places.count + (fit.terms.hasRateShape ? 1 : 0) + (fit.terms.hasRatioShape ? 1 : 0)
    let names = ["1", "u", "φₖ(u)", "v", "u·v", "φₖ(u)·v", "φₛ(v)", "u·φₛ(v)", "φₖ(u)·φₛ(v)"]
    let terms = fit.terms.places.map { names[$0] }.joined(separator: " + ")
    var random = CounterRandom(seed: 1, stream: 2_000_000)
    let draws = (0..<Self.replicates).compactMap { _ -> SurfaceLoss? in
      if case .surface(let loss) = SetFit.surface(fit, cells).replicate(&random) { loss } else { nil }
    }
    func parameter(_ name: String, _ value: (SurfaceLoss) -> Double, wide: Double) -> LawParameter {
      let estimate = Estimate(value(fit.loss), draws: draws.map(value), tail: 0.05)
      return LawParameter(
        name: name, estimate: estimate, isIdentified: estimate.interval.upper - estimate.interval.lower < wide)
    }
    var parameters = fit.terms.places.map { place in
      parameter(names[place], { $0.coefficients[place] }, wide: .infinity)
    }
    if fit.terms.hasRateShape { parameters.append(parameter("k", { $0.rateShape }, wide: 3.5)) }
    if fit.terms.hasRatioShape { parameters.append(parameter("s", { $0.ratioShape }, wide: 6)) }
    let open = parameters.filter { !$0.isIdentified }.map(\.name)
    self.init(
      law: SurfaceFit.name, source: "this program", formula: terms, set: cells.set, parameters: parameters,
      cellCount: fit.used.count, parameterCount: count, rank: fit.rank, residualError: fit.residualError(cells),
      leaveOneOutError: leaveOneOut, conditionNumber: .nan, converged: true, choice: nil, refusal: nil,
      unidentified: open.isEmpty
        ? "" : "the cells do not tell \(open.joined(separator: ", ")): the sides of the basin may be bent otherwise")
  }

  init(_ fit: LawFit, _ cells: FitCells, leaveOneOut: Double, options: StudyOptions) {
    let ranges = fit.loss.ranges
    let svd = SingularValues(fit.jacobian)
    let largest = svd.values.first ?? 0
    // A direction is told when a step of 1 along it (a factor of e in positive parameters) stands out of the noise.
    let isTold = svd.values.map { $0 > fit.sigma && $0 > 1e-9 * largest }
    var random = CounterRandom(seed: options.seed, stream: 3_000_000)
    let setFit = SetFit.law(fit, cells)
    let draws = (0..<Self.replicates).compactMap { _ -> [Double]? in
      if case .law(let loss) = setFit.replicate(&random) { loss.parameters } else { nil }
    }
    let parameters = ranges.indices.map { j in
      let estimate = Estimate(
        fit.loss.parameters[j], draws: draws.map { $0[j] }, tail: (1 - options.confidence) / 2)
      let isOpen = svd.values.indices.contains { !isTold[$0] && abs(svd.directions[j, $0]) > 0.3 }
      return LawParameter(name: ranges[j].name, estimate: estimate, isIdentified: !isOpen)
    }
    let open = parameters.filter { !$0.isIdentified }.map(\.name)
    let rank = isTold.filter { $0 }.count
    self.init(
      law: fit.loss.law.name, source: fit.loss.law.source,
      formula: fit.loss.law.formula + fit.loss.rateTerms.formula, set: cells.set, parameters: parameters,
      cellCount: fit.used.count, parameterCount: ranges.count, rank: rank, residualError: fit.residualError(cells),
      leaveOneOutError: leaveOneOut, conditionNumber: largest / max(svd.values.last ?? 0, 1e-300),
      converged: fit.converged, choice: nil, refusal: nil,
      unidentified: open.isEmpty
        ? ""
        : "the cells tell \(rank) of \(ranges.count) directions; \(open.joined(separator: ", ")) are not to be read "
          + "as numbers")
  }

  func with(choice: Setting?) -> LawReport {
    LawReport(
      law: law, source: source, formula: formula, set: set, parameters: parameters, cellCount: cellCount,
      parameterCount: parameterCount, rank: rank, residualError: residualError, leaveOneOutError: leaveOneOutError,
      conditionNumber: conditionNumber, converged: converged, choice: choice, refusal: refusal,
      unidentified: unidentified)
  }
}

extension RateTerms {
  var formula: String {
    let names = [kind == .none ? nil : "a·u", hasInteraction ? "c·u·v" : nil, kind == .basin ? "b·φₖ(u)" : nil]
    return names.compactMap { $0 }.map { " + " + $0 }.joined()
  }
}

extension SurfaceFit {
  /// Root mean square of the residuals, cells counting as in the fit.
  func residualError(_ cells: FitCells) -> Double {
    var (squares, total) = (0.0, 0.0)
    for index in used {
      let error = cells.items[index].loss - loss.value(cells.items[index])
      squares += weights[index] * error * error
      total += weights[index]
    }
    return (squares / max(total, 1e-300)).squareRoot()
  }
}

extension LawFit {
  func residualError(_ cells: FitCells) -> Double {
    var (squares, total) = (0.0, 0.0)
    for index in used {
      let item = cells.items[index]
      let error = item.loss - loss.value(item)
      squares += weights[index] * error * error
      total += weights[index]
    }
    return (squares / max(total, 1e-300)).squareRoot()
  }
}
