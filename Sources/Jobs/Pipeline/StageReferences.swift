import JobKit

// References are checked over the whole file before any stage is planned: planning hashes inputs, which may take
// minutes, and a slip in the last stage must not cost them.

extension Pipeline {
  /// The stages with what they refer to among their needs. Every `${stage.…}` must name a stage.
  func withReferences(_ stages: [WrittenStage]) throws -> [WrittenStage] {
    let names = stages.map(\.name)
    return try stages.map { stage in
      var stage = stage
      try eachScalar(.mapping(stage.specification)) { scalar in
        guard let name = referencedStage(scalar.text, among: names), !name.isEmpty else { return }
        if name == stage.name {
          throw SpecError(
            position: scalar.position, path: scalar.path, problem: "the stage `\(name)` refers to itself",
            remedy: "Write a path, or name another stage")
        }
        guard names.contains(name) else {
          let others = names.filter { $0 != stage.name }
          throw SpecError(
            position: scalar.position, path: scalar.path, problem: "no stage is named `\(name)`",
            remedy: nearest(to: name, among: others).map { "Did you mean `\($0)`?" }
              ?? (others.isEmpty ? "This is the only stage" : "Other stages: \(others.joined(separator: ", "))"))
        }
        if !stage.needs.contains(name) { stage.needs.append(name) }
      }
      return stage
    }
  }

  /// What is needed before what needs it; otherwise as they are written.
  func inOrder(_ stages: [WrittenStage]) throws -> [WrittenStage] {
    var ordered: [WrittenStage] = []
    var open = stages
    while !open.isEmpty {
      guard
        let next = open.firstIndex(where: { stage in
          stage.needs.allSatisfy { need in
            ordered.contains { $0.name == need }
          }
        })
      else { throw cycle(open) }
      ordered.append(open.remove(at: next))
    }
    return ordered
  }

  /// Following needs among stages of which none can begin leads round.
  private func cycle(_ open: [WrittenStage]) -> SpecError {
    var path: [WrittenStage] = [open[0]]
    while true {
      let last = path[path.count - 1]
      guard let next = open.first(where: { last.needs.contains($0.name) }) else { break }
      if let start = path.firstIndex(where: { $0.name == next.name }) {
        path = Array(path[start...]) + [next]
        break
      }
      path.append(next)
    }
    return SpecError(
      position: path[0].specification.position, path: path[0].specification.path,
      problem: "stages need each other in a circle: \(path.map(\.name).joined(separator: " needs "))",
      remedy: "Take one of these needs or references away")
  }

  private func eachScalar(_ value: SpecValue, _ body: (SpecScalar) throws -> Void) rethrows {
    switch value {
    case .scalar(let scalar): try body(scalar)
    case .sequence(let elements, _, _): for element in elements { try eachScalar(element, body) }
    case .mapping(let mapping): for entry in mapping.entries { try eachScalar(entry.value, body) }
    }
  }

  /// `first` in `${first.model}`; nil for text that is no reference.
  private func referencedStage(_ text: String, among names: [String]) -> String? {
    let reference = ValueReference(text)?.reference ?? text
    guard reference.hasPrefix("${"), reference.hasSuffix("}") else { return nil }
    let inside = reference.dropFirst(2).dropLast()
    return inside.contains(".") ? stageName(inReference: inside, among: names) : nil
  }
}
