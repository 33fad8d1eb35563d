/// What a law that does not know the learning rate is given in addition: a·u + b·φₖ(u) + c·u·v over ln η, as far as
/// the cells' rates can tell.
struct RateTerms: Sendable, Equatable {
  enum Kind: Sendable { case none, slope, basin }
  let kind: Kind
  let hasInteraction: Bool
  let frame: SurfaceFrame

  init(rates: Int, ratios: Int, frame: SurfaceFrame, knowsRate: Bool) {
    kind = knowsRate || rates < 2 ? .none : rates < 3 ? .slope : .basin
    hasInteraction = kind != .none && ratios >= 2
    self.frame = frame
  }

  var parameters: [LawParameterRange] {
    let wide = -1e3...1e3
    var list: [LawParameterRange] = []
    if kind != .none { list.append(LawParameterRange("a (ln η)", within: wide)) }
    if hasInteraction { list.append(LawParameterRange("c (r·ln η)", within: wide)) }
    if kind == .basin {
      list.append(LawParameterRange("b (basin)", within: wide))
      list.append(LawParameterRange("k (asymmetry)", within: -1...4))
    }
    return list
  }

  var start: [Double] {
    kind == .basin ? [Double](repeating: 0, count: parameters.count - 1) + [1] : parameters.map { _ in 0 }
  }

  /// The terms' sum; slopes are written from `first` on.
  func value(_ p: ArraySlice<Double>, at point: LawPoint, slopes: inout [Double], first: Int) -> Double {
    guard kind != .none else { return 0 }
    let (u, v) = (frame.u(point.logRate), frame.v(point.ratio))
    var place = 0
    var sum = p[p.startIndex] * u
    slopes[first] = u
    place += 1
    if hasInteraction {
      sum += p[p.startIndex + place] * u * v
      slopes[first + place] = u * v
      place += 1
    }
    if kind == .basin {
      let (b, k) = (p[p.startIndex + place], p[p.startIndex + place + 1])
      let curve = AsymmetricSquare.value(k, u)
      sum += b * curve
      slopes[first + place] = curve
      slopes[first + place + 1] = b * AsymmetricSquare.slopeInShape(k, u)
    }
    return sum
  }
}

/// A law with its parameters, at the study's tokens and size.
struct LawLoss: Sendable {
  let law: any MixtureLaw
  let rateTerms: RateTerms
  /// The law's own, then the rate terms'.
  let parameters: [Double]
  /// The longest training of the largest model among the cells; ratio and rate are those asked for.
  let base: LawPoint

  var ranges: [LawParameterRange] { law.parameters + rateTerms.parameters }

  func value(_ ratio: Double, _ logRate: Double) -> Double { value(at: base.at(ratio: ratio, logRate: logRate)) }

  /// At a cell's own tokens and size.
  func value(_ item: FitCells.Item) -> Double { value(at: LawPoint(item)) }

  func value(at point: LawPoint) -> Double {
    var slopes = [Double](repeating: 0, count: parameters.count)
    return Self.evaluate(law, rateTerms, parameters, point, &slopes)
  }

  static func evaluate(
    _ law: any MixtureLaw, _ rateTerms: RateTerms, _ p: [Double], _ point: LawPoint, _ slopes: inout [Double]
  ) -> Double {
    let own = law.loss(p, at: point, slopes: &slopes)
    let first = law.parameters.count
    return own + rateTerms.value(p[first...], at: point, slopes: &slopes, first: first)
  }

  func add(_ weight: Double, over ratios: [Double], _ logRates: [Double], to sums: inout [Double]) {
    var slopes = [Double](repeating: 0, count: parameters.count)
    let first = law.parameters.count
    var place = 0
    for ratio in ratios {
      var own = law.loss(parameters, at: base.at(ratio: ratio, logRate: logRates[0]), slopes: &slopes)
      for rate in logRates {
        let point = base.at(ratio: ratio, logRate: rate)
        if law.knowsRate { own = law.loss(parameters, at: point, slopes: &slopes) }
        sums[place] += weight * (own + rateTerms.value(parameters[first...], at: point, slopes: &slopes, first: first))
        place += 1
      }
    }
  }
}
