/// L(N, D, r) = E + A/N^α + B·r^η/D^β + C/(r + ε)^γ, Que et al., arXiv 2406.01375 (D-CPT). Fitted to each set by
/// itself; for a set of what the model was good at, r is that corpus' share, 1 − ALMR. Of a table with models of one
/// size A/N^α is a constant within E, and with one length of training 1/D^β is one within B.
struct DomainContinual: MixtureLaw {
  let variesSize: Bool
  let variesTokens: Bool
  /// The set's own corpus has the share 1 − ALMR.
  let isRetained: Bool

  let name = "d-cpt"
  let source = "arXiv 2406.01375"
  var knowsLength: Bool { variesSize || variesTokens }
  var leastRatios: Int { 4 }

  var formula: String {
    "E\(variesSize ? " + A/N^α" : "") + B·r^η\(variesTokens ? "/D^β" : "") + C/(r + ε)^γ"
      + (isRetained ? ", r = 1 − ALMR" : "")
  }

  var parameters: [LawParameterRange] {
    [
      LawParameterRange("E", positive: 1e-3...50), LawParameterRange("B", positive: 1e-6...100),
      LawParameterRange("η", positive: 0.05...20), LawParameterRange("C", positive: 1e-6...100),
      LawParameterRange("ε", positive: 1e-3...2), LawParameterRange("γ", positive: 0.02...10),
    ] + (variesTokens ? [LawParameterRange("β", positive: 1e-2...3)] : [])
      + (variesSize ? [LawParameterRange("A", positive: 1e-6...1e3), LawParameterRange("α", positive: 1e-2...3)] : [])
  }

  func loss(_ p: [Double], at point: LawPoint, slopes: inout [Double]) -> Double {
    let r = max(isRetained ? 1 - point.ratio : point.ratio, 0)
    let logTokens = variesTokens ? PortableMath.log(point.tokens) : 0
    let logRatio = r > 0 ? PortableMath.log(r) : 0
    let power = r > 0 ? PortableMath.exp(p[2] * logRatio) : 0
    let length = variesTokens ? PortableMath.exp(-p[6] * logTokens) : 1
    let logShifted = PortableMath.log(r + p[4])
    let inverse = PortableMath.exp(-p[5] * logShifted)
    slopes[0] = 1
    slopes[1] = power * length
    slopes[2] = p[1] * power * length * logRatio
    slopes[3] = inverse
    slopes[4] = -p[3] * p[5] * inverse / (r + p[4])
    slopes[5] = -p[3] * inverse * logShifted
    var value = p[0] + p[1] * power * length + p[3] * inverse
    var next = 6
    if variesTokens {
      slopes[6] = -p[1] * power * length * logTokens
      next = 7
    }
    if variesSize {
      let logSize = PortableMath.log(point.parameters)
      let size = PortableMath.exp(-p[next + 1] * logSize)
      slopes[next] = size
      slopes[next + 1] = -p[next] * size * logSize
      value += p[next] * size
    }
    return value
  }

  func start(losses: ClosedRange<Double>, random: inout CounterRandom) -> [Double] {
    let spread = max(losses.upperBound - losses.lowerBound, 1e-3)
    return [
      losses.lowerBound * random.uniform(in: 0.6...1), spread * random.uniform(in: 0.05...1),
      random.uniform(in: 0.3...4), spread * random.uniform(in: 0.05...0.6), random.uniform(in: 0.02...0.5),
      random.uniform(in: 0.1...1.5),
    ] + (variesTokens ? [random.uniform(in: 0.05...0.8)] : [])
      + (variesSize ? [losses.lowerBound * random.uniform(in: 0.02...0.4), random.uniform(in: 0.1...0.6)] : [])
  }
}
