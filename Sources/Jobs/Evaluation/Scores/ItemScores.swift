import Templates

/// What came back for an item: for every request an answer, or as many as the task repeats it.
enum Answer: Equatable {
  case loglikelihood(Loglikelihood)
  case rolling(Double)
  case texts([String])
}

/// An item's scores under one filter.
struct ItemScore: Equatable {
  let filter: String
  /// Each request's answer after the filter, as the samples file shows it.
  let filtered: [TemplateValue]
  let metrics: [(name: String, value: Aggregation.Value)]
  /// Whether the filter found no answer in the text.
  let isUnextracted: Bool

  static func == (a: ItemScore, b: ItemScore) -> Bool {
    a.filter == b.filter && a.isUnextracted == b.isUnextracted
      && a.metrics.map(\.name) == b.metrics.map(\.name) && a.metrics.map(\.value) == b.metrics.map(\.value)
  }
}

/// Scores items of a task.
struct ItemScorer {
  let task: TaskDefinition
  private let filters: [FilterSteps]
  private let exactMatches: [String: ExactMatch]
  /// Runs what a model wrote; nil where that is not allowed.
  private let code: (any CodeRunning)?

  init(_ task: TaskDefinition, code: (any CodeRunning)?) throws {
    self.task = task
    self.code = code
    filters = try task.filters.map { try FilterSteps($0) }
    var matches: [String: ExactMatch] = [:]
    for metric in task.metrics where metric.name == "exact_match" { matches[metric.name] = try ExactMatch(metric) }
    exactMatches = matches
  }

  func scores(_ item: Item, _ answers: [Answer]) throws -> [ItemScore] {
    switch task.outputType {
    case .generateUntil: return try filters.map { try generated($0, item, answers) }
    default:
      let filtered = answers.map(\.shown)
      return task.filters.map { filter in
        ItemScore(filter: filter.name, filtered: filtered, metrics: likelihoods(item, answers), isUnextracted: false)
      }
    }
  }

  // MARK: likelihoods

  private func likelihoods(_ item: Item, _ answers: [Answer]) -> [(name: String, value: Aggregation.Value)] {
    switch task.outputType {
    case .multipleChoice: return multipleChoice(item, answers)
    case .loglikelihood:
      guard case .loglikelihood(let answer)? = answers.first else { return [] }
      return task.metrics.compactMap { metric in
        switch metric.name {
        case "perplexity": (metric.name, .number(answer.sum))
        case "acc": (metric.name, .number(answer.isGreedy ? 1 : 0))
        default: nil
        }
      }
    case .loglikelihoodRolling:
      guard case .rolling(let sum)? = answers.first else { return [] }
      let text = item.target.written
      return task.metrics.map { metric in
        let weight = metric.name == "word_perplexity" ? wordCount(text) : text.utf8.count
        return (metric.name, .weighted(sum: sum, weight: Double(weight)))
      }
    case .generateUntil: return []
    }
  }

  /// `len(re.split(r"\s+", text))`: runs of blanks, and one more.
  private func wordCount(_ text: String) -> Int {
    var count = 1
    var isInside = false
    for scalar in text.unicodeScalars {
      if scalar.isPythonSpace, !isInside { count += 1 }
      isInside = scalar.isPythonSpace
    }
    return count
  }

  private func multipleChoice(_ item: Item, _ answers: [Answer]) -> [(name: String, value: Aggregation.Value)] {
    let found: [Loglikelihood] = answers.compactMap { if case .loglikelihood(let value) = $0 { value } else { nil } }
    let right = rightChoices(item)
    func accuracy(_ scores: [Double]) -> Double { firstLargest(scores).map { right.contains($0) } == true ? 1 : 0 }
    let sums = found.map(\.sum)
    return task.metrics.compactMap { metric in
      switch metric.name {
      case "acc": return (metric.name, .number(accuracy(sums)))
      case "acc_norm":
        let lengths = item.choices.map { Double($0.unicodeScalars.count) }
        return (metric.name, .number(accuracy(zip(sums, lengths).map { $0 / $1 })))
      case "acc_bytes":
        let lengths = item.choices.map { Double($0.utf8.count) }
        return (metric.name, .number(accuracy(zip(sums, lengths).map { $0 / $1 })))
      case "exact_match": return (metric.name, .number(right.contains { found[$0].isGreedy } ? 1 : 0))
      default: return nil
      }
    }
  }

  /// The choices that are right; empty when the target names none.
  func rightChoices(_ item: Item) -> [Int] {
    switch item.target {
    case .choice(let number): item.choices.indices.contains(number) ? [number] : []
    case .choices(let numbers): numbers.filter(item.choices.indices.contains)
    case .text(let text), .value(let text): item.choices.firstIndex { $0.isSame(as: text) }.map { [$0] } ?? []
    case .texts(let texts):
      item.choices.indices.filter { place in texts.contains { $0.isSame(as: item.choices[place]) } }
    }
  }

  // MARK: generated texts

  private func generated(_ filter: FilterSteps, _ item: Item, _ answers: [Answer]) throws -> ItemScore {
    let texts: [String] = answers.flatMap { if case .texts(let texts) = $0 { texts } else { [String]() } }
    let outcome = filter.apply(texts, row: item.row)
    let shown: TemplateValue = outcome.isList ? .list(outcome.texts.map { .string($0) }) : .string(outcome.texts[0])
    let metrics = try metrics(item, outcome)
    return ItemScore(filter: filter.name, filtered: [shown], metrics: metrics, isUnextracted: outcome.isUnextracted)
  }

  private func metrics(
    _ item: Item, _ outcome: FilterSteps.Outcome
  ) throws -> [(name: String, value: Aggregation.Value)] {
    let answer = outcome.texts.first ?? ""
    if task.processResults != nil { return EQBench.scores(item.row, answer: answer) }
    var gold: [String]
    switch item.target {
    case .choice(let number):
      gold = [item.choices.indices.contains(number) ? item.choices[number] : "\(number)"]
    case .texts(let texts): gold = texts
    default: gold = [item.target.written]
    }
    return try task.metrics.flatMap { metric -> [(name: String, value: Aggregation.Value)] in
      if let function = metric.function {
        return try CodeScores.scores(function, metric, candidates: outcome.texts, test: gold[0], code: code)
      }
      guard let match = exactMatches[metric.name] else { return [] }
      return [(metric.name, .number(gold.contains { match.isMatch(answer, $0) } ? 1 : 0))]
    }
  }

  private func firstLargest(_ values: [Double]) -> Int? {
    // As numpy: the first of equals; a NaN wins.
    if let place = values.firstIndex(where: \.isNaN) { return place }
    return values.max().flatMap { values.firstIndex(of: $0) }
  }
}

extension Answer {
  /// As the samples file shows it, when no filter changes it.
  var shown: TemplateValue {
    switch self {
    case .loglikelihood(let value):
      .list([.string(TemplateValue.float(value.sum).pythonText), .string(value.isGreedy ? "True" : "False")])
    case .rolling(let sum): .string(TemplateValue.float(sum).pythonText)
    case .texts(let texts): .list(texts.map { .string($0) })
    }
  }
}
