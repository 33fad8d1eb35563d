import KernelTable

/// The sigmoid loss of one pair (Rafailov et al. 2023, arXiv 2305.18290, equation 7, with the label smoothing of its
/// conservative variant), by the pair's log-probabilities under policy and reference. All in Double, by functions whose
/// bits are the same on every host.
struct PreferenceLoss: Equatable {
  let loss: Double
  let chosenReward: Double
  let rejectedReward: Double
  /// d loss / d log-probability of the chosen answer; the rejected one's is its negative.
  let slope: Double

  var margin: Double { chosenReward - rejectedReward }

  init(
    _ preference: PreferencePayload, chosen: Double, rejected: Double, reference: (chosen: Double, rejected: Double)
  ) {
    chosenReward = preference.beta * (chosen - reference.chosen)
    rejectedReward = preference.beta * (rejected - reference.rejected)
    let z = chosenReward - rejectedReward
    let smoothing = preference.labelSmoothing
    // −(1 − ε) ln σ(z) − ε ln σ(−z), with −ln σ(z) = ln(1 + e^−z).
    loss = (1 - smoothing) * Self.softplus(-z) + smoothing * Self.softplus(z)
    slope = preference.beta * (smoothing * Self.sigmoid(z) - (1 - smoothing) * Self.sigmoid(-z))
  }

  private static func softplus(_ x: Double) -> Double {
    max(x, 0) + BitwiseMath.log(1 + BitwiseMath.exp(-abs(x)))
  }

  private static func sigmoid(_ x: Double) -> Double {
    let small = BitwiseMath.exp(-abs(x))
    return x >= 0 ? 1 / (1 + small) : small / (1 + small)
  }
}
