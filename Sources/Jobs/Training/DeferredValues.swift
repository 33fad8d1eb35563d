import Foundation
import JobKit
import WireProtocol

/// Where numbers are found that a job file names by reference.
struct DeferredValues: Codable {
  struct Place: Codable {
    let tree: String
    let name: String
    /// What the value is multiplied with; nil for 1.
    var factor: Double?
  }
  var almr: Place?
  var learningRate: Place?
}

extension Referable {
  /// The value, or `standIn` with the reference that stands for it.
  func parts(standIn: Value) -> (value: Value, reference: SpecScalar?) {
    switch self {
    case .value(let value): (value, nil)
    case .reference(let scalar): (standIn, scalar)
    }
  }
}

extension TrainingSpecification.References {
  /// The places of the numbers, and the inputs that a runner needs to look there.
  func planned(_ context: any PlanningContext) throws -> (values: DeferredValues?, inputs: [InputReference]) {
    var values = DeferredValues()
    var inputs: [InputReference] = []
    func place(_ scalar: SpecScalar, _ kind: StageValue.Kind) throws -> DeferredValues.Place {
      let value = try context.value(scalar, kind: kind)
      if !inputs.contains(value.reference) { inputs.append(value.reference) }
      return DeferredValues.Place(
        tree: value.tree, name: value.name, factor: value.factor == 1 ? nil : value.factor)
    }
    values.almr = try almr.map { try place($0, .ratio) }
    values.learningRate = try learningRate.map { try place($0, .learningRate) }
    return inputs.isEmpty ? (nil, []) : (values, inputs)
  }
}

/// A number that a stage promised and did not write.
struct MissingValue: Error, CustomStringConvertible {
  let place: DeferredValues.Place
  let problem: String
  var description: String { "the value \(place.name) of \(place.tree): \(problem)" }
}

extension DeferredValues.Place {
  func read(_ inputs: [String: String]) throws -> Double {
    let file = try inputs.directory(tree) + "/" + StageValue.file
    let values = try decodePayload(
      [String: Double?].self, from: [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))))
    guard let found = values[name] else { throw MissingValue(place: self, problem: "is not in \(StageValue.file)") }
    guard let value = found, value.isFinite else {
      throw MissingValue(place: self, problem: "the stage could not determine it; its report says why")
    }
    return value * (factor ?? 1)
  }

  /// A share of the tokens; a neighbour of what was found may lie outside.
  func readRatio(_ inputs: [String: String]) throws -> Double {
    let ratio = try read(inputs)
    guard (0...1).contains(ratio) else {
      throw MissingValue(place: self, problem: "gives the ratio \(ratio), expected 0 to 1; take a smaller factor")
    }
    return ratio
  }
}
