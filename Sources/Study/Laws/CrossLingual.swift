/// L(N, D) = E + A/N^α + B′/(D^β′ N^γ), Zheng et al., arXiv 2407.02118, with D the tokens of the set's own language:
/// r of all training tokens (1 − r for a set of what the model was good at). Of a table with models of one size what
/// has N is constant, and a share of 0 is no data at all.
struct CrossLingual: MixtureLaw {
  let variesSize: Bool
  let isRetained: Bool

  let name = "cross-lingual"
  let source = "arXiv 2407.02118"
  let leastRatios = 3
  let knowsLength = true

  var formula: String {
    let share = isRetained ? "(1 − r)" : "r"
    return variesSize
      ? "E + A/N^α + B′/((\(share)·D)^β′·N^γ)" : "E + B′/(\(share)·D)^β′"
  }

  var parameters: [LawParameterRange] {
    [
      LawParameterRange("E", within: -20...50), LawParameterRange("B′", positive: 1e-6...1e3),
      LawParameterRange("β′", positive: 1e-2...3),
    ]
      + (variesSize
        ? [
          LawParameterRange("A", positive: 1e-6...1e3), LawParameterRange("α", positive: 1e-2...3),
          LawParameterRange("γ", positive: 1e-3...3),
        ] : [])
  }

  func isDefined(ratio: Double) -> Bool { isRetained ? ratio < 1 : ratio > 0 }

  func loss(_ p: [Double], at point: LawPoint, slopes: inout [Double]) -> Double {
    let logTokens = PortableMath.log((isRetained ? 1 - point.ratio : point.ratio) * point.tokens)
    let logSize = variesSize ? PortableMath.log(point.parameters) : 0
    let learned = PortableMath.exp(-p[2] * logTokens - (variesSize ? p[5] * logSize : 0))
    slopes[0] = 1
    slopes[1] = learned
    slopes[2] = -p[1] * learned * logTokens
    var value = p[0] + p[1] * learned
    if variesSize {
      let size = PortableMath.exp(-p[4] * logSize)
      slopes[3] = size
      slopes[4] = -p[3] * size * logSize
      slopes[5] = -p[1] * learned * logSize
      value += p[3] * size
    }
    return value
  }

  func start(losses: ClosedRange<Double>, random: inout CounterRandom) -> [Double] {
    let spread = max(losses.upperBound - losses.lowerBound, 1e-3)
    return [
      losses.lowerBound * random.uniform(in: 0.5...1), spread * random.uniform(in: 0.1...2),
      random.uniform(in: 0.05...0.8),
    ]
      + (variesSize
        ? [losses.lowerBound * random.uniform(in: 0.02...0.4), random.uniform(in: 0.1...0.6), 0.1] : [])
  }
}
