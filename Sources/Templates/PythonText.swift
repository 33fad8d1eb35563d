// Text as Python writes and treats it. Swift's own String operations compare by canonical equivalence and count
// grapheme clusters; Python's go by code points, so everything here works on scalars or bytes.

/// `str(value)` of a Double: the shortest digits that read back, with Python's exponents.
func pythonText(_ value: Double) -> String {
  if value.isNaN { return "nan" }
  if value.isInfinite { return value < 0 ? "-inf" : "inf" }
  let text = "\(value)"
  guard let e = text.firstIndex(of: "e") else {
    // Swift writes 1e+16 in full up to 2^53 and beyond; Python begins exponents at 1e16.
    return abs(value) < 1e16 ? text : exponential(text)
  }
  let mantissa = text[..<e]
  let exponent = Int(text[text.index(after: e)...]) ?? 0
  // Swift begins small exponents at 1e-05, as Python does; it writes them without the zero.
  if exponent >= 0, exponent < 16 { return fixed(String(mantissa), exponent) }
  let short = mantissa.hasSuffix(".0") ? String(mantissa.dropLast(2)) : String(mantissa)
  let digits = "\(abs(exponent))"
  return "\(short)e\(exponent < 0 ? "-" : "+")\(digits.count < 2 ? "0" : "")\(digits)"
}

private func exponential(_ text: String) -> String {
  let isNegative = text.hasPrefix("-")
  var digits = Array(text.utf8.filter { $0 >= 48 && $0 <= 57 })
  if text.hasSuffix(".0") { digits.removeLast() }
  let exponent = digits.count - 1
  while digits.count > 1, digits.last == 48 { digits.removeLast() }
  let head = String(decoding: digits.prefix(1), as: UTF8.self)
  let tail = String(decoding: digits.dropFirst(), as: UTF8.self)
  return "\(isNegative ? "-" : "")\(head)\(tail.isEmpty ? "" : ".\(tail)")e+\(exponent)"
}

private func fixed(_ mantissa: String, _ exponent: Int) -> String {
  let isNegative = mantissa.hasPrefix("-")
  let parts = mantissa.drop { $0 == "-" }.split(separator: ".")
  var digits = String(parts[0]) + (parts.count > 1 && parts[1] != "0" ? String(parts[1]) : "")
  let point = exponent + 1
  while digits.count < point { digits += "0" }
  let whole = digits.prefix(point)
  let rest = digits.dropFirst(point)
  return "\(isNegative ? "-" : "")\(whole).\(rest.isEmpty ? "0" : rest)"
}

/// `repr(text)`: single quotes unless there are some inside and no double ones; what does not print is escaped.
func pythonQuoted(_ text: String) -> String {
  let quote: Unicode.Scalar = text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
  var result = String.UnicodeScalarView()
  result.append(quote)
  for scalar in text.unicodeScalars {
    switch scalar {
    case quote, "\\":
      result.append("\\")
      result.append(scalar)
    case "\n": result.append(contentsOf: "\\n".unicodeScalars)
    case "\r": result.append(contentsOf: "\\r".unicodeScalars)
    case "\t": result.append(contentsOf: "\\t".unicodeScalars)
    case _ where !scalar.isPrintable:
      let value = scalar.value
      let (letter, width) = value < 0x100 ? ("x", 2) : value < 0x10000 ? ("u", 4) : ("U", 8)
      let digits = String(value, radix: 16)
      let padded = String(repeating: "0", count: width - digits.count) + digits
      result.append(contentsOf: "\\\(letter)\(padded)".unicodeScalars)
    default: result.append(scalar)
    }
  }
  result.append(quote)
  return String(result)
}

extension Unicode.Scalar {
  /// `str.isprintable` of one character.
  fileprivate var isPrintable: Bool {
    if self == " " { return true }
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }

  /// `str.isspace` of one character: what `strip()` without arguments takes away.
  public var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }
}

extension String {
  /// Equal code point for code point.
  public func isSame(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

  /// `strip`, `lstrip` and `rstrip`: without `characters`, of whitespace.
  public func pythonStripped(_ characters: String? = nil, leading: Bool = true, trailing: Bool = true) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool { set.map { $0.contains(scalar) } ?? scalar.isPythonSpace }
    var view = Substring(self).unicodeScalars
    if leading { while let first = view.first, goes(first) { view.removeFirst() } }
    if trailing { while let last = view.last, goes(last) { view.removeLast() } }
    return String(view)
  }

  /// Places, in bytes, where `needle` begins; not overlapping.
  func bytePlaces(of needle: String, limit: Int = .max) -> [Int] {
    let bytes = Array(utf8)
    let wanted = Array(needle.utf8)
    guard !wanted.isEmpty, wanted.count <= bytes.count else { return [] }
    var places: [Int] = []
    var index = 0
    while index + wanted.count <= bytes.count, places.count < limit {
      if bytes[index] == wanted[0], bytes[index..<index + wanted.count].elementsEqual(wanted) {
        places.append(index)
        index += wanted.count
      } else {
        index += 1
      }
    }
    return places
  }

  func pythonContains(_ needle: String) -> Bool { needle.utf8.isEmpty || !bytePlaces(of: needle, limit: 1).isEmpty }

  /// `replace(old, new, count)`; a negative count is all.
  public func pythonReplaced(_ old: String, with new: String, count: Int = -1) -> String {
    let limit = count < 0 ? Int.max : count
    if old.utf8.isEmpty {
      // Between all characters, and at both ends.
      var result = String.UnicodeScalarView()
      var left = limit
      for scalar in unicodeScalars {
        if left > 0 { result.append(contentsOf: new.unicodeScalars) }
        left -= left > 0 ? 1 : 0
        result.append(scalar)
      }
      if left > 0 { result.append(contentsOf: new.unicodeScalars) }
      return String(result)
    }
    let places = bytePlaces(of: old, limit: limit)
    guard !places.isEmpty else { return self }
    let bytes = Array(utf8)
    var result: [UInt8] = []
    var from = 0
    for place in places {
      result += bytes[from..<place]
      result += Array(new.utf8)
      from = place + old.utf8.count
    }
    result += bytes[from...]
    return String(decoding: result, as: UTF8.self)
  }

  /// `split(separator, limit)`; without a separator at runs of whitespace, empty parts left out.
  public func pythonSplit(_ separator: String?, limit: Int = -1) -> [String] {
    if let separator {
      let bytes = Array(utf8)
      var parts: [String] = []
      var from = 0
      for place in bytePlaces(of: separator, limit: limit < 0 ? .max : limit) {
        parts.append(String(decoding: bytes[from..<place], as: UTF8.self))
        from = place + separator.utf8.count
      }
      parts.append(String(decoding: bytes[from...], as: UTF8.self))
      return parts
    }
    var parts: [String] = []
    var rest = Substring(self).unicodeScalars
    while true {
      while let first = rest.first, first.isPythonSpace { rest.removeFirst() }
      guard !rest.isEmpty else { return parts }
      if limit >= 0, parts.count == limit {
        parts.append(String(rest).pythonStripped(leading: false))
        return parts
      }
      let end = rest.firstIndex { $0.isPythonSpace } ?? rest.endIndex
      parts.append(String(rest[..<end]))
      rest = rest[end...]
    }
  }
}
