// From curves to the critical ratio and the law's lines in the ranking.

/// What the law of the critical mixture ratio says of a study. It tells how one ratio's loss goes on with length, not
/// what lies between two settings: it cannot predict in the surface's stead, and its error is on another thing.
struct CriticalMixtureFindings {
  let reports: [LawReport]
  /// Nil without a limit, without curves, or where a limited set's curves cannot be fitted.
  let critical: CriticalMixture?

  /// - Parameter near: ln η of the choice, or nil for the rate of the lowest new loss.
  init(_ study: StudyCells, curves: CellTable?, near: Double?) throws(StudyError) {
    func refused(_ reason: String) -> [LawReport] {
      study.sets.map {
        LawReport(
          refused: CriticalMixture.law, set: $0.name, because: "law \(CriticalMixture.law) of \($0.name): \(reason)")
      }
    }
    guard let curves else {
      self.init(
        reports: refused("found no curves, expected a row an evaluation; it follows losses over the length (--curves)"))
      return
    }
    guard study.sizes.count <= 1 else {
      self.init(reports: refused("found cells of \(study.sizes.count) model sizes, expected one"))
      return
    }
    guard let (rate, countsTokens, sets) = try RatioCurves.all(study, curves, near: near) else {
      self.init(reports: refused("found curves of one ratio at most, expected two ratios or more at one learning rate"))
      return
    }
    var fits: [RatioCurvesFit?] = []
    var refusals: [String: String] = [:]
    for set in sets {
      do { fits.append(try RatioCurvesFit(set)) } catch {
        fits.append(nil)
        refusals[set.set] = error.description
      }
    }
    var replicates: [[[PowerCurve]]] = []
    for draw in 0..<LawReport.replicates {
      var random = CounterRandom(seed: study.options.seed, stream: 4_000_000 + UInt64(draw))
      replicates.append(fits.map { $0?.replicate(&random) ?? [] })
    }
    let critical = Self.critical(study, rate, countsTokens, fits, replicates)
    self.init(
      reports: zip(sets, fits).enumerated().map { place, pair in
        guard let fit = pair.1 else {
          return LawReport(refused: CriticalMixture.law, set: pair.0.set, because: refusals[pair.0.set] ?? "")
        }
        return LawReport(fit, replicates.map { $0[place] }, confidence: study.options.confidence).with(
          choice: critical?.ratio.map { Setting(ratio: $0.value, learningRate: rate) })
      }, critical: critical)
  }

  init(reports: [LawReport], critical: CriticalMixture? = nil) {
    (self.reports, self.critical) = (reports, critical)
  }

  private static func critical(
    _ study: StudyCells, _ rate: Double, _ countsTokens: Bool, _ fits: [RatioCurvesFit?],
    _ replicates: [[[PowerCurve]]]
  ) -> CriticalMixture? {
    guard let rise = study.options.maximumRetainedRise, let first = study.objective.limited.first,
      study.objective.limited.allSatisfy({ fits[$0.place] != nil }), let curves = fits[first.place]?.curves,
      let shortest = curves.lengths.compactMap(\.last).min()
    else { return nil }
    /// The smallest of the limited sets' critical ratios.
    func ratio(_ drawn: [[PowerCurve]], _ length: Double) -> (ratio: Double, isOpen: Bool)? {
      var least: (ratio: Double, isOpen: Bool)?
      for (place, before) in study.objective.limited {
        guard
          let own = CriticalMixtureRatio.critical(
            ratios: curves.ratios, retained: drawn[place].map { $0.value(length) }, limit: before * (1 + rise))
        else { return nil }
        if least.map({ own.ratio < $0.ratio }) ?? true { least = own }
      }
      return least
    }
    let fitted = fits.map { $0?.fits ?? [] }
    let points = (curves.lengths[0].filter { $0 <= shortest }).map { length in
      let found = ratio(fitted, length)
      return CriticalMixture.Point(length: length, ratio: found?.ratio, isOpen: found?.isOpen ?? false)
    }
    let inner = points.filter { !$0.isOpen && $0.ratio != nil }
    let growth = try? PowerCurve(
      lengths: inner.map(\.length), losses: inner.compactMap(\.ratio), powers: 1, name: "the critical ratio")
    var end: Estimate?
    if let found = ratio(fitted, shortest), !found.isOpen {
      end = Estimate(
        found.ratio, draws: replicates.map { ratio($0, shortest)?.ratio ?? curves.ratios[0] },
        tail: (1 - study.options.confidence) / 2)
    }
    let length = countsTokens ? "\(significant(shortest)) tokens" : "\(significant(shortest)) steps"
    let limit = percentage(rise)
    var sentence = "at learning rate \(significant(rate)), after \(length), "
    if let end {
      sentence +=
        "ratios up to \(decimal(end.value, 3)) (\(percentage(study.options.confidence, digits: 0)): "
        + "\(decimal(end.interval.lower, 3)) to \(decimal(end.interval.upper, 3))) keep every limited loss within "
        + limit
    } else if points.last?.isOpen == true {
      sentence += "every ratio that was run keeps the limit of \(limit): the critical one lies beyond them"
    } else {
      sentence += "the lowest ratio is beyond the limit of \(limit) already"
    }
    let law = growth.map {
      CriticalMixtureRatio(alpha: $0.powers[0].alpha, exponent: $0.powers[0].exponent, beta: $0.beta)
    }
    if let law, let first = inner.first?.ratio, let last = inner.last?.ratio {
      let next = law.ratio(2 * shortest)
      sentence +=
        "; over the curves it went from \(decimal(first, 3)) to \(decimal(last, 3))"
        + (end != nil && next.isFinite
          ? ", and twice as long a training would have \(decimal(min(1, max(0, next)), 3)), if the curves go on so"
          : "")
    }
    return CriticalMixture(
      learningRate: rate, countsTokens: countsTokens, points: points, ratio: end, growth: law, sentence: sentence)
  }
}

extension LawReport {
  init(_ fit: RatioCurvesFit, _ replicates: [[PowerCurve]], confidence: Double) {
    var parameters: [LawParameter] = []
    let tail = (1 - confidence) / 2
    func add(_ name: String, _ place: Int, wide: Double, _ value: (PowerCurve) -> Double) {
      let estimate = Estimate(value(fit.fits[place]), draws: replicates.map { value($0[place]) }, tail: tail)
      let isTold = estimate.interval.upper - estimate.interval.lower < wide
      parameters.append(LawParameter(name: name, estimate: estimate, isIdentified: isTold))
    }
    let digits = fit.curves.powers == 1 ? ["₁"] : ["₂", "₃"]
    let size = fit.curves.losses.joined().max() ?? 1
    for (place, ratio) in fit.curves.ratios.enumerated() {
      for (power, digit) in digits.enumerated() {
        add("α\(digit) at \(decimal(ratio, 3))", place, wide: size) { $0.powers[power].alpha }
        // As wide as half of where exponents are sought.
        add("s\(digit) at \(decimal(ratio, 3))", place, wide: 1.75) { $0.powers[power].exponent }
      }
      add("β at \(decimal(ratio, 3))", place, wide: size) { $0.beta }
    }
    let count = fit.curves.lengths.reduce(0) { $0 + $1.count }
    let squares = zip(fit.fits, fit.curves.lengths).reduce(0) { $0 + $1.0.error * $1.0.error * Double($1.1.count) }
    let open = parameters.filter { !$0.isIdentified }.count
    self.init(
      law: CriticalMixture.law, source: "arXiv 2407.17467",
      formula: digits.map { "α\($0)·T^s\($0)" }.joined(separator: " + ") + " + β, a curve a ratio",
      set: fit.curves.set, parameters: parameters, cellCount: count, parameterCount: parameters.count,
      rank: parameters.count - open, residualError: (squares / Double(count)).squareRoot(),
      leaveOneOutError: fit.lastLeftOut, conditionNumber: .nan, converged: true, choice: nil, refusal: nil,
      unidentified: "a law of the length: its error is on each curve's last evaluation, told by those before it"
        + (open > 0 ? "; \(open) of \(parameters.count) parameters are not to be read as numbers" : ""))
  }
}
