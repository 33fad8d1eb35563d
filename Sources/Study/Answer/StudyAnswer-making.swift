// From cells to the answer.

extension StudyAnswer {
  /// Fits, chooses and asks a bootstrap how sure that is.
  ///
  /// - Parameters:
  ///   - cells: a row a run.
  ///   - curves: a row an evaluation of the same runs, for the drift of shorter pilots.
  /// - Throws: `StudyError`: sets or losses before training that are not there, too few cells, options out of range.
  public init(cells table: CellTable, curves: CellTable? = nil, options: StudyOptions) throws(StudyError) {
    var table = table
    if let curves {
      for name in options.newSets.map(\.name) + options.retainedSets.map(\.name)
      where !curves.validationSets.contains(name) {
        throw StudyError(
          .mismatchedSets, curves.name,
          found: "losses of \(curves.validationSets.joined(separator: ", "))",
          expected: "the sets of \(table.name), and \(name) among them")
      }
      for (place, set) in table.validationSets.enumerated() where table.initialLosses[place] == nil {
        if let other = curves.validationSets.firstIndex(of: set) {
          table.initialLosses[place] = curves.initialLosses[other]
        }
      }
    }
    let study = try StudyCells(table, options)
    let ranking = try LawRanking(study)
    let (predictor, fits) = try ranking.predictor(options)
    let found = StudyFindings(study, predictor, fits)
    let recommendation = found.recommendation
    let pilots = try curves.map { curves throws(StudyError) in
      try PilotDrift.drifts(curves, options: options, full: recommendation.setting)
    }
    let laws = try ranking.findings(
      curves: curves, near: PortableMath.log(recommendation.setting.learningRate))
    let words = StudyWords(found, ranking, pilots: pilots)
    let choices = ranking.complete.map { law in
      let choice = found.search.find(found.goal, law.fits.map(\.loss))
      return (law.name, Setting(ratio: choice.ratio, learningRate: PortableMath.exp(choice.logRate)))
    }
    self.init(
      options: options, cells: study.counts, openingWarning: words.openingWarning, predictor: predictor,
      recommendation: recommendation, weighted: found.weighted, feasibility: found.feasibility,
      ridge: found.ridge, paretoFront: found.paretoFront, surfaces: found.surfaces, regret: found.regret,
      laws: laws.reports.map { report in
        choices.first { $0.0 == report.law && report.refusal == nil }.map { report.with(choice: $0.1) } ?? report
      }, criticalMixture: laws.critical,
      residuals: found.residuals, pilots: pilots ?? [], nextCells: found.nextCells, warnings: words.warnings,
      distrust: words.distrust, questions: words.questions, notes: study.notes)
  }
}

/// The laws alone, without a choice.
public struct StudyFit: Sendable, Equatable {
  public let laws: [LawReport]
  public let notes: [String]

  /// - Throws: `StudyError` as the answer does; no loss before training is needed, and models may be of several sizes.
  public init(cells table: CellTable, curves: CellTable? = nil, options: StudyOptions) throws(StudyError) {
    var options = options
    options.maximumRetainedRise = nil
    let study = try StudyCells(table, options, forChoice: false)
    laws = try LawRanking(study).findings(curves: curves, near: nil).reports
    notes = study.notes
  }
}

extension Choice {
  public var setting: Setting { Setting(ratio: ratio.value, learningRate: learningRate.value) }
}

extension PilotDrift {
  /// Parts of the cells' steps that are looked at.
  static let shares = [0.25, 0.5, 0.75]

  /// The choice by the surface on what each cell had reached after a part of its steps.
  static func drifts(
    _ curves: CellTable, options: StudyOptions, full: Setting
  ) throws(StudyError) -> [PilotDrift] {
    var runs: [Run: [Cell]] = [:]
    var order: [Run] = []
    for cell in curves.cells where (cell.step ?? 0) > 0 || (cell.tokens ?? 0) > 0 {
      let run = Run(key: cell.key, seed: cell.seed)
      if runs[run] == nil { order.append(run) }
      runs[run, default: []].append(cell)
    }
    return shares.map { share in
      let part = order.compactMap { run -> Cell? in
        let cells = (runs[run] ?? []).sorted { $0.length < $1.length }
        guard let last = cells.last, cells.count > 1 else { return nil }
        guard let reached = cells.last(where: { $0.length <= share * last.length * 1.0001 }) else { return nil }
        // An evaluation long before the part's end is no stand-in for one there.
        return reached.length >= 0.6 * share * last.length ? reached : nil
      }
      let name = percentage(share, digits: 0)
      var table = CellTable(
        name: curves.name, validationSets: curves.validationSets, initialLosses: curves.initialLosses, cells: part)
      for index in table.cells.indices where table.cells[index].status == .earlyStopped {
        table.cells[index].status = .completed
      }
      do {
        let study = try StudyCells(table, options)
        var losses: [FittedLoss] = []
        for cells in study.cells { losses.append(.surface(try SurfaceFit(cells, frame: study.frame).loss)) }
        let goal: BoxSearch.Goal = options.maximumRetainedRise == nil ? .weighted : .constrained
        let found = BoxSearch(frame: study.frame, objective: study.objective).find(goal, losses)
        let setting = Setting(ratio: found.ratio, learningRate: PortableMath.exp(found.logRate))
        let factor = setting.learningRate / full.learningRate
        return PilotDrift(
          share: share, setting: setting, ratioDrift: setting.ratio - full.ratio, learningRateFactor: factor,
          sentence: "after \(name) of the steps the choice would have been almr \(decimal(setting.ratio, 3)) at "
            + "\(significant(setting.learningRate)): \(decimal(setting.ratio - full.ratio, 3)) in ratio, "
            + "× \(decimal(factor, 2)) in learning rate")
      } catch {
        return PilotDrift(
          share: share, setting: nil, ratioDrift: nil, learningRateFactor: nil,
          sentence: "after \(name) of the steps there is nothing to fit (\(error))")
      }
    }
  }

  private struct Run: Hashable {
    let key: Cell.Key
    let seed: Int64
  }
}

extension Cell {
  /// How far it has trained, in steps, or in tokens where there are none.
  fileprivate var length: Double { step.map(Double.init) ?? tokens ?? 0 }
}
