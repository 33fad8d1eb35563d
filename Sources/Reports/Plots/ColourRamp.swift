/// Colours for amounts: cividis (Nuñez, Anderton & Renslow 2018), even to the eye from dark blue to yellow, and the
/// same for those who do not tell red from green. Its brightness alone says the order, so a grey print reads as well.
enum ColourRamp {
  private static let stops: [(red: Double, green: Double, blue: Double)] = [
    (0, 34, 78), (18, 53, 112), (59, 73, 108), (87, 93, 109), (112, 113, 115), (138, 134, 120), (165, 156, 116),
    (195, 179, 105), (225, 204, 85), (254, 232, 56),
  ]

  /// So many are told apart in a drawing; finer steps only make it larger.
  static let levels = 40

  /// `share` of the way from the low end, 0 to 1; beyond it the end's own colour.
  static func colour(_ share: Double) -> String {
    let (red, green, blue) = components(share)
    return "#" + [red, green, blue].map { hexadecimal(UInt8($0.rounded())) }.joined()
  }

  /// Whether white text is easier to read on it than black: relative luminance below 0.18 (WCAG).
  static func isDark(_ share: Double) -> Bool {
    let (red, green, blue) = components(share)
    // Gamma 2 in place of sRGB's curve: near enough to choose between two.
    let luminance = 0.2126 * red * red + 0.7152 * green * green + 0.0722 * blue * blue
    return luminance / (255 * 255) < 0.2
  }

  private static func components(_ share: Double) -> (Double, Double, Double) {
    let place = (share.isFinite ? min(1, max(0, share)) : 1) * Double(stops.count - 1)
    let lower = min(Int(place), stops.count - 2)
    let rest = place - Double(lower)
    let (a, b) = (stops[lower], stops[lower + 1])
    func between(_ from: Double, _ to: Double) -> Double { from + (to - from) * rest }
    return (between(a.red, b.red), between(a.green, b.green), between(a.blue, b.blue))
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}

/// Which amounts a ramp spans. Of losses that run away to one side the far ones share the last colour, or all the
/// others would look alike.
struct ColourScale {
  let low: Double
  let high: Double
  /// Some amounts lie above `high`.
  let isCut: Bool

  /// Nil without a finite amount.
  init?(_ values: [Double]) {
    let sorted = values.filter(\.isFinite).sorted()
    guard let low = sorted.first, let top = sorted.last else { return nil }
    let upper = sorted[(sorted.count - 1) * 3 / 4]
    let reach = low + 2.5 * (upper - low)
    self.low = low
    isCut = reach < top && reach > low
    high = isCut ? reach : top
  }

  func share(_ value: Double) -> Double {
    guard value.isFinite else { return 1 }
    guard high > low else { return 0.5 }
    return min(1, max(0, (value - low) / (high - low)))
  }

  /// To one of the ramp's levels.
  func level(_ value: Double) -> Double {
    let steps = Double(ColourRamp.levels - 1)
    return (share(value) * steps).rounded() / steps
  }
}
