// Expressions, with Jinja's precedence: conditional, or, and, not, comparison, + −, ~, * / // %, **, unary, postfix,
// filters and tests.
extension Parser {
  /// `a, b` without parentheses is a tuple.
  mutating func tupleOrExpression(withConditional: Bool = true) throws(TemplateError) -> Expression {
    let line = token.line
    let first = try withConditional ? expression() : or()
    guard isSign(",") else { return first }
    var elements = [first]
    while skip(",") {
      if token.kind == .end || isSign(")") || isName("in") || isName("if") || isName("recursive") { break }
      elements.append(try withConditional ? expression() : or())
    }
    return Expression(line: line, node: .tuple(elements))
  }

  mutating func expression() throws(TemplateError) -> Expression {
    try enter()
    defer { depth -= 1 }
    let line = token.line
    var result = try or()
    while skip(name: "if") {
      let condition = try or()
      let otherwise = skip(name: "else") ? try expression() : nil
      result = Expression(line: line, node: .conditional(condition: condition, then: result, otherwise: otherwise))
    }
    return result
  }

  private mutating func or() throws(TemplateError) -> Expression {
    var left = try and()
    while isName("or") {
      let line = token.line
      next += 1
      left = Expression(line: line, node: .or(left, try and()))
    }
    return left
  }

  private mutating func and() throws(TemplateError) -> Expression {
    var left = try not()
    while isName("and") {
      let line = token.line
      next += 1
      left = Expression(line: line, node: .and(left, try not()))
    }
    return left
  }

  private mutating func not() throws(TemplateError) -> Expression {
    guard isName("not") else { return try comparison() }
    try enter()
    defer { depth -= 1 }
    let line = token.line
    next += 1
    return Expression(line: line, node: .not(try not()))
  }

  private mutating func comparison() throws(TemplateError) -> Expression {
    let line = token.line
    let left = try sum()
    var steps: [(operation: Comparison, right: Expression)] = []
    while let operation = comparisonSign() { steps.append((operation, try sum())) }
    return steps.isEmpty ? left : Expression(line: line, node: .comparison(left, steps))
  }

  private mutating func comparisonSign() -> Comparison? {
    if case .sign(let sign) = token.kind, let operation = Comparison(rawValue: sign) {
      next += 1
      return operation
    }
    if skip(name: "in") { return .isIn }
    if isName("not"), tokens.indices.contains(next + 1), tokens[next + 1].kind == .name("in") {
      next += 2
      return .notIn
    }
    return nil
  }

  private mutating func sum() throws(TemplateError) -> Expression {
    var left = try concatenation()
    while let operation = sign(among: [.add, .subtract]) {
      left = Expression(line: left.line, node: .binary(operation, left, try concatenation()))
    }
    return left
  }

  private mutating func concatenation() throws(TemplateError) -> Expression {
    let line = token.line
    var parts = [try product()]
    while skip("~") { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : Expression(line: line, node: .concatenation(parts))
  }

  private mutating func product() throws(TemplateError) -> Expression {
    var left = try power()
    while let operation = sign(among: [.multiply, .divide, .floorDivide, .modulo]) {
      left = Expression(line: left.line, node: .binary(operation, left, try power()))
    }
    return left
  }

  private mutating func power() throws(TemplateError) -> Expression {
    var left = try unary(withFilters: true)
    while let operation = sign(among: [.power]) {
      left = Expression(line: left.line, node: .binary(operation, left, try unary(withFilters: true)))
    }
    return left
  }

  private mutating func sign(among operations: [BinaryOperator]) -> BinaryOperator? {
    guard case .sign(let sign) = token.kind, let operation = BinaryOperator(rawValue: sign),
      operations.contains(operation)
    else { return nil }
    next += 1
    return operation
  }

  private mutating func unary(withFilters: Bool) throws(TemplateError) -> Expression {
    try enter()
    defer { depth -= 1 }
    let line = token.line
    var result: Expression
    if skip("-") {
      result = Expression(line: line, node: .negative(try unary(withFilters: false)))
    } else if skip("+") {
      result = Expression(line: line, node: .positive(try unary(withFilters: false)))
    } else {
      result = try primary()
    }
    result = try postfix(result)
    return withFilters ? try filtersAndTests(result) : result
  }

  private mutating func primary() throws(TemplateError) -> Expression {
    let line = token.line
    func constant(_ value: TemplateValue) -> Expression { Expression(line: line, node: .constant(value)) }
    switch token.kind {
    case .name(let name):
      next += 1
      switch name {
      case "true", "True": return constant(.bool(true))
      case "false", "False": return constant(.bool(false))
      case "none", "None": return constant(.none)
      default: return Expression(line: line, node: .name(name))
      }
    case .string(var text):
      next += 1
      while case .string(let more) = token.kind {
        text += more
        next += 1
      }
      return constant(.string(text))
    case .integer(let value):
      next += 1
      return constant(.int(value))
    case .float(let value):
      next += 1
      return constant(.float(value))
    case .sign("("):
      next += 1
      if skip(")") { return Expression(line: line, node: .tuple([])) }
      let inner = try tupleOrExpression()
      try expect(")")
      return inner
    case .sign("["):
      next += 1
      var elements: [Expression] = []
      while !isSign("]") {
        if !elements.isEmpty {
          try expect(",")
          if isSign("]") { break }
        }
        elements.append(try expression())
      }
      try expect("]")
      return Expression(line: line, node: .list(elements))
    case .sign("{"): return try dictionary(line)
    default: throw error("unexpected \(found)")
    }
  }

  private mutating func dictionary(_ line: Int) throws(TemplateError) -> Expression {
    next += 1
    var entries: [(key: Expression, value: Expression)] = []
    while !isSign("}") {
      if !entries.isEmpty {
        try expect(",")
        if isSign("}") { break }
      }
      let key = try expression()
      try expect(":")
      entries.append((key, try expression()))
    }
    try expect("}")
    return Expression(line: line, node: .dictionary(entries))
  }

  private mutating func postfix(_ start: Expression) throws(TemplateError) -> Expression {
    var result = start
    while true {
      let line = token.line
      if skip(".") {
        if case .integer(let index) = token.kind {
          next += 1
          result = Expression(line: line, node: .item(result, Expression(line: line, node: .constant(.int(index)))))
        } else {
          result = Expression(line: line, node: .attribute(result, try name()))
        }
      } else if skip("[") {
        result = try subscripted(result, line)
      } else if isSign("(") {
        result = Expression(line: line, node: .call(result, try arguments()))
      } else {
        return result
      }
    }
  }

  private mutating func subscripted(_ base: Expression, _ line: Int) throws(TemplateError) -> Expression {
    var bounds: [Expression?] = []
    var colons = 0
    var current: Expression?
    while !isSign("]") {
      if skip(":") {
        bounds.append(current)
        current = nil
        colons += 1
        if colons > 2 { throw error("a slice has at most two colons") }
      } else if current == nil {
        current = try expression()
      } else {
        throw error(isSign(",") ? "several subscripts at once are not there" : "unexpected \(found)", .unsupported)
      }
    }
    try expect("]")
    if colons == 0 {
      guard let current else { throw error("an empty subscript") }
      return Expression(line: line, node: .item(base, current))
    }
    bounds.append(current)
    return Expression(
      line: line, node: .slice(base, from: bounds[0], to: bounds[1], step: bounds.count > 2 ? bounds[2] : nil))
  }

  private mutating func arguments() throws(TemplateError) -> CallArguments {
    try expect("(")
    var arguments = CallArguments()
    while !isSign(")") {
      if !(arguments.positional.isEmpty && arguments.named.isEmpty) {
        try expect(",")
        if isSign(")") { break }
      }
      if isSign("*") || isSign("**") { throw error("`*` in a call is not there", .unsupported) }
      if case .name(let name) = token.kind, tokens.indices.contains(next + 1), tokens[next + 1].kind == .sign("=") {
        next += 2
        arguments.named.append((name, try expression()))
      } else if arguments.named.isEmpty {
        arguments.positional.append(try expression())
      } else {
        throw error("a positional argument follows a named one")
      }
    }
    try expect(")")
    return arguments
  }

  private mutating func filtersAndTests(_ start: Expression) throws(TemplateError) -> Expression {
    var result = start
    while true {
      let line = token.line
      if skip("|") {
        result = Expression(line: line, node: .filter(result, try filterCall()))
      } else if skip(name: "is") {
        result = try test(result, line)
      } else if isSign("(") {
        result = Expression(line: line, node: .call(result, try arguments()))
      } else {
        return result
      }
    }
  }

  mutating func filterCall() throws(TemplateError) -> FilterCall {
    let line = token.line
    let name = try name()
    guard Filters.names.contains(name) else { throw error("there is no filter `\(name)`", .unsupported) }
    return FilterCall(name: name, arguments: isSign("(") ? try arguments() : CallArguments(), line: line)
  }

  private mutating func test(_ subject: Expression, _ line: Int) throws(TemplateError) -> Expression {
    let isNegated = skip(name: "not")
    let name = try name()
    guard Tests.names.contains(name) else { throw error("there is no test `\(name)`", .unsupported) }
    var arguments = CallArguments()
    if isSign("(") {
      arguments = try self.arguments()
    } else if takesArgument {
      arguments.positional = [try postfix(try primary())]
    }
    let test = Expression(line: line, node: .test(subject, name: name, arguments))
    return isNegated ? Expression(line: line, node: .not(test)) : test
  }

  /// `x is divisibleby 3`: an argument without parentheses follows.
  private var takesArgument: Bool {
    switch token.kind {
    case .name(let name): !["else", "or", "and", "is", "if", "in", "not", "recursive"].contains(name)
    case .string, .integer, .float, .sign("["), .sign("{"): true
    default: false
    }
  }
}
