/// L = L₀ + A(S1_pt + S1_cpt)^−α − C₂·S2_cpt + (B₀ + B₁·r)(1 − (1 + E·S1_cpt)^−β), after arXiv 2505.07796 (known here
/// from summaries): S1 is the sum of the learning rates of all steps, S2 the annealing area. Before training nothing
/// is known of the base model's own course, so S1_pt is a parameter and C₁·S2_pt lies within L₀; that the shift grows
/// linearly with the ratio is this program's own form, since the law has one B for each mixture.
struct AnnealingShift: MixtureLaw {
  /// Σ ηₜ and annealing area of the schedule at a peak rate of 1.
  let sumOfShares: Double
  let annealingArea: Double

  let name = "annealing-shift"
  let source = "arXiv 2505.07796"
  let formula = "L₀ + A(S1_pt + S1)^−α − C₂·S2 + (B₀ + B₁·r)(1 − (1 + E·S1)^−β)"
  let leastRatios = 3
  let knowsRate = true

  /// λ of the paper: what the annealing area remembers from one step to the next.
  static let memory = 0.999

  init(_ schedule: LearningRateSchedule) {
    var sum = 0.0
    var area = 0.0
    var momentum = 0.0
    var before = 0.0
    for step in 0..<schedule.steps {
      let share = schedule.share(step: step)
      sum += share
      // Only falls anneal: a warm-up is none.
      momentum = Self.memory * momentum + max(0, before - share)
      area += momentum
      before = share
    }
    (sumOfShares, annealingArea) = (sum, area)
  }

  let parameters = [
    LawParameterRange("L₀", within: -20...50), LawParameterRange("A", positive: 1e-6...1e3),
    LawParameterRange("S1_pt", positive: 1e-4...1e5), LawParameterRange("α", positive: 1e-2...3),
    LawParameterRange("C₂", within: -1e3...1e3), LawParameterRange("B₀", within: -50...50),
    LawParameterRange("B₁", within: -50...50), LawParameterRange("E", positive: 1e-4...1e5),
    LawParameterRange("β", positive: 1e-2...5),
  ]

  func loss(_ p: [Double], at point: LawPoint, slopes: inout [Double]) -> Double {
    let peak = PortableMath.exp(point.logRate)
    let (s1, s2) = (peak * sumOfShares, peak * annealingArea)
    let logSum = PortableMath.log(p[2] + s1)
    let forward = PortableMath.exp(-p[3] * logSum)
    let logShift = PortableMath.log(1 + p[7] * s1)
    let left = PortableMath.exp(-p[8] * logShift)
    let size = p[5] + p[6] * point.ratio
    slopes[0] = 1
    slopes[1] = forward
    slopes[2] = -p[1] * p[3] * forward / (p[2] + s1)
    slopes[3] = -p[1] * forward * logSum
    slopes[4] = -s2
    slopes[5] = 1 - left
    slopes[6] = point.ratio * (1 - left)
    slopes[7] = size * p[8] * left * s1 / (1 + p[7] * s1)
    slopes[8] = size * left * logShift
    return p[0] + p[1] * forward - p[4] * s2 + size * (1 - left)
  }

  func start(losses: ClosedRange<Double>, random: inout CounterRandom) -> [Double] {
    let spread = max(losses.upperBound - losses.lowerBound, 1e-3)
    return [
      losses.lowerBound * random.uniform(in: 0.7...1), spread * random.uniform(in: 0.1...2),
      sumOfShares * 1e-4 * random.uniform(in: 0.1...10), random.uniform(in: 0.1...1), 0,
      spread * random.uniform(in: -1...1), spread * random.uniform(in: -1...1),
      random.uniform(in: 0.1...10) / max(sumOfShares * 1e-4, 1e-9), random.uniform(in: 0.1...1),
    ]
  }
}

extension LearningRateSchedule {
  /// The share of the peak at a step, from 0; the last step has the end of the course, as in training.
  func share(step: Int) -> Double {
    if step < warmupSteps { return Double(step + 1) / Double(warmupSteps) }
    let length = Double(max(1, steps - warmupSteps))
    let progress = min(1, Double(step + 1 - warmupSteps) / length)
    switch shape {
    case .constant: return 1
    case .linear: return finalShare + (1 - finalShare) * (1 - progress)
    case .cosine:
      return finalShare + (1 - finalShare) * (1 + PortableMath.cosineWithinPi(Double.pi * progress)) / 2
    case .wsd:
      guard progress > 1 - decayShare, decayShare > 0 else { return 1 }
      return 1 - (1 - finalShare) * (progress - 1 + decayShare) / decayShare
    }
  }
}
