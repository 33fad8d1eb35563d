// Numbers as people write them in job files, and as they are written back.

/// A whole number: `60`, `-1`, `1_000`, `10k`, `2M`, `1.5B`, `1T`. Nil when it is not one or does not fit.
func parseWholeNumber(_ text: String) -> Int? {
  var digits = text.utf8.filter { $0 != UInt8(ascii: "_") }[...]
  guard !digits.isEmpty, text.utf8.first != UInt8(ascii: "_"), text.utf8.last != UInt8(ascii: "_") else { return nil }
  let isNegative = digits.first == UInt8(ascii: "-")
  if isNegative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
  var zeros = 0
  if let last = digits.last, let power = suffixPowers[last] {
    zeros = power
    digits.removeLast()
  }
  var value = 0
  var fractionDigits: Int?
  guard let first = digits.first, isDigit(first), let last = digits.last, isDigit(last) else { return nil }
  for byte in digits {
    if byte == UInt8(ascii: "."), fractionDigits == nil {
      fractionDigits = 0
      continue
    }
    guard isDigit(byte) else { return nil }
    guard append(Int(byte - UInt8(ascii: "0")), to: &value) else { return nil }
    fractionDigits = fractionDigits.map { $0 + 1 }
  }
  // `1.5B` is whole, `1.5` and `1.5555k` are not.
  guard zeros >= fractionDigits ?? 0, fractionDigits == nil || zeros > 0 else { return nil }
  for _ in 0..<(zeros - (fractionDigits ?? 0)) {
    guard append(0, to: &value) else { return nil }
  }
  return isNegative ? -value : value
}

private let suffixPowers: [UInt8: Int] = [
  UInt8(ascii: "k"): 3, UInt8(ascii: "K"): 3, UInt8(ascii: "M"): 6, UInt8(ascii: "B"): 9, UInt8(ascii: "T"): 12,
]

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

private func append(_ digit: Int, to value: inout Int) -> Bool {
  let (product, overflow) = value.multipliedReportingOverflow(by: 10)
  let (sum, carry) = product.addingReportingOverflow(digit)
  value = sum
  return !overflow && !carry
}

/// A finite decimal number: `0.3`, `1e-3`, `1.0e-3`, `1_000.5`. (YAML 1.1 reads `1e-3` as a string; people mean 0.001.)
func parseNumber(_ text: String) -> Double? {
  let plain = text.filter { $0 != "_" }
  let allowed = plain.utf8.allSatisfy { isDigit($0) || "+-.eE".utf8.contains($0) }
  guard allowed, text.first != "_", text.last != "_", let value = Double(plain), value.isFinite else { return nil }
  return value
}

/// The shortest text that reads back as `value`; with a point, so that every YAML reader takes it for a number.
func written(_ value: Double) -> String {
  let text = value.description
  guard let exponent = text.firstIndex(of: "e"), !text[..<exponent].contains(".") else { return text }
  return "\(text[..<exponent]).0\(text[exponent...])"
}

/// `1,000,000`
func grouped(_ value: Int) -> String {
  var text = ""
  for (index, digit) in String(value.magnitude).reversed().enumerated() {
    if index > 0, index % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return (value < 0 ? "-" : "") + String(text.reversed())
}
