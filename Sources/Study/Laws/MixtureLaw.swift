/// Where a loss was measured.
struct LawPoint: Sendable, Hashable {
  let ratio: Double
  let logRate: Double
  /// Training tokens in billions; 1 where a table does not say.
  let tokens: Double
  /// Parameters in billions; 1 where a table does not say.
  let parameters: Double
}

extension LawPoint {
  init(_ item: FitCells.Item) {
    self.init(
      ratio: item.ratio, logRate: item.logRate, tokens: (item.tokens ?? 1e9) / 1e9,
      parameters: (item.parameters ?? 1e9) / 1e9)
  }

  func at(ratio: Double, logRate: Double) -> LawPoint {
    LawPoint(ratio: ratio, logRate: logRate, tokens: tokens, parameters: parameters)
  }
}

/// A law of the loss over ratio, tokens and size, as its authors write it. To those that do not know the learning rate
/// the fit adds the surface's terms in ln η (`RateTerms`), so that all can be held against the same cells.
protocol MixtureLaw: Sendable {
  /// As people write it on the command line: `d-cpt`.
  var name: String { get }
  /// Authors' identifier.
  var source: String { get }
  var formula: String { get }
  var parameters: [LawParameterRange] { get }
  /// Distinct ratios below which the law has no meaning for a table.
  var leastRatios: Int { get }
  /// Whether the learning rate is part of the law itself.
  var knowsRate: Bool { get }
  /// Whether cells at one setting that differ in length or size tell it more than one of them.
  var knowsLength: Bool { get }
  /// Whether the law has a value at a ratio.
  func isDefined(ratio: Double) -> Bool

  /// The loss at `point`, and its slopes in the parameters.
  func loss(_ parameters: [Double], at point: LawPoint, slopes: inout [Double]) -> Double
  /// A start of the fit for losses in this range: what the parameters may well be, drawn at random.
  func start(losses: ClosedRange<Double>, random: inout CounterRandom) -> [Double]
}

extension MixtureLaw {
  var knowsRate: Bool { false }
  var knowsLength: Bool { false }
  func isDefined(ratio: Double) -> Bool { true }
}

/// A parameter, and where it may lie. Positive ones are fitted as logarithms.
struct LawParameterRange: Sendable, Equatable {
  let name: String
  let isPositive: Bool
  /// What the fit does not leave.
  let range: ClosedRange<Double>

  init(_ name: String, positive range: ClosedRange<Double>) {
    (self.name, isPositive, self.range) = (name, true, range)
  }

  init(_ name: String, within range: ClosedRange<Double>) {
    (self.name, isPositive, self.range) = (name, false, range)
  }

  func inner(_ value: Double) -> Double { isPositive ? PortableMath.log(max(value, range.lowerBound)) : value }
  func outer(_ inner: Double) -> Double { isPositive ? PortableMath.exp(inner) : inner }
}
