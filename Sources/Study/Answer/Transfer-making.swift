// The rules of transfer: widths, depths, sizes of two models, and a band of learning rates.

extension Transfer {
  /// Carries a setting from a small model to a large one.
  ///
  /// - Throws: `StudyError` where the models cannot be compared: another tokenizer without `byBytes`, bytes per token
  ///   that are not known, shapes that are no shapes.
  public init(
    of setting: Setting, from small: ModelShape, to large: ModelShape, maximumRetainedRise: Double?,
    options: TransferOptions = TransferOptions()
  ) throws(StudyError) {
    for shape in [small, large] {
      guard shape.width > 0, shape.layers > 0, shape.parameters > 0, shape.parameters.isFinite else {
        throw StudyError(
          .incomparable, "model \(quoted(shape.name))",
          found: "width \(shape.width), \(shape.layers) layers, \(shape.parameters) parameters",
          expected: "numbers above 0")
      }
    }
    guard setting.learningRate > 0, (0...1).contains(setting.ratio) else {
      throw StudyError(
        .badOption, "setting", found: "ratio \(setting.ratio), learning rate \(setting.learningRate)",
        expected: "a ratio from 0 to 1 and a learning rate above 0")
    }
    var warnings: [String] = []
    try Self.compareTokenizers(small, large, options, &warnings)
    let widthFactor = Double(small.width) / Double(large.width)
    let depthFactor = (Double(small.layers) / Double(large.layers)).squareRoot()
    let growth = large.parameters / small.parameters
    var stepFactor = PortableMath.power(growth, StepLaw.sizeExponent)
    var stepFormula = "κ = (N_large/N_small)^−0.713"
    if let a = options.smallTokens, let b = options.largeTokens, a > 0, b > 0, a != b {
      stepFactor *= PortableMath.power(b / a, StepLaw.tokenExponent)
      stepFormula += "·(D_large/D_small)^0.307"
    } else if options.smallTokens == nil || options.largeTokens == nil {
      warnings.append("the step law is for equal training tokens; how long both runs are was not given")
    }
    let rules = [
      Rule(
        name: "width", formula: "κ = d_small/d_large", factor: widthFactor,
        learningRate: setting.learningRate * widthFactor),
      Rule(
        name: "width and depth", formula: "κ = d_small/d_large·√(l_small/l_large)",
        factor: widthFactor * depthFactor, learningRate: setting.learningRate * widthFactor * depthFactor),
      Rule(
        name: "step law", formula: stepFormula, factor: stepFactor, learningRate: setting.learningRate * stepFactor),
    ]
    let factors = rules.map(\.factor).sorted()
    let (lowest, highest) = (factors[0], factors[factors.count - 1])
    if growth < 1 { warnings.append("the model it is carried to is the smaller one: the rules were made for growth") }
    // The middle of the band in ln η: too high costs more than too low, so not its upper end; the lower one is a rule's
    // extrapolation.
    let middle = growth > 1 ? min(1, (lowest * highest).squareRoot()) : (lowest * highest).squareRoot()
    var ratio = setting.ratio
    if options.growsRatio {
      ratio = Self.grown(setting.ratio, growth: growth)
      warnings.append(
        "the ratio was grown from \(decimal(setting.ratio, 3)) by the slope between the two sizes that 2407.17467 "
          + "measured (460M and 940M): an extrapolation in size and language")
    }
    self.init(
      small: small, large: large, from: setting,
      chosen: Setting(ratio: ratio, learningRate: setting.learningRate * middle), factor: middle, rules: rules,
      learningRateBand: Interval(setting.learningRate * lowest, setting.learningRate * highest),
      why: lowest == highest
        ? "the rules agree"
        : "the geometric middle of the band: too high a learning rate costs more than too low a one, so not the upper "
          + "end; either end is a factor of \(decimal((highest / lowest).squareRoot(), 2)) away",
      confirmation: Self.confirmation(ratio, setting.learningRate, middle, lowest, highest),
      maximumRetainedRise: maximumRetainedRise, byBytes: options.byBytes, warnings: warnings)
  }

  private static func compareTokenizers(
    _ small: ModelShape, _ large: ModelShape, _ options: TransferOptions, _ warnings: inout [String]
  ) throws(StudyError) {
    let areKnown = small.tokenizerHash != nil && large.tokenizerHash != nil
    let differ = areKnown ? small.tokenizerHash != large.tokenizerHash : small.vocabularySize != large.vocabularySize
    guard differ || options.byBytes else {
      if !areKnown {
        warnings.append("that both models have one tokenizer is taken from their equal vocabulary sizes")
      }
      return
    }
    let found =
      areKnown
      ? "other tokenizers" : "vocabularies of \(small.vocabularySize) and \(large.vocabularySize) tokens"
    guard options.byBytes else {
      throw StudyError(
        .incomparable, "transfer from \(quoted(small.name)) to \(quoted(large.name))", found: found,
        expected: "one tokenizer: losses per token of two tokenizers are different things",
        wayOut: "compare per byte (--by-bytes)")
    }
    guard let a = small.bytesPerToken, let b = large.bytesPerToken, a > 0, b > 0 else {
      throw StudyError(
        .incomparable, "transfer by bytes",
        found: "no bytes per token of \(small.bytesPerToken == nil ? "the small" : "the large") model",
        expected: "both, measured on the validation sets",
        wayOut: "give --small-bytes-per-token and --large-bytes-per-token")
    }
    warnings.append(
      "across tokenizers (\(decimal(a, 2)) and \(decimal(b, 2)) bytes a token): the ratio is one of tokens, and a share "
        + "\(b > a ? "of fewer" : "of more") tokens holds the same text; losses compare per byte only")
  }

  /// R grows with ln N at the slope between the published fits at their T of 100.
  static func grown(_ ratio: Double, growth: Double) -> Double {
    let rise = CriticalMixtureRatio.published940M.ratio(100) - CriticalMixtureRatio.published460M.ratio(100)
    let slope = rise / PortableMath.log(940.0 / 460)
    return min(0.95, max(0, ratio + slope * PortableMath.log(growth)))
  }

  /// The chosen point, then the rates of the band's ends, at least a factor of 1.4 away.
  private static func confirmation(
    _ ratio: Double, _ rate: Double, _ middle: Double, _ lowest: Double, _ highest: Double
  ) -> [Setting] {
    [middle, max(highest, middle * 1.4), min(lowest, middle / 1.4)].map {
      Setting(ratio: ratio, learningRate: roundedToSignificant(rate * $0, 3))
    }
  }
}
