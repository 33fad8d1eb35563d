/// The critical mixture ratio of a study, by its curves: the largest ratio whose retained losses keep the limit, and
/// how it moves with the length of training (arXiv 2407.17467).
public struct CriticalMixture: Sendable, Equatable {
  /// As people write it on the command line.
  public static let law = "critical-mixture"

  public struct Point: Sendable, Equatable {
    /// Training tokens, or steps where the curves have no tokens.
    public let length: Double
    /// Nil where the lowest ratio is beyond the limit already.
    public let ratio: Double?
    /// Every ratio that was run keeps the limit: the critical one lies beyond them.
    public let isOpen: Bool
  }

  /// Of the curves: the grid's learning rate nearest to the choice.
  public let learningRate: Double
  public let countsTokens: Bool
  /// After each evaluation, by length.
  public let points: [Point]
  /// At the end of the curves; nil where no ratio keeps the limit or all do.
  public let ratio: Estimate?
  /// R(T) = α·T^s + β through the points between the lowest ratio and the highest; nil with fewer than four.
  public let growth: CriticalMixtureRatio?
  public let sentence: String
}

/// One set's losses over the length of training, a curve a ratio, all at one learning rate.
struct RatioCurves: Sendable {
  let set: String
  let ratios: [Double]
  /// By ratio; ascending, above 0.
  let lengths: [[Double]]
  /// Means over the seeds.
  let losses: [[Double]]
  /// 1 for a new set, 2 for a retained one.
  let powers: Int

  /// - Parameter near: ln η of the choice, or nil for the rate of the lowest new loss.
  static func all(_ study: StudyCells, _ curves: CellTable, near: Double?) throws(StudyError) -> (
    rate: Double, countsTokens: Bool, sets: [RatioCurves]
  )? {
    let rows = curves.cells.filter { $0.status == .completed && ($0.step ?? 1) > 0 && ($0.tokens ?? 1) > 0 }
    let countsTokens = rows.allSatisfy { $0.tokens != nil }
    func length(_ row: Cell) -> Double { (countsTokens ? row.tokens : row.step.map(Double.init)) ?? 0 }
    var ratiosByRate: [Double: Set<Double>] = [:]
    for row in rows where length(row) > 0 { ratiosByRate[row.learningRate, default: []].insert(row.ratio) }
    let most = ratiosByRate.values.map(\.count).max() ?? 0
    guard most >= 2 else { return nil }
    let best = study.cells[0].items.min { $0.loss < $1.loss }?.logRate
    let wanted = near ?? best ?? 0
    let rate = ratiosByRate.filter { $0.value.count == most }.keys.min {
      (abs(PortableMath.log($0) - wanted), $0) < (abs(PortableMath.log($1) - wanted), $1)
    }
    guard let rate, let found = ratiosByRate[rate] else { return nil }
    let ratios = found.sorted()
    var sets: [RatioCurves] = []
    for (place, set) in study.sets.enumerated() {
      let column = try curves.index(ofSet: set.name)
      var (lengths, losses): ([[Double]], [[Double]]) = ([], [])
      for ratio in ratios {
        var byLength: [Double: [Double]] = [:]
        for row in rows where row.learningRate == rate && row.ratio == ratio && length(row) > 0 {
          if let loss = row.losses[column], loss.isFinite { byLength[length(row), default: []].append(loss) }
        }
        let sorted = byLength.keys.sorted()
        lengths.append(sorted)
        losses.append(sorted.map { mean(byLength[$0] ?? []) })
      }
      sets.append(
        RatioCurves(
          set: set.name, ratios: ratios, lengths: lengths, losses: losses,
          powers: place < study.options.newSets.count ? 1 : 2))
    }
    return (rate, countsTokens, sets)
  }
}

/// A power curve at each ratio, and what the curves could as well have been.
struct RatioCurvesFit: Sendable {
  let curves: RatioCurves
  let fits: [PowerCurve]
  /// Standard deviation of an evaluation around its curve, over all ratios.
  let sigma: Double
  let degreesOfFreedom: Int
  /// Root mean square error on the last evaluation of each curve, told by the ones before it.
  let lastLeftOut: Double

  /// - Throws: `StudyError` where a curve has too few evaluations to leave its last one out.
  init(_ curves: RatioCurves) throws(StudyError) {
    self.curves = curves
    let needed = PowerCurve.lengthsNeeded(powers: curves.powers) + 1
    for (ratio, lengths) in zip(curves.ratios, curves.lengths) where lengths.count < needed {
      throw StudyError(
        .tooFewCells, "law \(CriticalMixture.law) of \(curves.set)",
        found: "\(lengths.count) evaluations in the curve of ratio \(ratio)", expected: "at least \(needed)",
        wayOut: "evaluate more often")
    }
    var fits: [PowerCurve] = []
    var (squares, freedom): (Double, Int) = (0, 0)
    var missed: [Double] = []
    for (lengths, losses) in zip(curves.lengths, curves.losses) {
      let fit = try PowerCurve(lengths: lengths, losses: losses, powers: curves.powers, name: curves.set)
      fits.append(fit)
      squares += fit.error * fit.error * Double(lengths.count)
      freedom += lengths.count - 2 * curves.powers - 1
      let rest = try PowerCurve(
        lengths: lengths.dropLast(), losses: losses.dropLast(), powers: curves.powers, name: curves.set)
      if let length = lengths.last, let loss = losses.last { missed.append(rest.value(length) - loss) }
    }
    self.fits = fits
    degreesOfFreedom = freedom
    sigma = (squares / Double(freedom)).squareRoot()
    lastLeftOut = rootMeanSquare(missed)
  }

  func replicate(_ random: inout CounterRandom) -> [PowerCurve] {
    let scale = sigma * (Double(degreesOfFreedom) / random.chiSquare(degreesOfFreedom)).squareRoot()
    return zip(fits, curves.lengths).map { fit, lengths in
      var losses = lengths.map(fit.value)
      for place in losses.indices { losses[place] += scale * random.normal() }
      return fit.refitted(lengths: lengths, losses: losses)
    }
  }
}
