import JobKit

// References are checked over the whole file before any stage is planned: planning hashes inputs, which may take
// minutes, and a slip in the last stage must not cost them.

extension Pipeline {
  /// Every `${stage.…}` must name an earlier stage that the stage needs, directly or through others.
  func checkReferences(_ stages: [WrittenStage]) throws {
    for (index, stage) in stages.enumerated() {
      let earlier = stages[..<index].map(\.name)
      let later = stages[index...].map(\.name)
      try eachScalar(.mapping(stage.specification)) { scalar in
        guard let name = referencedStage(scalar.text), !name.isEmpty else { return }
        if later.contains(name) {
          throw SpecError(
            position: scalar.position, path: scalar.path,
            problem: name == stage.name
              ? "the stage `\(name)` refers to itself" : "`\(scalar.text)` refers to a later stage",
            remedy: "Stages run in the order in which they are written; move `\(name)` before this one")
        }
        guard earlier.contains(name) else {
          throw SpecError(
            position: scalar.position, path: scalar.path, problem: "no stage is named `\(name)`",
            remedy: nearest(to: name, among: earlier).map { "Did you mean `\($0)`?" }
              ?? (earlier.isEmpty ? "This is the first stage" : "Earlier stages: \(earlier.joined(separator: ", "))"))
        }
        guard allNeeds(of: stage, in: stages).contains(name) else {
          throw SpecError(
            position: scalar.position, path: scalar.path,
            problem: "`\(scalar.text)` refers to a stage that is not among this one's `needs`",
            remedy: "Add `\(name)` to `needs`, or leave `needs` out to wait for the stage before")
        }
      }
    }
  }

  private func allNeeds(of stage: WrittenStage, in stages: [WrittenStage]) -> Set<String> {
    var found: Set<String> = []
    var open = stage.needs
    while let name = open.popLast() {
      if found.insert(name).inserted { open += stages.first { $0.name == name }?.needs ?? [] }
    }
    return found
  }

  private func eachScalar(_ value: SpecValue, _ body: (SpecScalar) throws -> Void) rethrows {
    switch value {
    case .scalar(let scalar): try body(scalar)
    case .sequence(let elements, _, _): for element in elements { try eachScalar(element, body) }
    case .mapping(let mapping): for entry in mapping.entries { try eachScalar(entry.value, body) }
    }
  }

  /// `first` in `${first.model}`; nil for text that is no reference.
  private func referencedStage(_ text: String) -> String? {
    guard text.hasPrefix("${"), text.hasSuffix("}"), let dot = text.lastIndex(of: ".") else { return nil }
    return String(text[text.index(text.startIndex, offsetBy: 2)..<dot])
  }
}
