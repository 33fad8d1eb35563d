public import WireProtocol

/// A number that one stage of a pipeline finds and another one uses.
public struct StageValue: Hashable, Sendable {
  /// What it may stand for; checked before anything starts.
  public enum Kind: String, Sendable, CaseIterable {
    /// From 0 to 1.
    case ratio
    /// A learning rate: above 0.
    case learningRate = "learning rate"
    case number
  }
  /// `almr`, or `transfer.learning_rate`.
  public let name: String
  public let kind: Kind
  public init(_ name: String, _ kind: Kind) {
    self.name = name
    self.kind = kind
  }

  /// The output tree with the file `file`: a JSON object of names and numbers.
  public static let tree = "values"
  public static let file = "values.json"
}

/// The stage that `inside`, what stands between the braces of `${stage.name}`, begins with. Names of stages may have
/// dots: the longest of `stages` that fits is meant; when none does, what stands before the first dot was.
public func stageName(inReference inside: Substring, among stages: [String]) -> String {
  stages.filter { inside.hasPrefix("\($0).") }.max { $0.count < $1.count } ?? String(inside.prefix { $0 != "." })
}

/// A stage that a later one may refer to.
public struct EarlierStage: Sendable {
  public let name: String
  public let outputs: [String]
  public let values: [StageValue]
  public init(name: String, outputs: [String], values: [StageValue] = []) {
    self.name = name
    self.outputs = outputs
    self.values = values
  }
}

/// A value as the planner sees it: the tree that will hold it, an input of the runner that needs it, and its name
/// there.
public struct PlannedValue: Sendable {
  public let reference: InputReference
  public let tree: String
  public let name: String
  /// What the value is multiplied with.
  public let factor: Double
  public init(reference: InputReference, tree: String, name: String, factor: Double = 1) {
    self.reference = reference
    self.tree = tree
    self.name = name
    self.factor = factor
  }
}

/// A reference to a number, perhaps times another one: `${choose.learning_rate} * 0.5`, so that a stage can try the
/// neighbours of what an earlier one chose.
public struct ValueReference {
  /// `${choose.learning_rate}`
  public let reference: String
  public let factor: Double

  /// Nil when what follows the closing brace is no factor above 0.
  public init?(_ text: String) {
    guard text.hasPrefix("${"), let end = text.firstIndex(of: "}") else { return nil }
    reference = String(text[...end])
    let rest = text[text.index(after: end)...].filter { $0 != " " }
    guard !rest.isEmpty else {
      factor = 1
      return
    }
    guard rest.first == "*", let factor = Double(rest.dropFirst()), factor > 0, factor.isFinite else { return nil }
    self.factor = factor
  }
}

/// A number of a job file that may be an earlier stage's: `0.3`, or `${choose.almr}`.
public enum Referable<Value> {
  case value(Value)
  case reference(SpecScalar)
}

extension SpecKind {
  /// `kind`, or a reference to an earlier stage's value. A reference is part of the recipe as it is written.
  public static func referable<Inner>(_ kind: SpecKind<Inner>) -> SpecKind<Value> where Value == Referable<Inner> {
    SpecKind(
      expectation: kind.expectation, example: kind.example,
      parse: { scalar in
        scalar.text.hasPrefix("${") ? .reference(scalar) : kind.parse(scalar).map { .value($0) }
      },
      resolve: { value in
        switch value {
        case .value(let value): kind.resolve(value)
        case .reference(let scalar): .text(scalar.text)
        }
      })
  }
}
