/// A task's scores over its items.
struct TaskScores {
  struct Score {
    let metric: String
    let filter: String
    let value: Double
    /// Nil where there is none.
    let standardError: Double?
    let higherIsBetter: Bool
  }

  let task: TaskDefinition
  let numFewshot: Int
  /// Items asked, and items there are.
  let itemCount: Int
  let allCount: Int
  let scores: [Score]
  /// Items whose prompt was cut.
  let truncated: Int
  /// Items without an answer, by filter.
  let unextracted: [String: Int]
  /// The accuracy of guessing; nil where there is nothing to guess.
  let chance: Double?
  /// SHA-256 over all items' rows, prompts and answers.
  let hash: String

  init(_ task: TaskDefinition, _ planned: ResultsPayload.Task, _ records: [ItemRecord]) {
    self.task = task
    numFewshot = planned.numFewshot
    allCount = planned.allCount
    truncated = records.count { $0.isTruncated }
    var missing: [String: Int] = [:]
    for record in records { for filter in record.unextracted { missing[filter, default: 0] += 1 } }
    unextracted = missing
    // The harness hashes a sample for every filter.
    hash = sha256(task.filters.map { _ in records.map(\.hashes).joined() }.joined())
    let isChoice = task.outputType == .multipleChoice
    chance = isChoice ? records.reduce(0) { $0 + 1 / Double($1.choices) } / Double(records.count) : nil
    var kinds: [(filter: String, metric: String)] = []
    var values: [String: [Aggregation.Value]] = [:]
    for filter in task.filters {
      for record in records {
        for value in record.values where value.filter == filter.name {
          let key = "\(value.metric),\(value.filter)"
          if values[key] == nil { kinds.append((value.filter, value.metric)) }
          values[key, default: []].append(value.value)
        }
      }
    }
    var counts = 0
    var scores = kinds.map { filter, metric in
      let found = values["\(metric),\(filter)"] ?? []
      counts = max(counts, found.count)
      // pass@k stands under its function's name, `pass_at_k`.
      let rule = task.metrics.first { $0.name == metric } ?? task.metrics.first { $0.function != nil }
      let aggregation = rule.flatMap { Aggregation(rawValue: $0.aggregation) } ?? .mean
      return Score(
        metric: metric, filter: filter, value: aggregation.score(found),
        standardError: aggregation.standardError(found), higherIsBetter: rule?.higherIsBetter ?? true)
    }
    if task.processResults != nil {
      for filter in task.filters.map(\.name) {
        func count(_ pass: String) -> Int { values["eqbench_official_\(pass),\(filter)"]?.count ?? 0 }
        scores += EQBench.derived(
          scores, counts: (count("first"), count("revised")), items: records.count, filter: filter)
      }
    }
    self.scores = scores
    itemCount = scores.isEmpty ? records.count : counts
  }

  func score(_ metric: String, _ filter: String) -> Score? {
    scores.first { $0.metric == metric && $0.filter == filter }
  }
}

extension TaskScores.Score {
  /// Whether guessing gives as much, within two standard errors.
  func isChance(_ chance: Double?) -> Bool {
    guard let chance, metric.hasPrefix("acc"), let standardError else { return false }
    return abs(value - chance) <= 2 * standardError
  }
}

/// The scores of a group of tasks.
struct GroupScores {
  let group: GroupDefinition
  /// All tasks below it, in order.
  let tasks: [TaskScores]
  let scores: [(score: TaskScores.Score, sampleCount: Int)]

  init(_ group: GroupDefinition, tasks: [TaskScores]) {
    self.group = group
    self.tasks = tasks
    scores = group.aggregates.flatMap { aggregate in
      let filters =
        aggregate.filters
        ?? Set(tasks.flatMap { $0.scores.filter { $0.metric == aggregate.metric }.map(\.filter) }).sorted()
      return filters.compactMap { filter in
        Self.averaged(aggregate.metric, filter, tasks, isWeightedBySize: aggregate.isWeightedBySize)
      }
    }
  }

  /// The mean over tasks that have the metric, by items or plain; nil when none has it.
  static func averaged(
    _ metric: String, _ filter: String, _ tasks: [TaskScores], isWeightedBySize: Bool
  ) -> (score: TaskScores.Score, sampleCount: Int)? {
    let found = tasks.compactMap { task in task.score(metric, filter).map { (score: $0, size: task.itemCount) } }
    guard let first = found.first else { return nil }
    let sizes = found.map(\.size)
    let errors = found.compactMap(\.score.standardError)
    let error =
      errors.count == found.count
      ? GroupScore.standardError(errors, sizes: sizes, isWeightedBySize: isWeightedBySize) : nil
    let score = TaskScores.Score(
      metric: metric, filter: filter,
      value: GroupScore.score(found.map(\.score.value), sizes: sizes, isWeightedBySize: isWeightedBySize),
      standardError: error, higherIsBetter: first.score.higherIsBetter)
    return (score, sizes.reduce(0, +))
  }

  /// Guessing over all its items.
  static func chance(_ tasks: [TaskScores]) -> Double? {
    let known = tasks.compactMap { task in task.chance.map { ($0, task.itemCount) } }
    guard known.count == tasks.count, !tasks.isEmpty else { return nil }
    return GroupScore.score(known.map(\.0), sizes: known.map(\.1), isWeightedBySize: true)
  }
}
