internal import Glibc
internal import Results

// How plots of a study write ratios and rates, in one way everywhere.

/// `0.3`, `0.275`: a share without zeros that say nothing, four digits at most.
func shareText(_ value: Double) -> String { trimmedZeros(fixed(value, digits: 4)) }

/// `3e-4`, `1.25e-3`: three digits at most, as people write learning rates.
func rateText(_ value: Double) -> String {
  guard value.isFinite, value > 0 else { return value == 0 ? "0" : "–" }
  var exponent = Int(floor(log10(value)))
  var mantissa = value / pow(10, Double(exponent))
  if mantissa >= 9.995 {
    mantissa /= 10
    exponent += 1
  } else if mantissa < 0.9995 {
    mantissa *= 10
    exponent -= 1
  }
  return "\(trimmedZeros(fixed(mantissa, digits: 2)))e\(exponent)"
}

/// `−46.2 %`, `+3.1 %`
func changeText(_ share: Double, digits: Int = 1) -> String {
  guard share.isFinite else { return "–" }
  let text = fixed(abs(100 * share), digits: digits)
  let isZero = !text.contains { $0 != "0" && $0 != "." }
  return "\(isZero ? "±" : share < 0 ? "−" : "+")\(text) %"
}

private func trimmedZeros(_ text: String) -> String {
  guard text.contains(".") else { return text }
  var text = text
  while text.hasSuffix("0") { text.removeLast() }
  if text.hasSuffix(".") { text.removeLast() }
  return text
}

func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// Whether a logarithmic axis can hold it, with room on either side.
func isDrawable(learningRate: Double) -> Bool { learningRate > 1e-30 && learningRate < 1e6 }
