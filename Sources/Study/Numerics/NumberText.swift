// Numbers as sentences and tables show them, the same on every host.

/// With exactly `digits` digits after the point.
public func decimal(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return value.isNaN ? "not a number" : value < 0 ? "-infinite" : "infinite" }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  guard abs(value) * scale < 9e15 else { return value.description }
  let scaled = UInt64((abs(value) * scale).rounded())
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(scaled)" }
  let fraction = String(scaled % UInt64(scale))
  return "\(sign)\(scaled / UInt64(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
}

/// With `digits` significant digits: `0.000312`, `2.9e-05` below a ten-thousandth, `41200`.
public func significant(_ value: Double, _ digits: Int = 3) -> String {
  guard value.isFinite, value != 0 else { return value == 0 ? "0" : decimal(value, 0) }
  let rounded = roundedToSignificant(value, digits)
  let exponent = decimalExponent(rounded)
  if exponent < -4 || exponent >= 7 {
    let mantissa = rounded / powerOfTen(exponent)
    let sign = exponent < 0 ? "-" : "+"
    return "\(decimal(mantissa, digits - 1))e\(sign)\(abs(exponent) < 10 ? "0" : "")\(abs(exponent))"
  }
  return decimal(rounded, max(0, digits - 1 - exponent))
}

/// `3.1 %` of a share of 0.031; `+3.1 %` with its sign where `signed`.
public func percentage(_ share: Double, digits: Int = 1, signed: Bool = false) -> String {
  guard share.isFinite else { return "not a number" }
  let text = decimal(100 * share, digits)
  return (signed && !text.hasPrefix("-") ? "+" : "") + text + " %"
}

/// Rounded to `digits` significant decimal digits. What JSON shows goes through this: an answer's last bits are noise
/// of the iteration's end, and nobody should build on them.
public func roundedToSignificant(_ value: Double, _ digits: Int = 9) -> Double {
  guard value.isFinite, value != 0 else { return value }
  let places = digits - 1 - decimalExponent(value)
  guard abs(places) <= 300 else { return value }
  // Multiply or divide by an exact power of ten where there is one (up to 22), so that the result is the nearest.
  return places >= 0
    ? (value * powerOfTen(places)).rounded() / powerOfTen(places)
    : (value / powerOfTen(-places)).rounded() * powerOfTen(-places)
}

private func decimalExponent(_ value: Double) -> Int {
  var exponent = Int((PortableMath.log(abs(value)) / 2.30258509299404568402).rounded(.down))
  if abs(value) >= powerOfTen(exponent + 1) { exponent += 1 }
  if abs(value) < powerOfTen(exponent) { exponent -= 1 }
  return exponent
}

private func powerOfTen(_ exponent: Int) -> Double {
  var power = 1.0
  for _ in 0..<abs(exponent) { power *= 10 }
  return exponent < 0 ? 1 / power : power
}
