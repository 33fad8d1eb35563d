/// The best setting within the frame that the cells cover: a grid, then smaller grids around its best point. No
/// derivative, no start, no local minimum missed that is wider than the first grid.
struct BoxSearch: Sendable {
  enum Goal: Sendable {
    /// New loss, where no limited set rises too far.
    case constrained
    /// The weighted sum of new and retained losses.
    case weighted
    /// New loss at one ratio, whatever happens to the rest.
    case newLoss
    /// The smallest worst rise.
    case leastRise
  }

  struct Found: Sendable {
    let ratio: Double
    let logRate: Double
    let value: Double
    /// False where nothing keeps the constraint: the point is then the one that misses it least.
    let isFeasible: Bool
  }

  let frame: SurfaceFrame
  let objective: Objective
  var points = 33

  /// Within the frame, or the part of it given by `ratios` and `logRates`.
  func find(
    _ goal: Goal, _ losses: [FittedLoss], ratios: ClosedRange<Double>? = nil, logRates: ClosedRange<Double>? = nil
  ) -> Found {
    var ratioRange = ratios ?? frame.ratios
    var rateRange = logRates ?? frame.logRates
    let (outerRatios, outerRates) = (ratioRange, rateRange)
    var best: (score: (Double, Double), ratio: Double, rate: Double)?
    var count = points
    for _ in 0..<5 {
      let ratios = Self.grid(ratioRange, count)
      let rates = Self.grid(rateRange, count)
      let (score, penalty) = scores(goal, losses, ratios, rates)
      var place = 0
      for ratio in ratios {
        for rate in rates {
          let candidate = (penalty[place], score[place])
          place += 1
          if best.map({ candidate < $0.score }) ?? true { best = (candidate, ratio, rate) }
        }
      }
      guard let found = best else { break }
      ratioRange = Self.around(found.ratio, ratioRange, count, within: outerRatios)
      rateRange = Self.around(found.rate, rateRange, count, within: outerRates)
      count = 9
    }
    guard let best else { preconditionFailure("an empty grid") }
    return Found(
      ratio: best.ratio, logRate: best.rate, value: best.score.1, isFeasible: best.score.0 <= 0)
  }

  /// Values of the goal, and by how much the constraint is missed (0 where it is kept).
  private func scores(
    _ goal: Goal, _ losses: [FittedLoss], _ ratios: [Double], _ rates: [Double]
  ) -> (score: [Double], penalty: [Double]) {
    let size = ratios.count * rates.count
    var score = [Double](repeating: 0, count: size)
    var penalty = score
    switch goal {
    case .weighted:
      for (place, weight) in objective.newWeights {
        losses[place].add(weight * objective.newLossWeight, over: ratios, rates, to: &score)
      }
      for (place, _) in objective.retained {
        losses[place].add(
          (1 - objective.newLossWeight) / Double(objective.retained.count), over: ratios, rates, to: &score)
      }
    case .leastRise:
      score = worstRises(losses, ratios, rates)
    case .constrained, .newLoss:
      for (place, weight) in objective.newWeights { losses[place].add(weight, over: ratios, rates, to: &score) }
      if case .constrained = goal, let limit = objective.maximumRise {
        let rises = worstRises(losses, ratios, rates)
        for i in 0..<size { penalty[i] = max(0, rises[i] - limit) }
      }
    }
    return (score, penalty)
  }

  func worstRises(_ losses: [FittedLoss], _ ratios: [Double], _ rates: [Double]) -> [Double] {
    let size = ratios.count * rates.count
    var worst = [Double](repeating: objective.limited.isEmpty ? 0 : -.infinity, count: size)
    for (place, before) in objective.limited {
      var rise = [Double](repeating: -1, count: size)
      losses[place].add(1 / before, over: ratios, rates, to: &rise)
      for i in 0..<size { worst[i] = max(worst[i], rise[i]) }
    }
    return worst
  }

  static func grid(_ range: ClosedRange<Double>, _ count: Int) -> [Double] {
    let width = range.upperBound - range.lowerBound
    guard width > 0, count > 1 else { return [range.lowerBound] }
    return (0..<count).map {
      $0 == count - 1 ? range.upperBound : range.lowerBound + width * Double($0) / Double(count - 1)
    }
  }

  private static func around(
    _ value: Double, _ range: ClosedRange<Double>, _ count: Int, within outer: ClosedRange<Double>
  ) -> ClosedRange<Double> {
    let step = (range.upperBound - range.lowerBound) / Double(max(1, count - 1))
    let lower = min(value, max(outer.lowerBound, value - step))
    return lower...max(lower, min(outer.upperBound, value + step))
  }
}
