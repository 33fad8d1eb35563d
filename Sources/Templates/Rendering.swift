/// One rendering under way: scopes, output, and what was used of the limits.
struct Rendering {
  let options: TemplateOptions
  var scopes: [Scope]
  var output: [UInt8] = []
  private var stepsLeft: Int
  private var depth = 0

  /// Names of one block. An inner scope sees the outer ones and changes only itself, as in Jinja.
  struct Scope {
    private(set) var names: [String] = []
    private(set) var values: [TemplateValue] = []

    func get(_ name: String) -> TemplateValue? {
      names.lastIndex { $0.isSame(as: name) }.map { values[$0] }
    }

    mutating func set(_ name: String, _ value: TemplateValue) {
      if let index = names.lastIndex(where: { $0.isSame(as: name) }) {
        values[index] = value
      } else {
        names.append(name)
        values.append(value)
      }
    }
  }

  /// How a body ended.
  enum Flow {
    case done
    case breakLoop
    case continueLoop
  }

  init(_ options: TemplateOptions) {
    self.options = options
    stepsLeft = options.limits.steps
    scopes = [Scope()]
  }

  mutating func step(_ line: Int) throws(TemplateError) {
    stepsLeft -= 1
    if stepsLeft < 0 { throw TemplateError(.limit, line: line, "more than \(options.limits.steps) steps") }
  }

  mutating func enter(_ line: Int) throws(TemplateError) {
    depth += 1
    if depth > options.limits.depth {
      throw TemplateError(.limit, line: line, "calls and expressions nested more than \(options.limits.depth) deep")
    }
  }

  mutating func leave() { depth -= 1 }

  mutating func write(_ text: String, _ line: Int) throws(TemplateError) {
    output += Array(text.utf8)
    try checkSize(output.count, line)
  }

  func checkSize(_ bytes: Int, _ line: Int) throws(TemplateError) {
    if bytes > options.limits.outputBytes {
      throw TemplateError(.limit, line: line, "more than \(options.limits.outputBytes) bytes of text")
    }
  }

  // MARK: Statements

  mutating func run(_ statements: [Statement]) throws(TemplateError) -> Flow {
    for statement in statements {
      let flow = try run(statement)
      if flow != .done { return flow }
    }
    return .done
  }

  private mutating func run(_ statement: Statement) throws(TemplateError) -> Flow {
    switch statement {
    case .text(let text): try write(text, 0)
    case .output(let expression):
      let value = try evaluate(expression)
      try write(try printed(value, expression.line), expression.line)
    case .ifElse(let branches, let otherwise):
      for branch in branches where try isTrue(evaluate(branch.condition), branch.condition.line) {
        return try run(branch.body)
      }
      return try run(otherwise)
    case .forLoop(let loop): try run(loop)
    case .set(let target, let value, let line): try assign(try evaluate(value), to: target, line)
    case .setBlock(let target, let filters, let body, let line):
      var value = TemplateValue.string(try captured(body))
      for filter in filters { value = try apply(filter, to: value) }
      try assign(value, to: target, line)
    case .macro(let macro): scopes[scopes.count - 1].set(macro.name, .function(function(macro)))
    case .call(let caller, let call): try run(caller, call)
    case .filter(let filters, let body, let line):
      var value = TemplateValue.string(try captured(body))
      for filter in filters { value = try apply(filter, to: value) }
      try write(try printed(value, line), line)
    case .with(let values, let body):
      var scope = Scope()
      for (name, value) in values { scope.set(name, try evaluate(value)) }
      scopes.append(scope)
      defer { scopes.removeLast() }
      return try run(body)
    case .breakLoop: return .breakLoop
    case .continueLoop: return .continueLoop
    }
    return .done
  }

  private mutating func run(_ loop: ForLoop) throws(TemplateError) {
    var elements = try self.elements(of: try evaluate(loop.iterable), loop.line)
    if let condition = loop.condition {
      var kept: [TemplateValue] = []
      for element in elements {
        try step(loop.line)
        scopes.append(Scope())
        defer { scopes.removeLast() }
        try assign(element, to: loop.target, loop.line)
        if try isTrue(evaluate(condition), loop.line) { kept.append(element) }
      }
      elements = kept
    }
    for (index, element) in elements.enumerated() {
      try step(loop.line)
      var scope = Scope()
      scope.set(
        "loop",
        .loop(
          LoopState(
            index: index, count: elements.count,
            previous: index > 0 ? elements[index - 1] : .undefined(name: "there is no previous item"),
            next: index + 1 < elements.count ? elements[index + 1] : .undefined(name: "there is no next item"))))
      scopes.append(scope)
      defer { scopes.removeLast() }
      try assign(element, to: loop.target, loop.line)
      if try run(loop.body) == .breakLoop { return }
    }
    if elements.isEmpty {
      scopes.append(Scope())
      defer { scopes.removeLast() }
      _ = try run(loop.otherwise)
    }
  }

  /// The text that a body writes.
  mutating func captured(_ body: [Statement]) throws(TemplateError) -> String {
    let before = output
    output = []
    defer { output = before }
    scopes.append(Scope())
    defer { scopes.removeLast() }
    _ = try run(body)
    return String(decoding: output, as: UTF8.self)
  }

  mutating func assign(_ value: TemplateValue, to target: Target, _ line: Int) throws(TemplateError) {
    switch target {
    case .name(let name): scopes[scopes.count - 1].set(name, value)
    case .attribute(let name, let member):
      guard case .namespace(let namespace)? = lookup(name) else {
        throw TemplateError(.type, line: line, "cannot assign to `\(name).\(member)`: `\(name)` is no namespace")
      }
      try namespace.members.set(.string(member), value)
    case .tuple(let targets):
      let elements = try self.elements(of: value, line)
      guard elements.count == targets.count else {
        throw TemplateError(
          .type, line: line, "\(elements.count) values for \(targets.count) names")
      }
      for (target, element) in zip(targets, elements) { try assign(element, to: target, line) }
    }
  }

  func lookup(_ name: String) -> TemplateValue? {
    for scope in scopes.reversed() {
      if let value = scope.get(name) { return value }
    }
    return Builtins.global(name)
  }

  // MARK: Macros

  private func function(_ macro: Macro) -> TemplateFunction {
    let outer = scopes
    return TemplateFunction(macro.name) { (rendering, arguments) throws(TemplateError) in
      try rendering.call(macro, arguments, in: outer)
    }
  }

  /// A macro sees the names of where it stands, and those that the template has set since.
  private mutating func call(
    _ macro: Macro, _ arguments: TemplateFunction.Arguments, in outer: [Scope]
  ) throws(TemplateError) -> TemplateValue {
    try enter(macro.line)
    defer { leave() }
    let caller = scopes
    defer { scopes = caller }
    // Names that were set at the top level after the macro are seen, as a template's module has them.
    scopes = [caller[0]] + outer.dropFirst()
    var scope = Scope()
    var positional = arguments.positional[...]
    var extra = arguments.named
    for parameter in macro.parameters {
      if let value = positional.popFirst() {
        scope.set(parameter.name, value)
      } else if let index = extra.firstIndex(where: { $0.name.isSame(as: parameter.name) }) {
        scope.set(parameter.name, extra.remove(at: index).value)
      } else if let fallback = parameter.fallback {
        scopes.append(scope)
        let value = try evaluate(fallback)
        scopes.removeLast()
        scope.set(parameter.name, value)
      } else {
        scope.set(parameter.name, .undefined(name: "parameter '\(parameter.name)' was not provided"))
      }
    }
    if let index = extra.firstIndex(where: { $0.name == "caller" }) {
      scope.set("caller", extra.remove(at: index).value)
    }
    if !positional.isEmpty {
      throw TemplateError(
        .type, line: macro.line, "macro '\(macro.name)' takes not more than \(macro.parameters.count) argument(s)")
    }
    if let unknown = extra.first {
      throw TemplateError(
        .type, line: macro.line, "macro '\(macro.name)' takes no keyword argument '\(unknown.name)'")
    }
    scopes.append(scope)
    let before = output
    output = []
    defer { output = before }
    _ = try run(macro.body)
    return .string(String(decoding: output, as: UTF8.self))
  }

  private mutating func run(_ caller: Macro, _ call: Expression) throws(TemplateError) {
    guard case .call(let callee, let arguments) = call.node else { return }
    var evaluated = try evaluate(arguments)
    evaluated.named.append((name: "caller", value: .function(function(caller))))
    let value = try self.call(try evaluate(callee), evaluated, call.line)
    try write(try printed(value, call.line), call.line)
  }
}
