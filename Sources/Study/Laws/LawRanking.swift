/// All laws fitted to all sets of a study, with what each says on cells it has not seen.
struct LawRanking: Sendable {
  /// Ranked: by rising error on cells left out; refused ones last.
  let reports: [LawReport]
  /// Fits of laws that fit every set, by name.
  let complete: [(name: String, fits: [SetFit], leaveOneOut: [Double])]
  private let study: StudyCells
  private let wantsCriticalMixture: Bool

  static let names = [
    SurfaceFit.name, "mixing", "d-cpt", "cross-lingual", "annealing-shift", CriticalMixture.law,
  ]

  /// How much lower than the surface's a law's error must be for it to predict in its stead: errors of few cells are
  /// uncertain themselves, and a choice among laws by a hair is noise.
  static let advantage = 0.85

  /// - Throws: `StudyError` where the surface itself cannot be fitted or a law's name is unknown.
  init(_ study: StudyCells) throws(StudyError) {
    let options = study.options
    for name in (options.laws ?? []) + (options.predictor.map { [$0] } ?? []) where !Self.names.contains(name) {
      throw StudyError(
        .unknownName, "law \(quoted(name))", found: "no law of that name", expected: Self.names.joined(separator: ", "))
    }
    var wanted = options.laws ?? Self.names
    if let predictor = options.predictor, !wanted.contains(predictor) { wanted.append(predictor) }
    var reports: [LawReport] = []
    var complete: [(name: String, fits: [SetFit], leaveOneOut: [Double])] = []
    var noises: [Double] = []
    if study.sizes.count <= 1 {
      var surfaces: [SurfaceFit] = []
      for cells in study.cells { surfaces.append(try SurfaceFit(cells, frame: study.frame)) }
      let errors = zip(surfaces, study.cells).map { LeaveOneOut.error($0, $1, study.frame) }
      complete.append((SurfaceFit.name, zip(surfaces, study.cells).map { .surface($0, $1) }, errors))
      for (place, surface) in surfaces.enumerated() {
        reports.append(LawReport(surface, study.cells[place], leaveOneOut: errors[place]))
      }
      noises = surfaces.map(\.sigma)
    } else {
      noises = study.cells.map { Self.noise($0, study) }
    }
    // The surface of one size stands already.
    let done = study.sizes.count > 1 ? [CriticalMixture.law] : [CriticalMixture.law, SurfaceFit.name]
    for name in wanted where !done.contains(name) {
      var fits: [SetFit] = []
      var errors: [Double] = []
      for (place, cells) in study.cells.enumerated() {
        let isRetained = place >= options.newSets.count
        if study.sizes.count > 1, !Self.knowingSize.contains(name) {
          reports.append(
            LawReport(
              refused: name, set: cells.set,
              because: "law \(name) of \(cells.set): found cells of \(study.sizes.count) model sizes, expected one; "
                + "it knows no size"))
          continue
        }
        guard let law = Self.law(name, cells, isRetained: isRetained, options) else {
          reports.append(
            LawReport(
              refused: name, set: cells.set,
              because: "law \(name) of \(cells.set): found no schedule of the learning rate, expected one; it sums the "
                + "rates of all steps (a sweep's own, or --schedule)"))
          continue
        }
        do {
          let noise = max(noises[place], 1e-12)
          let fit = try LawFit(law, cells, frame: study.frame, noise: noise, seed: options.seed)
          let error = LeaveOneOut.error(fit, cells, noise: noise, seed: options.seed)
          fits.append(.law(fit, cells))
          errors.append(error)
          reports.append(LawReport(fit, cells, leaveOneOut: error, options: options))
        } catch {
          reports.append(LawReport(refused: name, set: cells.set, because: error.description))
        }
      }
      if fits.count == study.cells.count { complete.append((name, fits, errors)) }
    }
    self.complete = complete
    self.study = study
    wantsCriticalMixture = wanted.contains(CriticalMixture.law)
    self.reports = Self.sorted(reports, study)
  }

  /// With the law of the length, whose rate is the choice's: after those that tell settings apart.
  func findings(curves: CellTable?, near logRate: Double?) throws(StudyError) -> CriticalMixtureFindings {
    guard wantsCriticalMixture else { return CriticalMixtureFindings(reports: reports) }
    let found = try CriticalMixtureFindings(study, curves: curves, near: logRate)
    return CriticalMixtureFindings(reports: Self.sorted(reports + found.reports, study), critical: found.critical)
  }

  private static func sorted(_ reports: [LawReport], _ study: StudyCells) -> [LawReport] {
    reports.enumerated().sorted { a, b in
      let (x, y) = (a.element, b.element)
      let (px, py) = (study.cells.firstIndex { $0.set == x.set } ?? 0, study.cells.firstIndex { $0.set == y.set } ?? 0)
      if px != py { return px < py }
      if (x.refusal == nil) != (y.refusal == nil) { return x.refusal == nil }
      // Its error is on another thing than the others'.
      if (x.law == CriticalMixture.law) != (y.law == CriticalMixture.law) { return y.law == CriticalMixture.law }
      if x.leaveOneOutError != y.leaveOneOutError { return x.leaveOneOutError < y.leaveOneOutError }
      return a.offset < b.offset
    }.map(\.element)
  }

  /// Laws with terms in the number of parameters.
  private static let knowingSize = ["d-cpt", "cross-lingual"]

  /// What a cell's loss is uncertain by where the table has several sizes: the mean over those sizes whose cells a
  /// surface fits, or a thousandth of the loss.
  private static func noise(_ cells: FitCells, _ study: StudyCells) -> Double {
    let sigmas = study.sizes.compactMap { size in
      let own = FitCells(set: cells.set, items: cells.items.filter { $0.parameters == size })
      return try? SurfaceFit(own, frame: study.frame).sigma
    }
    return sigmas.isEmpty ? 1e-3 * (cells.items.map { abs($0.loss) }.max() ?? 1) : mean(sigmas)
  }

  private static func law(
    _ name: String, _ cells: FitCells, isRetained: Bool, _ options: StudyOptions
  ) -> (any MixtureLaw)? {
    let variesTokens = Set(cells.items.filter { !$0.isBound }.compactMap(\.tokens)).count > 1
    let variesSize = Set(cells.items.compactMap(\.parameters)).count > 1
    switch name {
    case "mixing": return ExponentialMixing()
    case "d-cpt": return DomainContinual(variesSize: variesSize, variesTokens: variesTokens, isRetained: isRetained)
    case "cross-lingual": return CrossLingual(variesSize: variesSize, isRetained: isRetained)
    default: return options.schedule.map { AnnealingShift($0) }
    }
  }

  /// The predictor: the user's, or a law that beats the surface clearly on cells left out, or the surface.
  func predictor(_ options: StudyOptions) throws(StudyError) -> (predictor: Predictor, fits: [SetFit]) {
    if let name = options.predictor {
      guard name != CriticalMixture.law else {
        throw StudyError(
          .badOption, "predictor", found: name,
          expected: "a law that tells settings apart, such as \(complete[0].name)",
          wayOut: "it follows one ratio's loss over the length of training")
      }
      guard let found = complete.first(where: { $0.name == name }) else {
        let reason = reports.first { $0.law == name && $0.refusal != nil }?.refusal ?? "it was not fitted"
        throw StudyError(
          .tooFewCells, "law \(name)", found: "a predictor that does not fit every set (\(reason))",
          expected: "a law that fits them all, such as \(complete[0].name)")
      }
      return (Predictor(law: name, why: "as asked for", isUsersChoice: true), found.fits)
    }
    var best = (place: 0, ratio: 1.0)
    for (place, candidate) in complete.enumerated().dropFirst() {
      var logs = 0.0
      for (error, surface) in zip(candidate.leaveOneOut, complete[0].leaveOneOut) {
        logs += PortableMath.log(max(error, 1e-12) / max(surface, 1e-12))
      }
      let ratio = PortableMath.exp(logs / Double(candidate.leaveOneOut.count))
      if ratio < best.ratio { best = (place, ratio) }
    }
    let isClear = best.place > 0 && best.ratio < Self.advantage
    let chosen = complete[isClear ? best.place : 0]
    let why =
      isClear
      ? "its error on cells left out is \(percentage(1 - best.ratio, digits: 0)) below the surface's"
      : complete.count == 1
        ? "no law fits every set"
        : "no law's error on cells left out is clearly below it"
    return (Predictor(law: chosen.name, why: why, isUsersChoice: false), chosen.fits)
  }
}

/// Errors on settings that a fit has not seen, each left out with all its repeats.
enum LeaveOneOut {
  static func error(_ fit: SurfaceFit, _ cells: FitCells, _ frame: SurfaceFrame) -> Double {
    total(cells, fit.used) { rest in
      let kept = rest.map { cells.items[$0] }
      let design = SurfaceDesign(
        frame: frame, terms: fit.terms, settings: kept.map { ($0.ratio, $0.logRate) },
        weights: rest.map { max(fit.weights[$0], 1e-6) })
      let loss = design.fit(kept.map(\.loss)).loss
      return { loss.value($0) }
    }
  }

  static func error(_ fit: LawFit, _ cells: FitCells, noise: Double, seed: UInt64) -> Double {
    total(cells, fit.used) { rest in
      let kept = FitCells(set: cells.set, items: rest.map { cells.items[$0] })
      let again = LawFit(
        fit.loss.law, kept, terms: fit.loss.rateTerms, noise: noise, seed: seed, start: fit.loss.parameters)
      return { again.loss.value($0) }
    }
  }

  /// Root mean square, cells counting as in the fit.
  private static func total(
    _ cells: FitCells, _ used: [Int], _ refit: ([Int]) -> (FitCells.Item) -> Double
  ) -> Double {
    var squares = 0.0
    var weights = 0.0
    var done = Set<Setting>()
    for index in used {
      let setting = cells.items[index].setting
      guard done.insert(setting).inserted else { continue }
      let predict = refit(used.filter { cells.items[$0].setting != setting })
      for other in used where cells.items[other].setting == setting && !cells.items[other].isBound {
        let item = cells.items[other]
        let error = item.loss - predict(item)
        squares += item.weight * error * error
        weights += item.weight
      }
    }
    return weights > 0 ? (squares / weights).squareRoot() : .nan
  }
}

extension FitCells.Item {
  /// The rate stays a logarithm: it is a name here.
  var setting: Setting { Setting(ratio: ratio, learningRate: logRate) }
}
