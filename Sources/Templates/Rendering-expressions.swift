// Values of expressions.
extension Rendering {
  mutating func evaluate(_ expression: Expression) throws(TemplateError) -> TemplateValue {
    try step(expression.line)
    try enter(expression.line)
    defer { leave() }
    do throws(TemplateError) {
      return try value(of: expression)
    } catch {
      throw error.at(expression.line)
    }
  }

  private mutating func value(of expression: Expression) throws(TemplateError) -> TemplateValue {
    switch expression.node {
    case .constant(let value): return value
    case .name(let name): return lookup(name) ?? .undefined(name: "'\(name)' is undefined")
    case .list(let elements): return .list(try evaluate(elements))
    case .tuple(let elements): return .tuple(try evaluate(elements))
    case .dictionary(let entries):
      var dictionary = TemplateDictionary()
      for entry in entries { try dictionary.set(try evaluate(entry.key), try evaluate(entry.value)) }
      return .dictionary(dictionary)
    case .attribute(let base, let name): return try attribute(name, of: try evaluate(base))
    case .item(let base, let index): return try item(try evaluate(index), of: try evaluate(base))
    case .slice(let base, let from, let to, let step):
      return try slice(
        try evaluate(base), from: try evaluate(from), to: try evaluate(to), step: try evaluate(step))
    case .call(let callee, let arguments):
      return try call(try evaluate(callee), try evaluate(arguments), expression.line)
    case .filter(let base, let filter): return try apply(filter, to: try evaluate(base))
    case .test(let base, let name, let arguments):
      return .bool(try Tests.apply(name, to: try evaluate(base), try evaluate(arguments), &self))
    case .not(let inner): return .bool(!(try isTrue(evaluate(inner), expression.line)))
    case .and(let left, let right):
      let value = try evaluate(left)
      return try isTrue(value, left.line) ? try evaluate(right) : value
    case .or(let left, let right):
      let value = try evaluate(left)
      return try isTrue(value, left.line) ? value : try evaluate(right)
    case .negative(let inner): return try Operators.negative(try evaluate(inner))
    case .positive(let inner):
      let value = try evaluate(inner)
      guard Operators.number(value) != nil else {
        throw TemplateError(.type, line: 0, "bad operand type for unary +: '\(value.typeName)'")
      }
      return value
    case .binary(let operation, let left, let right):
      let value = try Operators.apply(operation, try evaluate(left), try evaluate(right), options.limits)
      return value
    case .concatenation(let parts):
      var text = ""
      for part in parts { text += try printed(try evaluate(part), part.line) }
      try checkSize(text.utf8.count, expression.line)
      return .string(text)
    case .comparison(let first, let steps):
      var left = try evaluate(first)
      for step in steps {
        let right = try evaluate(step.right)
        guard try Operators.compare(step.operation, left, right) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .conditional(let condition, let then, let otherwise):
      if try isTrue(evaluate(condition), condition.line) { return try evaluate(then) }
      guard let otherwise else {
        return .undefined(
          name:
            "the inline if-expression on line \(expression.line) evaluated to false and no else section was defined.")
      }
      return try evaluate(otherwise)
    }
  }

  private mutating func evaluate(_ expressions: [Expression]) throws(TemplateError) -> [TemplateValue] {
    var values: [TemplateValue] = []
    for expression in expressions { values.append(try evaluate(expression)) }
    return values
  }

  private mutating func evaluate(_ expression: Expression?) throws(TemplateError) -> TemplateValue? {
    guard let expression else { return nil }
    return try evaluate(expression)
  }

  mutating func evaluate(_ arguments: CallArguments) throws(TemplateError) -> TemplateFunction.Arguments {
    var result = TemplateFunction.Arguments(try evaluate(arguments.positional))
    for (name, value) in arguments.named { result.named.append((name, try evaluate(value))) }
    return result
  }

  mutating func apply(_ filter: FilterCall, to value: TemplateValue) throws(TemplateError) -> TemplateValue {
    let arguments = try evaluate(filter.arguments)
    do throws(TemplateError) {
      return try Filters.apply(filter.name, to: value, arguments, &self)
    } catch {
      throw error.at(filter.line)
    }
  }

  mutating func call(
    _ callee: TemplateValue, _ arguments: TemplateFunction.Arguments, _ line: Int
  ) throws(TemplateError) -> TemplateValue {
    switch callee {
    case .function(let function):
      do throws(TemplateError) {
        return try function.body(&self, arguments)
      } catch {
        throw error.at(line)
      }
    case .undefined(let name): throw TemplateError(.undefined, line: line, name)
    case .loop: throw TemplateError(.unsupported, line: line, "recursive loops are not there")
    default: throw TemplateError(.type, line: line, "'\(callee.typeName)' object is not callable")
    }
  }

  // MARK: What values are in a template

  /// Python's truth. A strict environment does not let a missing name be asked.
  func isTrue(_ value: TemplateValue, _ line: Int) throws(TemplateError) -> Bool {
    switch value {
    case .undefined(let name):
      if options.undefined == .strict { throw TemplateError(.undefined, line: line, name) }
      return false
    case .none: return false
    case .bool(let value): return value
    case .int(let value): return value != 0
    case .float(let value): return value != 0
    case .string(let text): return !text.utf8.isEmpty
    case .list(let elements), .tuple(let elements): return !elements.isEmpty
    case .dictionary(let dictionary): return dictionary.count > 0
    case .namespace, .function, .loop: return true
    }
  }

  /// What `{{ }}` prints.
  func printed(_ value: TemplateValue, _ line: Int) throws(TemplateError) -> String {
    if case .undefined(let name) = value {
      if options.undefined == .strict { throw TemplateError(.undefined, line: line, name) }
      return ""
    }
    return value.pythonText
  }

  /// What a loop goes over: a mapping's keys, a string's characters.
  func elements(of value: TemplateValue, _ line: Int) throws(TemplateError) -> [TemplateValue] {
    switch value {
    case .list(let elements), .tuple(let elements): return elements
    case .string(let text): return text.unicodeScalars.map { .string(String(Character($0))) }
    case .dictionary(let dictionary): return dictionary.entries.map(\.key)
    case .undefined(let name):
      if options.undefined == .strict { throw TemplateError(.undefined, line: line, name) }
      return []
    default: throw TemplateError(.type, line: line, "'\(value.typeName)' object is not iterable")
    }
  }

  // MARK: Members

  /// For filters that go by attributes: an item first, then a member.
  func member(_ index: TemplateValue, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
    try item(index, of: value)
  }

  func member(_ name: String, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
    try attribute(name, of: value)
  }

  /// `value.name`: a method first, then an item, as Jinja's `getattr`.
  private func attribute(_ name: String, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
    if name.hasPrefix("_") { throw TemplateError(.unsupported, line: 0, "access to `\(name)` is not allowed") }
    switch value {
    case .undefined(let missing): throw TemplateError(.undefined, line: 0, missing)
    case .namespace(let namespace):
      return namespace.members[name] ?? missing(name, in: value)
    case .loop(let state): return try loopMember(name, state)
    default:
      if let method = Methods.method(name, of: value) { return .function(method) }
      if case .dictionary(let dictionary) = value, let found = dictionary[name] { return found }
      return missing(name, in: value)
    }
  }

  private func missing(_ name: String, in value: TemplateValue) -> TemplateValue {
    .undefined(name: "'\(value.typeName) object' has no attribute '\(name)'")
  }

  /// `value[index]`: an item first, then a member.
  private func item(_ index: TemplateValue, of value: TemplateValue) throws(TemplateError) -> TemplateValue {
    switch (value, index) {
    case (.undefined(let missing), _): throw TemplateError(.undefined, line: 0, missing)
    case (.dictionary(let dictionary), _):
      if let found = dictionary.get(index) { return found }
      if case .string(let name) = index { return try attribute(name, of: value) }
      return .undefined(name: "dict object has no element \(index.pythonRepresentation)")
    case (.list(let elements), .int(let place)), (.tuple(let elements), .int(let place)):
      let place = place < 0 ? place + elements.count : place
      if elements.indices.contains(place) { return elements[place] }
      return .undefined(name: "\(value.typeName) object has no element \(index.pythonRepresentation)")
    case (.list, .bool(let flag)), (.tuple, .bool(let flag)): return try item(.int(flag ? 1 : 0), of: value)
    case (.string(let text), .int(let place)):
      let scalars = Array(text.unicodeScalars)
      let index = place < 0 ? place + scalars.count : place
      if scalars.indices.contains(index) { return .string(String(Character(scalars[index]))) }
      return .undefined(name: "str object has no element \(place)")
    case (_, .string(let name)): return try attribute(name, of: value)
    default: return .undefined(name: "\(value.typeName) object has no element \(index.pythonRepresentation)")
    }
  }

  private func slice(
    _ value: TemplateValue, from: TemplateValue?, to: TemplateValue?, step: TemplateValue?
  ) throws(TemplateError) -> TemplateValue {
    switch value {
    case .list(let elements): return .list(try Operators.slice(elements, from, to, step))
    case .tuple(let elements): return .tuple(try Operators.slice(elements, from, to, step))
    case .string(let text):
      let scalars = try Operators.slice(Array(text.unicodeScalars), from, to, step)
      return .string(String(String.UnicodeScalarView(scalars)))
    case .undefined(let name): throw TemplateError(.undefined, line: 0, name)
    default: throw TemplateError(.type, line: 0, "'\(value.typeName)' object cannot be sliced")
    }
  }

  private func loopMember(_ name: String, _ state: LoopState) throws(TemplateError) -> TemplateValue {
    switch name {
    case "index": return .int(state.index + 1)
    case "index0": return .int(state.index)
    case "revindex": return .int(state.count - state.index)
    case "revindex0": return .int(state.count - state.index - 1)
    case "first": return .bool(state.index == 0)
    case "last": return .bool(state.index == state.count - 1)
    case "length": return .int(state.count)
    // Counts recursive calls of a loop, which are not there; loops inside loops are all of depth 1.
    case "depth": return .int(1)
    case "depth0": return .int(0)
    case "previtem": return state.previous
    case "nextitem": return state.next
    case "cycle":
      return .function(
        TemplateFunction("cycle") { (_, arguments) throws(TemplateError) in
          guard !arguments.positional.isEmpty else { throw TemplateError(.type, line: 0, "no items for cycling given") }
          return arguments.positional[state.index % arguments.positional.count]
        })
    case "changed": throw TemplateError(.unsupported, line: 0, "`loop.changed` is not there")
    default: return .undefined(name: "'LoopContext object' has no attribute '\(name)'")
    }
  }
}
