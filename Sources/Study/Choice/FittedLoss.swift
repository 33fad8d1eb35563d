/// A set's loss as a function of the setting, by whichever law was fitted.
enum FittedLoss: Sendable {
  case surface(SurfaceLoss)
  case law(LawLoss)

  func value(_ ratio: Double, _ logRate: Double) -> Double {
    switch self {
    case .surface(let loss): loss.value(ratio, logRate)
    case .law(let loss): loss.value(ratio, logRate)
    }
  }

  /// At a cell's own tokens and size, where the law knows them.
  func value(_ item: FitCells.Item) -> Double {
    switch self {
    case .surface(let loss): loss.value(item)
    case .law(let loss): loss.value(item)
    }
  }

  func add(_ weight: Double, over ratios: [Double], _ logRates: [Double], to sums: inout [Double]) {
    switch self {
    case .surface(let loss): loss.add(weight, over: ratios, logRates, to: &sums)
    case .law(let loss): loss.add(weight, over: ratios, logRates, to: &sums)
    }
  }
}

/// The losses of all sets at once, and what the study wants of them.
struct Objective: Sendable {
  /// Parts in the new loss; they sum to 1. Places are those of the losses.
  let newWeights: [(place: Int, weight: Double)]
  /// Retained sets, with the loss before training where it is known.
  let retained: [(place: Int, before: Double?)]
  /// Those whose rise is limited; each has a loss before training.
  let limited: [(place: Int, before: Double)]
  /// Nil: no constraint.
  let maximumRise: Double?
  /// The new loss's share of the weighted sum.
  let newLossWeight: Double

  func newLoss(_ losses: [FittedLoss], _ ratio: Double, _ logRate: Double) -> Double {
    newWeights.reduce(0) { $0 + $1.weight * losses[$1.place].value(ratio, logRate) }
  }

  func weightedLoss(_ losses: [FittedLoss], _ ratio: Double, _ logRate: Double) -> Double {
    let retainedLoss = retained.reduce(0) { $0 + losses[$1.place].value(ratio, logRate) }
    let old = retained.isEmpty ? 0 : retainedLoss / Double(retained.count)
    return newLossWeight * newLoss(losses, ratio, logRate) + (1 - newLossWeight) * old
  }

  /// The largest L/L₀ − 1 among the limited sets, and which.
  func worstRise(_ losses: [FittedLoss], _ ratio: Double, _ logRate: Double) -> (rise: Double, place: Int)? {
    var worst: (rise: Double, place: Int)?
    for (place, before) in limited {
      let rise = losses[place].value(ratio, logRate) / before - 1
      if worst.map({ rise > $0.rise }) ?? true { worst = (rise, place) }
    }
    return worst
  }
}
