/// Jinja's tests: `x is defined`.
enum Tests {
  static let names: Set<String> = [
    "defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "sequence",
    "iterable",
    "callable", "true", "false", "even", "odd", "divisibleby", "eq", "equalto", "==", "ne", "!=", "lt", "lessthan",
    "le",
    "gt", "greaterthan", "ge", "in", "upper", "lower", "sameas", "filter", "test",
  ]

  static func apply(
    _ name: String, to value: TemplateValue, _ arguments: TemplateFunction.Arguments, _ rendering: inout Rendering
  ) throws(TemplateError) -> Bool {
    func argument() throws(TemplateError) -> TemplateValue {
      guard let first = arguments.positional.first else {
        throw TemplateError(.type, line: 0, "the test `\(name)` needs an argument")
      }
      return first
    }
    switch name {
    case "defined": if case .undefined = value { return false } else { return true }
    case "undefined": if case .undefined = value { return true } else { return false }
    case "none": if case TemplateValue.none = value { return true } else { return false }
    case "string": if case .string = value { return true } else { return false }
    case "number": return Operators.number(value) != nil
    case "integer": if case .int = value { return true } else { return false }
    case "float": if case .float = value { return true } else { return false }
    case "boolean": if case .bool = value { return true } else { return false }
    case "mapping": if case .dictionary = value { return true } else { return false }
    case "true": if case .bool(true) = value { return true } else { return false }
    case "false": if case .bool(false) = value { return true } else { return false }
    case "callable": if case .function = value { return true } else { return false }
    case "sequence", "iterable":
      switch value {
      case .string, .list, .tuple, .dictionary: return true
      case .undefined: return rendering.options.undefined == .lenient
      default: return false
      }
    case "even", "odd", "divisibleby":
      let divisor = name == "divisibleby" ? try argument() : .int(2)
      let rest = try Operators.apply(.modulo, value, divisor, rendering.options.limits)
      return Operators.isEqual(rest, .int(name == "odd" ? 1 : 0))
    case "eq", "equalto", "==": return try Operators.compare(.equal, value, try argument())
    case "ne", "!=": return try Operators.compare(.notEqual, value, try argument())
    case "lt", "lessthan": return try Operators.compare(.less, value, try argument())
    case "le": return try Operators.compare(.lessOrEqual, value, try argument())
    case "gt", "greaterthan": return try Operators.compare(.greater, value, try argument())
    case "ge": return try Operators.compare(.greaterOrEqual, value, try argument())
    case "in": return try Operators.contains(try argument(), value)
    case "upper", "lower":
      let text = try rendering.printed(value, 0)
      let cased = text.unicodeScalars.filter { $0.properties.isUppercase || $0.properties.isLowercase }
      return !cased.isEmpty
        && cased.allSatisfy { name == "upper" ? $0.properties.isUppercase : $0.properties.isLowercase }
    case "sameas":
      switch (value, try argument()) {
      case (.bool(let a), .bool(let b)): return a == b
      case (TemplateValue.none, TemplateValue.none): return true
      case (.namespace(let a), .namespace(let b)): return a === b
      case (.bool, _), (_, .bool), (TemplateValue.none, _), (_, TemplateValue.none): return false
      default: throw TemplateError(.unsupported, line: 0, "`sameas` for other values than true, false and none")
      }
    case "filter", "test":
      guard case .string(let wanted) = value else { return false }
      return (name == "filter" ? Filters.names : Tests.names).contains(wanted)
    default: preconditionFailure("the test \(name) is listed and not there")
    }
  }
}
