/// Statements from pieces. Expressions are in `Parser-expressions.swift`.
struct Parser {
  var tokens: [Token] = []
  var next = 0
  var depth = 0
  private var pieces: ArraySlice<Piece>
  private let limits: TemplateLimits
  private var loopDepth = 0

  static func parse(_ source: String, _ options: TemplateOptions) throws(TemplateError) -> [Statement] {
    guard source.utf8.count <= options.limits.sourceBytes else {
      throw TemplateError(.limit, line: 0, "the template has more than \(options.limits.sourceBytes) bytes")
    }
    var parser = Parser(pieces: try Lexer.pieces(of: source, options)[...], limits: options.limits)
    let (statements, end) = try parser.body(until: [])
    precondition(end == nil, "a body without an end ends with the source")
    return statements
  }

  private init(pieces: ArraySlice<Piece>, limits: TemplateLimits) {
    self.pieces = pieces
    self.limits = limits
  }

  func error(_ problem: String, _ kind: TemplateError.Kind = .syntax) -> TemplateError {
    TemplateError(kind, line: token.line, problem)
  }

  mutating func enter() throws(TemplateError) {
    depth += 1
    if depth > limits.depth { throw error("nested more than \(limits.depth) deep", .limit) }
  }

  // MARK: Tokens

  var token: Token { tokens.indices.contains(next) ? tokens[next] : Token(kind: .end, line: tokens.last?.line ?? 0) }

  func isSign(_ sign: String) -> Bool { token.kind == .sign(sign) }
  func isName(_ name: String) -> Bool { token.kind == .name(name) }

  mutating func skip(_ sign: String) -> Bool {
    guard isSign(sign) else { return false }
    next += 1
    return true
  }

  mutating func skip(name: String) -> Bool {
    guard isName(name) else { return false }
    next += 1
    return true
  }

  mutating func expect(_ sign: String) throws(TemplateError) {
    guard skip(sign) else { throw error("expected `\(sign)`, found \(found)") }
  }

  mutating func name() throws(TemplateError) -> String {
    guard case .name(let name) = token.kind else { throw error("expected a name, found \(found)") }
    next += 1
    return name
  }

  var found: String {
    switch token.kind {
    case .name(let name): "`\(name)`"
    case .integer(let value): "`\(value)`"
    case .float(let value): "`\(value)`"
    case .string: "a string"
    case .sign(let sign): "`\(sign)`"
    case .end: "the end of the tag"
    }
  }

  // MARK: Bodies

  /// Statements up to a block that begins with one of `ends`, which is then the current one, after its word. At the end
  /// of the source `end` is nil, an error unless `ends` is empty.
  private mutating func body(until ends: [String]) throws(TemplateError) -> (statements: [Statement], end: String?) {
    try enter()
    defer { depth -= 1 }
    var statements: [Statement] = []
    while let piece = pieces.popFirst() {
      switch piece {
      case .text(let text, _): statements.append(.text(text))
      case .output(let tokens, _):
        use(tokens)
        let expression = try tupleOrExpression()
        try endOfTag()
        statements.append(.output(expression))
      case .block(let tokens, let line):
        use(tokens)
        guard case .name(let word) = token.kind else {
          throw TemplateError(.syntax, line: line, "a block without a word")
        }
        next += 1
        if ends.contains(word) { return (statements, word) }
        if let statement = try statement(word, line) { statements.append(statement) }
      }
    }
    guard ends.isEmpty else {
      throw error("expected `\(ends[ends.count - 1])` before the end of the template")
    }
    return (statements, nil)
  }

  private mutating func use(_ tokens: [Token]) {
    self.tokens = tokens
    next = 0
  }

  func endOfTag() throws(TemplateError) {
    guard token.kind == .end else { throw error("unexpected \(found)") }
  }

  private mutating func statement(_ word: String, _ line: Int) throws(TemplateError) -> Statement? {
    switch word {
    case "if": return try ifStatement()
    case "for": return try forStatement(line)
    case "set": return try setStatement(line)
    case "macro": return try macroStatement(line)
    case "call": return try callStatement(line)
    case "filter":
      let filters = try filterChain()
      try endOfTag()
      return .filter(filters, body: try body(until: ["endfilter"]).statements, line: line)
    case "with": return try withStatement()
    case "generation":
      // transformers marks what the assistant says with it; it prints its body.
      try endOfTag()
      return .with([], body: try body(until: ["endgeneration"]).statements)
    case "break", "continue":
      try endOfTag()
      guard loopDepth > 0 else { throw error("`\(word)` outside of a loop") }
      return word == "break" ? .breakLoop : .continueLoop
    case "include", "import", "from", "extends", "block", "do", "trans", "autoescape":
      throw TemplateError(.unsupported, line: line, "`{% \(word) %}` is not there")
    case _ where word.hasPrefix("end") || ["else", "elif"].contains(word):
      throw TemplateError(.syntax, line: line, "unexpected `\(word)`")
    default: throw TemplateError(.unsupported, line: line, "there is no block `\(word)`")
    }
  }

  private mutating func ifStatement() throws(TemplateError) -> Statement {
    var branches: [(condition: Expression, body: [Statement])] = []
    var otherwise: [Statement] = []
    var condition = try tupleOrExpression(withConditional: false)
    try endOfTag()
    while true {
      let (statements, end) = try body(until: ["elif", "else", "endif"])
      branches.append((condition, statements))
      if end == "elif" {
        condition = try tupleOrExpression(withConditional: false)
        try endOfTag()
        continue
      }
      try endOfTag()
      if end == "else" {
        otherwise = try body(until: ["endif"]).statements
        try endOfTag()
      }
      return .ifElse(branches: branches, otherwise: otherwise)
    }
  }

  private mutating func forStatement(_ line: Int) throws(TemplateError) -> Statement {
    let target = try self.target(allowsAttributes: false)
    guard skip(name: "in") else { throw error("expected `in`, found \(found)") }
    let iterable = try tupleOrExpression(withConditional: false)
    var condition: Expression?
    if skip(name: "if") { condition = try expression() }
    if isName("recursive") { throw error("recursive loops are not there", .unsupported) }
    try endOfTag()
    loopDepth += 1
    let (statements, end) = try body(until: ["else", "endfor"])
    loopDepth -= 1
    try endOfTag()
    var otherwise: [Statement] = []
    if end == "else" {
      otherwise = try body(until: ["endfor"]).statements
      try endOfTag()
    }
    return .forLoop(
      ForLoop(
        target: target, iterable: iterable, condition: condition, body: statements, otherwise: otherwise, line: line))
  }

  private mutating func setStatement(_ line: Int) throws(TemplateError) -> Statement {
    let target = try self.target(allowsAttributes: true)
    if skip("=") {
      let value = try tupleOrExpression()
      try endOfTag()
      return .set(target: target, value: value, line: line)
    }
    var filters: [FilterCall] = []
    if isSign("|") {
      next += 1
      filters = try filterChain()
    }
    try endOfTag()
    let statements = try body(until: ["endset"]).statements
    try endOfTag()
    return .setBlock(target: target, filters: filters, body: statements, line: line)
  }

  private mutating func target(allowsAttributes: Bool) throws(TemplateError) -> Target {
    var targets: [Target] = []
    var isTuple = false
    repeat {
      if !targets.isEmpty { isTuple = true }
      if isTuple, isSign("=") || isName("in") { break }
      if skip("(") {
        targets.append(try target(allowsAttributes: allowsAttributes))
        try expect(")")
      } else {
        let name = try name()
        guard !["true", "false", "none", "True", "False", "None", "loop"].contains(name) else {
          throw error("cannot assign to `\(name)`")
        }
        if allowsAttributes, skip(".") {
          targets.append(.attribute(of: name, try self.name()))
        } else {
          targets.append(.name(name))
        }
      }
    } while skip(",")
    return isTuple ? .tuple(targets) : targets[0]
  }

  private mutating func macroStatement(_ line: Int) throws(TemplateError) -> Statement {
    let name = try name()
    let parameters = try parameters()
    try endOfTag()
    let statements = try outsideOfLoops { (parser) throws(TemplateError) in
      try parser.body(until: ["endmacro"]).statements
    }
    // `{% endmacro name %}` may repeat the name.
    if case .name = token.kind { next += 1 }
    try endOfTag()
    return .macro(Macro(name: name, parameters: parameters, body: statements, line: line))
  }

  private mutating func callStatement(_ line: Int) throws(TemplateError) -> Statement {
    let parameters = isSign("(") ? try self.parameters() : []
    let call = try expression()
    guard case .call = call.node else { throw error("expected a call") }
    try endOfTag()
    let statements = try outsideOfLoops { (parser) throws(TemplateError) in
      try parser.body(until: ["endcall"]).statements
    }
    try endOfTag()
    return .call(Macro(name: "caller", parameters: parameters, body: statements, line: line), call: call)
  }

  private mutating func outsideOfLoops(
    _ body: (inout Parser) throws(TemplateError) -> [Statement]
  ) throws(TemplateError) -> [Statement] {
    let depth = loopDepth
    loopDepth = 0
    defer { loopDepth = depth }
    return try body(&self)
  }

  private mutating func parameters() throws(TemplateError) -> [(name: String, fallback: Expression?)] {
    try expect("(")
    var parameters: [(name: String, fallback: Expression?)] = []
    while !isSign(")") {
      if !parameters.isEmpty { try expect(",") }
      let name = try name()
      if skip("=") {
        parameters.append((name, try expression()))
      } else if parameters.last?.fallback != nil {
        throw error("a parameter without a default follows one with a default")
      } else {
        parameters.append((name, nil))
      }
    }
    try expect(")")
    return parameters
  }

  private mutating func withStatement() throws(TemplateError) -> Statement {
    var values: [(name: String, value: Expression)] = []
    while token.kind != .end {
      if !values.isEmpty { try expect(",") }
      let name = try name()
      try expect("=")
      values.append((name, try expression()))
    }
    let statements = try body(until: ["endwith"]).statements
    try endOfTag()
    return .with(values, body: statements)
  }

  /// `upper | trim`, after the bar or the word `filter`.
  private mutating func filterChain() throws(TemplateError) -> [FilterCall] {
    var filters = [try filterCall()]
    while skip("|") { filters.append(try filterCall()) }
    return filters
  }
}
