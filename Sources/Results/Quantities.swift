// Numbers as tables show them.

/// `2,940`
public func grouped(_ value: UInt64) -> String {
  var text = ""
  for (index, digit) in String(value).reversed().enumerated() {
    if index > 0, index % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return String(text.reversed())
}

/// A rate: `2,940` from ten up, `0.35` below, `0` for none.
public func rate(_ value: Double) -> String {
  guard value.isFinite, value >= 0 else { return "–" }
  if value == 0 { return "0" }
  return value >= 10 ? grouped(UInt64(min(value.rounded(), 1e18))) : fixed(value, digits: 2)
}

/// `4s`, `3m20`, `5h12`, `2d03h`; `–` for what is not known (negative).
public func duration(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds >= 0 else { return "–" }
  let whole = UInt64(min(seconds.rounded(), 1e12))
  func padded(_ value: UInt64) -> String { value < 10 ? "0\(value)" : "\(value)" }
  return switch whole {
  case ..<60: "\(whole)s"
  case ..<3600: "\(whole / 60)m\(padded(whole % 60))"
  case ..<86_400: "\(whole / 3600)h\(padded(whole % 3600 / 60))"
  default: "\(whole / 86_400)d\(padded(whole % 86_400 / 3600))h"
  }
}

/// `1.2 GB`, in powers of ten.
public func bytes(_ count: UInt64) -> String {
  var value = Double(count)
  for unit in ["B", "kB", "MB", "GB", "TB"] {
    if value < 999.5 || unit == "TB" { return unit == "B" ? "\(count) B" : "\(fixed(value, digits: 1)) \(unit)" }
    value /= 1000
  }
  return "\(count) B"
}

/// With exactly `digits` digits after the point.
public func fixed(_ value: Double, digits: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return value.description }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let scaled = UInt64((abs(value) * scale).rounded())
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(scaled)" }
  let fraction = String(scaled % UInt64(scale))
  return "\(sign)\(scaled / UInt64(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
}

/// `6 %`
public func percent(_ share: Double) -> String { share.isFinite ? "\(fixed(100 * share, digits: 0)) %" : "–" }
