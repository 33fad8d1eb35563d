/// L = c + k·exp(t·r) of one added language, Ye et al., arXiv 2403.16952: the loss of a validation set falls or grows
/// exponentially in the mixture's shares. With two sources the shares sum to 1, so one exponent tells them both.
struct ExponentialMixing: MixtureLaw {
  let name = "mixing"
  let source = "arXiv 2403.16952"
  let formula = "c + k·exp(t·r)"
  let leastRatios = 3
  let parameters = [
    LawParameterRange("c", positive: 1e-3...50), LawParameterRange("k", within: -50...50),
    LawParameterRange("t", within: -30...30),
  ]

  func loss(_ p: [Double], at point: LawPoint, slopes: inout [Double]) -> Double {
    let e = PortableMath.exp(p[2] * point.ratio)
    slopes[0] = 1
    slopes[1] = e
    slopes[2] = p[1] * point.ratio * e
    return p[0] + p[1] * e
  }

  func start(losses: ClosedRange<Double>, random: inout CounterRandom) -> [Double] {
    let spread = max(losses.upperBound - losses.lowerBound, 1e-3)
    return [
      losses.lowerBound * random.uniform(in: 0.7...1.0), spread * random.uniform(in: 0.05...1.5),
      random.uniform(in: -8...8),
    ]
  }
}
