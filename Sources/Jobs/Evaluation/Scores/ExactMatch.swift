import Templates

/// Whether an answer is a reference, once what the task ignores is taken from both.
struct ExactMatch {
  private let ignored: [PythonPattern]
  private let metric: TaskDefinition.Metric

  init(_ metric: TaskDefinition.Metric) throws {
    self.metric = metric
    ignored = try metric.ignoredPatterns.map { try PythonPattern($0) }
  }

  func isMatch(_ answer: String, _ reference: String) -> Bool { reduced(answer).isSame(as: reduced(reference)) }

  private func reduced(_ text: String) -> String {
    var text = ignored.reduce(text) { $1.removed(from: $0) }
    if metric.ignoresCase { text = text.lowercased() }
    if metric.ignoresPunctuation {
      text = String(String.UnicodeScalarView(text.unicodeScalars.filter { !Self.punctuation.contains($0) }))
    }
    if metric.ignoresNumbers {
      text = String(String.UnicodeScalarView(text.unicodeScalars.filter { !("0"..."9").contains($0) }))
    }
    return text
  }

  /// Python's `string.punctuation`.
  private static let punctuation = Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".unicodeScalars)
}

/// The steps of a filter, its patterns read once.
struct FilterSteps {
  struct Outcome {
    /// Never empty.
    var texts: [String]
    /// Whether scores get a list: no step took one of the answers.
    var isList = true
    var isUnextracted = false
  }

  let name: String
  private let steps: [(TaskDefinition.Filter.Step, PythonPattern?)]

  init(_ filter: TaskDefinition.Filter) throws {
    name = filter.name
    steps = try filter.steps.map { step in
      if case .regex(let pattern, _, _) = step { return (step, try PythonPattern(pattern)) }
      return (step, nil)
    }
  }

  func apply(_ texts: [String], row: TemplateDictionary) -> Outcome {
    var outcome = Outcome(texts: texts.isEmpty ? [""] : texts)
    for (step, pattern) in steps {
      switch step {
      case .regex(_, let group, let fallback):
        let found = outcome.texts.map { text in pattern.flatMap { match($0, group: group, in: text) } }
        outcome.isUnextracted = found[0] == nil
        outcome.texts = found.map { $0 ?? fallback }
      case .takeFirst:
        outcome.texts = [outcome.texts[0]]
        outcome.isList = false
      case .takeFirstK(let count): outcome.texts = Array(outcome.texts.prefix(max(1, count)))
      case .majorityVote: outcome.texts = [commonest(outcome.texts)]
      case .removeWhitespace: outcome.texts = outcome.texts.map { $0.pythonStripped() }
      case .lowercase: outcome.texts = outcome.texts.map { $0.lowercased() }
      case .uppercase: outcome.texts = outcome.texts.map { $0.uppercased() }
      case .map(let table, let fallback): outcome.texts = outcome.texts.map { table[$0] ?? fallback ?? "None" }
      case .function(let name): outcome.texts = CodeScores.predictions(name, outcome.texts, row: row)
      }
    }
    return outcome
  }

  /// The chosen match; of several groups the first that is not empty.
  private func match(_ pattern: PythonPattern, group: Int, in text: String) -> String? {
    let all = pattern.all(in: text)
    let place = group < 0 ? all.count + group : group
    guard all.indices.contains(place) else { return nil }
    let groups = all[place]
    guard let found = groups.count == 1 ? groups[0] : groups.first(where: { !$0.isEmpty }) else { return nil }
    return found.pythonStripped()
  }

  /// The first of those that come most often.
  private func commonest(_ texts: [String]) -> String {
    var counts: [String: Int] = [:]
    for text in texts { counts[text, default: 0] += 1 }
    let most = counts.values.max() ?? 0
    return texts.first { counts[$0] == most } ?? texts[0]
  }
}
