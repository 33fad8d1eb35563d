/// `%` and `str.format`, with the conversions that templates use; others are refused by name.
enum Formatting {
  /// `"%d of %s" % (1, "x")`
  static func percent(_ format: String, _ value: TemplateValue) throws(TemplateError) -> String {
    var values: [TemplateValue] = [value]
    if case .tuple(let elements) = value { values = elements }
    var next = 0
    var result = ""
    var scalars = Substring(format).unicodeScalars
    while let scalar = scalars.popFirst() {
      guard scalar == "%" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      var specification = ""
      while let flag = scalars.first, "-+ 0#.123456789".unicodeScalars.contains(flag) {
        specification.unicodeScalars.append(flag)
        scalars.removeFirst()
      }
      guard let conversion = scalars.popFirst() else { throw TemplateError(.type, line: 0, "incomplete format") }
      if conversion == "%" {
        result += "%"
        continue
      }
      if conversion == "(" {
        throw TemplateError(.unsupported, line: 0, "`%(name)s` is not there")
      }
      guard next < values.count else { throw TemplateError(.type, line: 0, "not enough arguments for format string") }
      result += try converted(values[next], String(Character(conversion)), specification)
      next += 1
    }
    if next < values.count {
      if case .tuple = value {} else if case .dictionary = value { return result }
      throw TemplateError(.type, line: 0, "not all arguments converted during string formatting")
    }
    return result
  }

  private static func converted(
    _ value: TemplateValue, _ conversion: String, _ specification: String
  ) throws(TemplateError) -> String {
    let field = try Field(specification)
    switch conversion {
    case "s": return field.padded(field.cut(value.pythonText), isNumber: false)
    case "r": return field.padded(field.cut(value.pythonRepresentation), isNumber: false)
    case "d", "i":
      switch Operators.number(value) {
      case .int(let number)?: return field.padded(field.signed("\(number)"), isNumber: true)
      case .float(let number)? where number.isFinite && abs(number) < 9e18:
        return field.padded(field.signed("\(Int(number))"), isNumber: true)
      default: throw TemplateError(.type, line: 0, "%d format: a real number is required, not \(value.typeName)")
      }
    case "f":
      guard let number = Operators.number(value)?.double else {
        throw TemplateError(.type, line: 0, "must be real number, not \(value.typeName)")
      }
      return field.padded(field.signed(try decimals(number, field.precision ?? 6)), isNumber: true)
    default: throw TemplateError(.unsupported, line: 0, "the conversion `%\(conversion)` is not there")
    }
  }

  /// Flags, width and precision of one field.
  private struct Field {
    var isLeft = false
    var hasSign = false
    var hasZeros = false
    var width = 0
    var precision: Int?

    init(_ text: String) throws(TemplateError) {
      var rest = Substring(text)
      while let flag = rest.first, "-+0".contains(flag) {
        rest.removeFirst()
        if flag == "-" { isLeft = true }
        if flag == "+" { hasSign = true }
        if flag == "0" { hasZeros = true }
      }
      if rest.contains(" ") || rest.contains("#") {
        throw TemplateError(.unsupported, line: 0, "the format `%\(text)` is not there")
      }
      let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
      width = parts.isEmpty || parts[0].isEmpty ? 0 : Int(parts[0]) ?? .max
      if parts.count > 1 { precision = parts[1].isEmpty ? 0 : Int(parts[1]) ?? .max }
      guard width <= 10_000, precision ?? 0 <= 400 else {
        throw TemplateError(.limit, line: 0, "the format `%\(text)`")
      }
    }

    func cut(_ text: String) -> String {
      precision.map { String(String.UnicodeScalarView(text.unicodeScalars.prefix($0))) } ?? text
    }

    func signed(_ text: String) -> String { hasSign && !text.hasPrefix("-") ? "+" + text : text }

    func padded(_ text: String, isNumber: Bool) -> String {
      let missing = max(0, width - text.unicodeScalars.count)
      if isLeft { return text + String(repeating: " ", count: missing) }
      if hasZeros, isNumber {
        let sign = text.first.map { "+-".contains($0) } ?? false ? String(text.prefix(1)) : ""
        return sign + String(repeating: "0", count: missing) + text.dropFirst(sign.count)
      }
      return String(repeating: " ", count: missing) + text
    }
  }

  /// Correctly rounded, by the exact binary value, ties to even: as C's `%.*f`.
  static func decimals(_ value: Double, _ digits: Int) throws(TemplateError) -> String {
    guard value.isFinite else { return pythonText(value) }
    var exact = ExactDecimal(abs(value))
    let text = exact.rounded(to: digits)
    return (value.sign == .minus ? "-" : "") + text
  }

  /// `"{} and {name}".format(…)`: plain fields by order, place or name.
  static func braces(_ format: String, _ arguments: TemplateFunction.Arguments) throws(TemplateError) -> String {
    var result = ""
    var next = 0
    var scalars = Substring(format).unicodeScalars
    while let scalar = scalars.popFirst() {
      guard scalar == "{" || scalar == "}" else {
        result.unicodeScalars.append(scalar)
        continue
      }
      if scalars.first == scalar {
        scalars.removeFirst()
        result.unicodeScalars.append(scalar)
        continue
      }
      guard scalar == "{", let end = scalars.firstIndex(of: "}") else {
        throw TemplateError(.type, line: 0, "single '\(scalar)' encountered in format string")
      }
      let field = String(scalars[..<end])
      scalars = scalars[scalars.index(after: end)...]
      if field.contains(where: { ":!.[".contains($0) }) {
        throw TemplateError(.unsupported, line: 0, "the field `{\(field)}` of `format` is not there")
      }
      let place = field.isEmpty ? next : Int(field)
      if field.isEmpty { next += 1 }
      let value =
        place.map { arguments.positional.indices.contains($0) ? arguments.positional[$0] : nil }
        ?? arguments.named.first { $0.name == field }?.value
      guard let value else { throw TemplateError(.type, line: 0, "no value for the field `{\(field)}`") }
      result += value.pythonText
    }
    return result
  }

  static func padded(_ text: String, _ method: String, _ width: Int, fill: String) throws(TemplateError) -> String {
    guard fill.unicodeScalars.count == 1 else {
      throw TemplateError(.type, line: 0, "the fill character must be exactly one character long")
    }
    let missing = max(0, width - text.unicodeScalars.count)
    switch method {
    case "ljust": return text + String(repeating: fill, count: missing)
    case "rjust": return String(repeating: fill, count: missing) + text
    case "center":
      let left = missing / 2 + (missing & width & 1)
      return String(repeating: fill, count: left) + text + String(repeating: fill, count: missing - left)
    default:
      let sign = text.first.map { "+-".contains($0) } ?? false ? String(text.prefix(1)) : ""
      return sign + String(repeating: "0", count: missing) + text.dropFirst(sign.count)
    }
  }
}

/// The digits of a Double, all of them: it is a whole number times a power of two.
struct ExactDecimal {
  /// Decimal digits, the highest first, with `fraction` of them after the point.
  private var digits: [UInt8]
  private var fraction: Int

  init(_ value: Double) {
    // value = significand · 2^exponent with a whole significand.
    let bits = value.bitPattern
    let raw = Int(bits >> 52) & 0x7FF
    let mantissa = bits & ((1 << 52) - 1)
    let significand = raw == 0 ? mantissa : mantissa | (1 << 52)
    let exponent = (raw == 0 ? 1 : raw) - 1075
    digits = String(significand).utf8.map { $0 - 48 }
    fraction = 0
    if exponent >= 0 {
      for _ in 0..<exponent { ExactDecimal.multiply(&digits, by: 2) }
    } else {
      // 2^−n is 5^n / 10^n.
      for _ in 0..<(-exponent) { ExactDecimal.multiply(&digits, by: 5) }
      fraction = -exponent
    }
    while digits.count <= fraction { digits.insert(0, at: 0) }
  }

  private static func multiply(_ digits: inout [UInt8], by factor: UInt8) {
    var carry: UInt8 = 0
    for index in digits.indices.reversed() {
      let product = digits[index] * factor + carry
      digits[index] = product % 10
      carry = product / 10
    }
    if carry > 0 { digits.insert(carry, at: 0) }
  }

  /// To nearest, ties to even.
  mutating func rounded(to places: Int) -> String {
    if fraction > places {
      let cut = digits.count - (fraction - places)
      let rest = digits[cut...]
      let isHalf = rest.first == 5 && rest.dropFirst().allSatisfy { $0 == 0 }
      let isUp =
        (rest.first ?? 0) > 5 || (rest.first == 5 && !isHalf) || (isHalf && cut > 0 && digits[cut - 1] % 2 == 1)
      digits = Array(digits[..<cut])
      fraction = places
      if isUp {
        var index = digits.count - 1
        while index >= 0, digits[index] == 9 {
          digits[index] = 0
          index -= 1
        }
        if index >= 0 { digits[index] += 1 } else { digits.insert(1, at: 0) }
      }
    } else {
      digits += [UInt8](repeating: 0, count: places - fraction)
      fraction = places
    }
    let text = String(decoding: digits.map { $0 + 48 }, as: UTF8.self)
    let whole = text.dropLast(fraction)
    let trimmed = whole.drop { $0 == "0" }
    return (trimmed.isEmpty ? "0" : String(trimmed)) + (fraction > 0 ? "." + text.suffix(fraction) : "")
  }
}
