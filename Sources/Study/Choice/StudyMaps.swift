// Maps over (ratio, learning rate), the front, residuals, and the cells to run next.

extension StudyFindings {
  private var ratios: [Double] { BoxSearch.grid(study.frame.ratios, Self.mapPoints) }
  private var logRates: [Double] { BoxSearch.grid(study.frame.logRates, Self.mapPoints) }

  private func feasible(_ ratios: [Double], _ logRates: [Double]) -> [Bool] {
    guard let limit = study.options.maximumRetainedRise else {
      return [Bool](repeating: true, count: ratios.count * logRates.count)
    }
    return search.worstRises(losses, ratios, logRates).map { $0 <= limit + 1e-9 }
  }

  private func grid(_ name: String, _ values: [Double]) -> SurfaceGrid {
    let (ratios, logRates) = (ratios, logRates)
    let holds = feasible(ratios, logRates)
    let width = logRates.count
    return SurfaceGrid(
      name: name, ratios: ratios, learningRates: logRates.map(PortableMath.exp),
      values: ratios.indices.map { Array(values[$0 * width..<($0 + 1) * width]) },
      isFeasible: ratios.indices.map { Array(holds[$0 * width..<($0 + 1) * width]) })
  }

  var surfaces: [SurfaceGrid] {
    study.sets.indices.map { place in
      var values = [Double](repeating: 0, count: ratios.count * logRates.count)
      losses[place].add(1, over: ratios, logRates, to: &values)
      return grid(study.sets[place].name, values)
    }
  }

  private var newLosses: [Double] {
    var values = [Double](repeating: 0, count: ratios.count * logRates.count)
    for (place, weight) in study.objective.newWeights {
      losses[place].add(weight, over: ratios, logRates, to: &values)
    }
    return values
  }

  var regret: SurfaceGrid {
    let chosen = search.find(goal, losses)
    let best = study.objective.newLoss(losses, chosen.ratio, chosen.logRate)
    return grid("regret", newLosses.map { $0 / best - 1 })
  }

  var paretoFront: [ParetoPoint] {
    let retained = study.objective.retained
    guard !retained.isEmpty else { return [] }
    let (ratios, logRates) = (ratios, logRates)
    let new = newLosses
    var rises = [Double](repeating: -.infinity, count: new.count)
    var worst = [Int](repeating: 0, count: new.count)
    for (place, before) in retained {
      var values = [Double](repeating: 0, count: new.count)
      losses[place].add(1, over: ratios, logRates, to: &values)
      let reference = before ?? values.min() ?? 1
      for i in values.indices where values[i] / reference - 1 > rises[i] {
        rises[i] = values[i] / reference - 1
        worst[i] = place
      }
    }
    var front: [ParetoPoint] = []
    var lowest = Double.infinity
    for i in new.indices.sorted(by: { (new[$0], rises[$0], $0) < (new[$1], rises[$1], $1) }) where rises[i] < lowest {
      lowest = rises[i]
      front.append(
        ParetoPoint(
          setting: Setting(
            ratio: ratios[i / logRates.count], learningRate: PortableMath.exp(logRates[i % logRates.count])),
          newLoss: new[i], worstRetainedRise: rises[i], worstSet: study.sets[worst[i]].name))
    }
    return front
  }

  var residuals: [CellResidual] {
    fits.flatMap { fit in
      zip(fit.cells.items, fit.weights).map { item, weight in
        CellResidual(
          line: item.line, setting: Setting(ratio: item.ratio, learningRate: PortableMath.exp(item.logRate)),
          seed: item.seed, set: fit.cells.set, observed: item.loss, predicted: fit.loss.value(item),
          weight: weight, treatment: item.isBound ? .bound : .fitted)
      }
    }
  }

  /// Regret below which another cell is not worth its cost, as a share of the new loss.
  static let worthwhileRegret = 2e-4

  /// Settings where replicates put their optimum (Thompson sampling), cells that were run already left out; beyond the
  /// grid's edge where they lie on it.
  var nextCells: [NextCell] {
    let chosen = search.find(goal, losses)
    let cost = study.table.cells.compactMap(\.tokens).max()
    let count = min(8, study.options.budgetTokens.flatMap { budget in cost.map { Int(min(8, budget / $0)) } } ?? 4)
    let regrets = bootstrap.replicates.map { replicate in
      max(
        0,
        study.objective.newLoss(replicate.losses, chosen.ratio, chosen.logRate) - replicate.choice.value)
    }
    let isFree = recommendation.edges.isEmpty
    let base = study.objective.newLoss(losses, chosen.ratio, chosen.logRate)
    if isFree, mean(regrets) < Self.worthwhileRegret * base { return [] }
    let ratios = Self.lattice(study.counts.ratios, step: { ($0 + $1) / 2 }, beyond: { 2 * $0 - $1 })
      .filter { $0 > -1e-9 && $0 < 1 + 1e-9 }
    let rates = Self.lattice(
      study.counts.learningRates.map(PortableMath.log), step: { ($0 + $1) / 2 }, beyond: { 2 * $0 - $1 })
    var votes: [Int: Double] = [:]
    for replicate in bootstrap.replicates {
      let i = Self.nearest(replicate.choice.ratio, ratios, study.frame.ratios)
      let j = Self.nearest(replicate.choice.logRate, rates, study.frame.logRates)
      votes[i * rates.count + j, default: 0] += 1
    }
    let run = Set(study.table.cells.map { Setting(ratio: $0.ratio, learningRate: $0.learningRate) })
    let ranked = votes.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
    return ranked.compactMap { place, vote -> NextCell? in
      let (ratio, rate) = (ratios[place / rates.count], rates[place % rates.count])
      let setting = Setting(
        ratio: roundedToSignificant(ratio, 4), learningRate: roundedToSignificant(PortableMath.exp(rate), 3))
      let isKnown = run.contains {
        abs($0.ratio - setting.ratio) < 1e-3 && abs($0.learningRate / setting.learningRate - 1) < 0.01
      }
      let isBeyond =
        !study.frame.ratios.contains(ratio) || rate < study.frame.logRates.lowerBound - 1e-9
        || rate > study.frame.logRates.upperBound + 1e-9
      if isKnown, study.counts.repeats > 1 { return nil }
      let values = bootstrap.replicates.map { study.objective.newLoss($0.losses, ratio, rate) }
      let center = mean(values)
      let share = percentage(vote / Double(bootstrap.replicates.count), digits: 0)
      return NextCell(
        setting: setting, tokens: cost,
        why: isKnown
          ? "again with another seed: no cell was repeated, and \(share) of the replicates have their optimum nearby"
          : isBeyond
            ? "beyond the grid's edge: \(share) of the replicates have their optimum on that edge"
            : "\(share) of the replicates have their optimum nearby",
        uncertainty: rootMeanSquare(values.map { $0 - center }))
    }.prefix(max(0, count)).map { $0 }
  }

  /// The values, their middles, and a step beyond each end.
  private static func lattice(
    _ values: [Double], step: (Double, Double) -> Double, beyond: (Double, Double) -> Double
  ) -> [Double] {
    guard values.count > 1 else { return values }
    var list = [beyond(values[0], values[1])]
    for (a, b) in zip(values, values.dropFirst()) { list += [a, step(a, b)] }
    return list + [values[values.count - 1], beyond(values[values.count - 1], values[values.count - 2])]
  }

  /// A value on the frame's edge stands for what lies beyond.
  private static func nearest(_ value: Double, _ lattice: [Double], _ range: ClosedRange<Double>) -> Int {
    let margin = 0.005 * (range.upperBound - range.lowerBound)
    if value <= range.lowerBound + margin, lattice[0] < range.lowerBound - margin { return 0 }
    if value >= range.upperBound - margin, let last = lattice.last, last > range.upperBound + margin {
      return lattice.count - 1
    }
    var best = 0
    for index in lattice.indices where abs(lattice[index] - value) < abs(lattice[best] - value) { best = index }
    return best
  }
}
