/// Python's arithmetic and comparisons, as far as templates may use them. Whole numbers that do not fit 64 bits are
/// refused: Python's have no end.
enum Operators {
  enum Number {
    case int(Int)
    case float(Double)

    var double: Double {
      switch self {
      case .int(let value): Double(value)
      case .float(let value): value
      }
    }
  }

  /// `True` counts as 1.
  static func number(_ value: TemplateValue) -> Number? {
    switch value {
    case .int(let value): .int(value)
    case .bool(let value): .int(value ? 1 : 0)
    case .float(let value): .float(value)
    default: nil
    }
  }

  static func negative(_ value: TemplateValue) throws(TemplateError) -> TemplateValue {
    switch number(value) {
    case .int(let value)?: return .int(try checked(0.subtractingReportingOverflow(value)))
    case .float(let value)?: return .float(-value)
    case nil:
      try refuseUndefined(value)
      throw TemplateError(.type, line: 0, "bad operand type for unary -: '\(value.typeName)'")
    }
  }

  private static func checked(_ result: (partialValue: Int, overflow: Bool)) throws(TemplateError) -> Int {
    guard !result.overflow else { throw TemplateError(.limit, line: 0, "a whole number beyond 64 bits") }
    return result.partialValue
  }

  private static func refuseUndefined(_ value: TemplateValue) throws(TemplateError) {
    if case .undefined(let name) = value { throw TemplateError(.undefined, line: 0, name) }
  }

  static func apply(
    _ operation: BinaryOperator, _ left: TemplateValue, _ right: TemplateValue, _ limits: TemplateLimits
  ) throws(TemplateError) -> TemplateValue {
    if let a = number(left), let b = number(right) { return try apply(operation, a, b) }
    try refuseUndefined(left)
    try refuseUndefined(right)
    switch (operation, left, right) {
    case (.add, .string(let a), .string(let b)):
      try check(a.utf8.count + b.utf8.count, limits)
      return .string(a + b)
    case (.add, .list(let a), .list(let b)):
      try check(a.count + b.count, limits)
      return .list(a + b)
    case (.add, .tuple(let a), .tuple(let b)): return .tuple(a + b)
    case (.multiply, .string(let text), .int(let count)), (.multiply, .int(let count), .string(let text)):
      let (bytes, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
      try check(overflow ? .max : bytes, limits)
      return .string(String(repeating: text, count: max(0, count)))
    case (.multiply, .list(let elements), .int(let count)), (.multiply, .int(let count), .list(let elements)):
      let (size, overflow) = elements.count.multipliedReportingOverflow(by: max(0, count))
      try check(overflow ? .max : size, limits)
      return .list(Array(repeatElement(elements, count: max(0, count)).joined()))
    case (.modulo, .string(let format), _): return .string(try Formatting.percent(format, right))
    default:
      if operation == .add, case .string = left {
        throw TemplateError(.type, line: 0, "can only concatenate str (not \"\(right.typeName)\") to str")
      }
      throw TemplateError(
        .type, line: 0,
        "unsupported operand type(s) for \(operation.rawValue): '\(left.typeName)' and '\(right.typeName)'")
    }
  }

  private static func check(_ size: Int, _ limits: TemplateLimits) throws(TemplateError) {
    if size > limits.outputBytes { throw TemplateError(.limit, line: 0, "a value larger than \(limits.outputBytes)") }
  }

  private static func apply(_ operation: BinaryOperator, _ a: Number, _ b: Number) throws(TemplateError)
    -> TemplateValue
  {
    let isZero = b.double == 0
    if isZero, [.divide, .floorDivide, .modulo].contains(operation) {
      throw TemplateError(.type, line: 0, "division by zero")
    }
    guard case .int(let x) = a, case .int(let y) = b else { return .float(try apply(operation, a.double, b.double)) }
    switch operation {
    case .add: return .int(try checked(x.addingReportingOverflow(y)))
    case .subtract: return .int(try checked(x.subtractingReportingOverflow(y)))
    case .multiply: return .int(try checked(x.multipliedReportingOverflow(by: y)))
    case .divide: return .float(Double(x) / Double(y))
    case .floorDivide:
      let quotient = try checked(x.dividedReportingOverflow(by: y))
      return .int(x % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient)
    case .modulo:
      let rest = try checked(x.remainderReportingOverflow(dividingBy: y))
      return .int(rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest)
    case .power:
      guard y >= 0 else { return .float(try apply(.power, Double(x), Double(y))) }
      var result = 1
      for _ in 0..<min(y, 64) { result = try checked(result.multipliedReportingOverflow(by: x)) }
      guard y <= 64 || (-1...1).contains(x) else {
        throw TemplateError(.limit, line: 0, "a whole number beyond 64 bits")
      }
      return .int(x == -1 && y > 64 ? (y % 2 == 0 ? 1 : -1) : result)
    }
  }

  private static func apply(_ operation: BinaryOperator, _ x: Double, _ y: Double) throws(TemplateError) -> Double {
    switch operation {
    case .add: return x + y
    case .subtract: return x - y
    case .multiply: return x * y
    case .divide: return x / y
    case .floorDivide: return (x / y).rounded(.down)
    case .modulo:
      let rest = x.truncatingRemainder(dividingBy: y)
      return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest
    case .power:
      // Whole exponents only: others would need the host's pow, whose last digit differs between libraries.
      guard y == y.rounded(), abs(y) <= 1024 else {
        throw TemplateError(.unsupported, line: 0, "`**` with an exponent of \(pythonText(y)) is not there")
      }
      var result = 1.0
      for _ in 0..<Int(abs(y)) { result *= x }
      return y < 0 ? 1 / result : result
    }
  }

  // MARK: Comparison

  static func isEqual(_ left: TemplateValue, _ right: TemplateValue) -> Bool {
    if let a = number(left), let b = number(right) {
      if case .int(let x) = a, case .int(let y) = b { return x == y }
      return a.double == b.double
    }
    switch (left, right) {
    case (.none, .none), (.undefined, .undefined): return true
    case (.string(let a), .string(let b)): return a.isSame(as: b)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      return a.count == b.count && zip(a, b).allSatisfy { isEqual($0, $1) }
    case (.dictionary(let a), .dictionary(let b)):
      return a.count == b.count
        && a.entries.allSatisfy { entry in b.get(entry.key).map { isEqual(entry.value, $0) } ?? false }
    case (.namespace(let a), .namespace(let b)): return a === b
    default: return false
    }
  }

  static func compare(
    _ operation: Comparison, _ left: TemplateValue, _ right: TemplateValue
  ) throws(TemplateError) -> Bool {
    switch operation {
    case .equal: return isEqual(left, right)
    case .notEqual: return !isEqual(left, right)
    case .isIn: return try contains(right, left)
    case .notIn: return !(try contains(right, left))
    case .less: return try precedes(left, right, "<")
    case .greater: return try precedes(right, left, ">")
    case .lessOrEqual: return try isOrdered(left, right, "<=")
    case .greaterOrEqual: return try isOrdered(right, left, ">=")
    }
  }

  /// NaN is neither before nor after anything.
  private static func isOrdered(
    _ left: TemplateValue, _ right: TemplateValue, _ sign: String
  ) throws(TemplateError) -> Bool {
    if let a = number(left), let b = number(right) { return a.double <= b.double }
    return !(try precedes(right, left, sign))
  }

  static func precedes(
    _ left: TemplateValue, _ right: TemplateValue, _ sign: String = "<"
  ) throws(TemplateError) -> Bool {
    if let a = number(left), let b = number(right) {
      if case .int(let x) = a, case .int(let y) = b { return x < y }
      return a.double < b.double
    }
    switch (left, right) {
    case (.string(let a), .string(let b)): return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (x, y) in zip(a, b) where !isEqual(x, y) { return try precedes(x, y, sign) }
      return a.count < b.count
    default:
      try refuseUndefined(left)
      try refuseUndefined(right)
      throw TemplateError(
        .type, line: 0,
        "'\(sign)' not supported between instances of '\(left.typeName)' and '\(right.typeName)'")
    }
  }

  static func contains(_ container: TemplateValue, _ element: TemplateValue) throws(TemplateError) -> Bool {
    switch (container, element) {
    case (.string(let text), .string(let part)): return text.pythonContains(part)
    case (.string, _):
      try refuseUndefined(element)
      throw TemplateError(
        .type, line: 0, "'in <string>' requires string as left operand, not \(element.typeName)")
    case (.list(let elements), _), (.tuple(let elements), _): return elements.contains { isEqual($0, element) }
    case (.dictionary(let dictionary), _): return dictionary.get(element) != nil
    case (.undefined(let name), _): throw TemplateError(.undefined, line: 0, name)
    default: throw TemplateError(.type, line: 0, "argument of type '\(container.typeName)' is not iterable")
    }
  }

  // MARK: Slices

  static func slice<Element>(
    _ elements: [Element], _ from: TemplateValue?, _ to: TemplateValue?, _ step: TemplateValue?
  ) throws(TemplateError) -> [Element] {
    let stride = try bound(step) ?? 1
    guard stride != 0 else { throw TemplateError(.type, line: 0, "slice step cannot be zero") }
    let count = elements.count
    func clamp(_ value: Int, _ low: Int, _ high: Int) -> Int {
      let place = value < 0 ? value + count : value
      return min(max(place, low), high)
    }
    let (low, high) = stride > 0 ? (0, count) : (-1, count - 1)
    let start = try bound(from).map { clamp($0, low, high) } ?? (stride > 0 ? 0 : count - 1)
    let end = try bound(to).map { clamp($0, low, high) } ?? (stride > 0 ? count : -1)
    var result: [Element] = []
    var place = start
    while stride > 0 ? place < end : place > end {
      result.append(elements[place])
      let (next, overflow) = place.addingReportingOverflow(stride)
      if overflow { break }
      place = next
    }
    return result
  }

  private static func bound(_ value: TemplateValue?) throws(TemplateError) -> Int? {
    switch value {
    case nil, TemplateValue.none?: return nil
    case .int(let value)?: return value
    case .bool(let value)?: return value ? 1 : 0
    case .undefined(let name)?: throw TemplateError(.undefined, line: 0, name)
    case .some:
      throw TemplateError(.type, line: 0, "slice indices must be integers or None")
    }
  }
}
