/// What one set's losses are fitted to: cells, what they weigh, and those that only bound.
struct FitCells: Sendable {
  struct Item: Sendable {
    let line: Int
    let ratio: Double
    let logRate: Double
    let seed: Int64
    let loss: Double
    /// The loss is an upper bound of what the cell would have reached.
    let isBound: Bool
    let tokens: Double?
    let parameters: Double?
    /// How much the cell counts before any fit, in (0, 1].
    let weight: Double
  }

  let set: String
  var items: [Item]

  var settings: Int { Set(items.map { Setting(ratio: $0.ratio, learningRate: $0.logRate) }).count }
  var ratios: Int { Set(items.map(\.ratio)).count }
  var rates: Int { Set(items.map(\.logRate)).count }
}

/// A robust fit of a surface: Huber's loss by reweighting, at twice the noise; cells stopped early take part only where
/// the surface lies above their bound.
struct SurfaceFit: Sendable {
  let loss: SurfaceLoss
  let terms: SurfaceTerms
  let rank: Int
  /// Final weight of each item; 0 for a bound that does not bind.
  let weights: [Double]
  /// Standard deviation of a cell of weight 1.
  let sigma: Double
  let degreesOfFreedom: Int
  /// For refits on other losses with the same weights.
  let design: SurfaceDesign
  /// Items with a weight, in the order of the design's cells.
  let used: [Int]

  static let name = "response surface"

  init(_ cells: FitCells, frame: SurfaceFrame) throws(StudyError) {
    let measured = FitCells(set: cells.set, items: cells.items.filter { !$0.isBound })
    let terms = SurfaceTerms(ratios: measured.ratios, rates: measured.rates, settings: measured.settings)
    guard measured.settings >= terms.leastSettings else {
      throw StudyError(
        .tooFewCells, "\(Self.name) of \(cells.set)", found: "\(measured.settings) cells at settings of their own",
        expected: "at least \(terms.leastSettings)", wayOut: "run more cells: `admix study plan` says which")
    }
    self.init(cells, frame: frame, terms: terms)
  }

  init(_ cells: FitCells, frame: SurfaceFrame, terms: SurfaceTerms) {
    let items = cells.items
    // The two shapes cost a degree of freedom each.
    let p = terms.places.count + (terms.hasRateShape ? 1 : 0) + (terms.hasRatioShape ? 1 : 0)
    var active = items.indices.filter { !items[$0].isBound }
    var robust = items.map { _ in 1.0 }
    var fit: SurfaceDesign.Fit?
    var design: SurfaceDesign?
    var sigma = 0.0
    for round in 0..<8 {
      let weights = active.map { items[$0].weight * robust[$0] }
      let made = SurfaceDesign(
        frame: frame, terms: terms, settings: active.map { (items[$0].ratio, items[$0].logRate) }, weights: weights)
      let found = made.fit(active.map { items[$0].loss })
      (design, fit) = (made, found)
      let residuals = active.map { items[$0].weight.squareRoot() * (items[$0].loss - found.loss.value(items[$0])) }
      let freedom = Double(max(1, active.count - p))
      let spread = 1.4826 * median(residuals.map(abs)) * (Double(active.count) / freedom).squareRoot()
      sigma = (found.squares / freedom).squareRoot()
      // Residuals of a fit with few cells left over say little: the wider of two scales decides what is far.
      let huber = HuberLoss(delta: max(2 * spread, sigma, 1e-9 * abs(found.loss.coefficients[0]), 1e-300))
      var next = robust
      for (place, index) in active.enumerated() { next[index] = huber.weight(residuals[place]) }
      let binding = items.indices.filter {
        !items[$0].isBound || found.loss.value(items[$0]) > items[$0].loss
      }
      let change = items.indices.map { abs(next[$0] - robust[$0]) }.max() ?? 0
      if binding == active, change < 1e-3 || round == 7 { break }
      // A bound that joined stays: leaving and joining in turn would never end.
      active = round < 4 ? binding : Array(Set(active).union(binding)).sorted()
      robust = next
    }
    // The loop runs at least once.
    guard let design, let fit else { preconditionFailure("no round was made") }
    loss = fit.loss
    self.terms = terms
    rank = design.rank(fit.loss)
    self.design = design
    used = active
    var weights = items.map { _ in 0.0 }
    for index in active { weights[index] = items[index].weight * robust[index] }
    self.weights = weights
    degreesOfFreedom = max(1, active.count - p)
    self.sigma = sigma
  }
}

extension SurfaceLoss {
  func value(_ item: FitCells.Item) -> Double { value(item.ratio, item.logRate) }
}
