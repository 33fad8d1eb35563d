import JobKit
import Templates

extension TaskDefinition {
  /// The rows that are asked, of all splits' rows.
  func asked(_ rows: [String: [TemplateDictionary]]) -> [TemplateDictionary] {
    chosen(askedSplit.flatMap { rows[$0] } ?? [])
  }

  /// The rows that examples are taken from.
  func examples(_ rows: [String: [TemplateDictionary]]) throws -> [TemplateDictionary] {
    if let samples = fewshot.samples, fewshot.split == nil {
      return try samples.map { text in
        guard case .dictionary(let row) = try TemplateValue(json: Array(text.utf8)) else {
          preconditionFailure("an example of \(name) is no object")
        }
        return row
      }
    }
    return chosen(exampleSplit.flatMap { rows[$0] } ?? [])
  }

  private func chosen(_ rows: [TemplateDictionary]) -> [TemplateDictionary] {
    processDocs.map { BuiltInFunctions.choose(rows, by: $0) } ?? rows
  }
}

extension SpecScalar {
  /// A data file's path below the folder that `directory` names.
  func inside(_ directory: SpecScalar) -> SpecScalar {
    guard !text.hasPrefix("/") else { return self }
    return SpecScalar(
      text: "\(directory.text)/\(text)", isQuoted: true, path: directory.path, position: directory.position)
  }
}

extension ItemScorer {
  /// Refuses an answer key that names no choice.
  func check(_ item: Item) throws {
    guard task.outputType == .multipleChoice, task.metrics.contains(where: { $0.name != "bypass" }),
      rightChoices(item).isEmpty
    else { return }
    throw EvaluationError(
      "task \(task.name)", row: item.number + 1,
      problem: "the answer key is \(item.target.written.debugDescription), and there are \(item.choices.count) choices",
      remedy: "doc_to_target gives the number of the right choice, from 0, or its text")
  }
}
