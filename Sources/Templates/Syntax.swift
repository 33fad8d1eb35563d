// The tree of a template: statements and expressions, each with its line.

indirect enum Statement: Sendable {
  case text(String)
  case output(Expression)
  case ifElse(branches: [(condition: Expression, body: [Statement])], otherwise: [Statement])
  case forLoop(ForLoop)
  case set(target: Target, value: Expression, line: Int)
  /// `{% set x %}…{% endset %}`, through filters.
  case setBlock(target: Target, filters: [FilterCall], body: [Statement], line: Int)
  case macro(Macro)
  /// `{% call(args) f(x) %}…{% endcall %}`: `f` gets the body as `caller`.
  case call(Macro, call: Expression)
  case filter([FilterCall], body: [Statement], line: Int)
  case with([(name: String, value: Expression)], body: [Statement])
  case breakLoop
  case continueLoop
}

struct ForLoop: Sendable {
  let target: Target
  let iterable: Expression
  let condition: Expression?
  let body: [Statement]
  let otherwise: [Statement]
  let line: Int
}

struct Macro: Sendable {
  let name: String
  let parameters: [(name: String, fallback: Expression?)]
  let body: [Statement]
  let line: Int
}

/// What a value is assigned to.
indirect enum Target: Sendable {
  case name(String)
  case attribute(of: String, String)
  case tuple([Target])
}

struct FilterCall: Sendable {
  let name: String
  let arguments: CallArguments
  let line: Int
}

struct CallArguments: Sendable {
  var positional: [Expression] = []
  var named: [(name: String, value: Expression)] = []
}

struct Expression: Sendable {
  let line: Int
  let node: Node

  indirect enum Node: Sendable {
    case constant(TemplateValue)
    case name(String)
    case list([Expression])
    case tuple([Expression])
    case dictionary([(key: Expression, value: Expression)])
    case attribute(Expression, String)
    case item(Expression, Expression)
    case slice(Expression, from: Expression?, to: Expression?, step: Expression?)
    case call(Expression, CallArguments)
    case filter(Expression, FilterCall)
    case test(Expression, name: String, CallArguments)
    case not(Expression)
    case and(Expression, Expression)
    case or(Expression, Expression)
    case negative(Expression)
    case positive(Expression)
    case binary(BinaryOperator, Expression, Expression)
    case concatenation([Expression])
    /// `a < b <= c`.
    case comparison(Expression, [(operation: Comparison, right: Expression)])
    case conditional(condition: Expression, then: Expression, otherwise: Expression?)
  }
}

enum BinaryOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case modulo = "%"
  case power = "**"
}

enum Comparison: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case isIn = "in"
  case notIn = "not in"
}
