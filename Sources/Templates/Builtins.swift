/// The names that every template has.
enum Builtins {
  static func global(_ name: String) -> TemplateValue? {
    switch name {
    case "range": .function(range)
    case "namespace": .function(namespace)
    case "dict": .function(dict)
    case "raise_exception": .function(raiseException)
    default: nil
    }
  }

  private static let raiseException = TemplateFunction("raise_exception") { (_, arguments) throws(TemplateError) in
    throw TemplateError(.raised, line: 0, arguments.positional.first?.pythonText ?? "")
  }

  private static let namespace = TemplateFunction("namespace") { (_, arguments) throws(TemplateError) in
    .namespace(TemplateNamespace(try members(arguments)))
  }

  private static let dict = TemplateFunction("dict") { (_, arguments) throws(TemplateError) in
    .dictionary(try members(arguments))
  }

  private static func members(_ arguments: TemplateFunction.Arguments) throws(TemplateError) -> TemplateDictionary {
    var members = TemplateDictionary()
    if let first = arguments.positional.first {
      guard case .dictionary(let given) = first else {
        throw TemplateError(.type, line: 0, "expected a mapping, found '\(first.typeName)'")
      }
      members = given
    }
    for (name, value) in arguments.named { members[name] = value }
    return members
  }

  private static let range = TemplateFunction("range") { (rendering, arguments) throws(TemplateError) in
    var bounds: [Int] = []
    for argument in arguments.positional {
      guard case .int(let value)? = Operators.number(argument) else {
        throw TemplateError(.type, line: 0, "'\(argument.typeName)' object cannot be interpreted as an integer")
      }
      bounds.append(value)
    }
    guard (1...3).contains(bounds.count) else { throw TemplateError(.type, line: 0, "range takes 1 to 3 numbers") }
    let (from, to) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
    let step = bounds.count == 3 ? bounds[2] : 1
    guard step != 0 else { throw TemplateError(.type, line: 0, "range() arg 3 must not be zero") }
    let limit = rendering.options.limits.rangeElements
    var values: [TemplateValue] = []
    var value = from
    while step > 0 ? value < to : value > to {
      guard values.count < limit else {
        throw TemplateError(.limit, line: 0, "a range of more than \(limit) numbers")
      }
      values.append(.int(value))
      let (next, overflow) = value.addingReportingOverflow(step)
      if overflow { break }
      value = next
    }
    return .list(values)
  }
}

extension TemplateValue {
  /// `str(value)`.
  public var pythonText: String {
    switch self {
    case .string(let text): text
    default: pythonRepresentation
    }
  }

  /// `repr(value)`.
  var pythonRepresentation: String {
    switch self {
    case .undefined: ""
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): "\(value)"
    case .float(let value): Templates.pythonText(value)
    case .string(let text): pythonQuoted(text)
    case .list(let elements): "[\(elements.map(\.pythonRepresentation).joined(separator: ", "))]"
    case .tuple(let elements):
      "(\(elements.map(\.pythonRepresentation).joined(separator: ", "))\(elements.count == 1 ? "," : ""))"
    case .dictionary(let dictionary):
      "{" + dictionary.entries.map { "\($0.key.pythonRepresentation): \($0.value.pythonRepresentation)" }
        .joined(separator: ", ") + "}"
    case .namespace: "<Namespace>"
    case .function(let function): "<function \(function.name)>"
    case .loop(let state): "<LoopContext \(state.index + 1)/\(state.count)>"
    }
  }
}
