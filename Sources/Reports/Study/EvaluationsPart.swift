internal import Results

/// What evaluations among a pipeline's stages found, side by side: a row a score, a column a stage.
struct EvaluationsPart {
  struct Evaluation {
    let stage: String
    /// By task or group, then by `metric,filter`.
    let scores: [(task: String, values: [(metric: String, value: Double)])]
    /// `task metric,filter` of those that guessing gives as well.
    let atChance: Set<String>
    let overlaps: [(task: String, items: UInt64, overlapping: UInt64)]

    /// Nil for a stage that evaluates nothing.
    init?(stage: String, result: JSONNode) {
      guard let members = result["eval"]?.members, !members.isEmpty else { return nil }
      self.stage = stage
      scores = members.map { task in
        (task.key, task.value.members.compactMap { score in score.value.double.map { (score.key, $0) } })
      }
      atChance = Set((result["eval_at_chance"]?.elements ?? []).compactMap(\.string))
      overlaps = (result["eval_overlap"]?.members ?? []).compactMap { task in
        guard let items = task.value["items"]?.count, let overlapping = task.value["overlapping"]?.count else {
          return nil
        }
        return (task.key, items, overlapping)
      }
    }

    /// The first score of the first tasks.
    var finding: String {
      let shown = scores.prefix(3).compactMap { task in
        task.values.first.map { "\(task.task) \(fixed($0.value, digits: 3))" }
      }
      return shown.joined(separator: ", ") + (scores.count > 3 ? ", …" : "")
    }
  }

  private let evaluations: [Evaluation]

  init(stages: [StageRecord]) { evaluations = stages.compactMap(\.evaluation) }

  var section: ReportSection {
    guard !evaluations.isEmpty else { return ReportSection(heading: "", blocks: []) }
    var blocks: [ReportSection.Block] = [
      .lead(
        "Scores of each evaluation, in the order of the stages. Bits per byte and perplexities are better low, the "
          + "others high; “chance” is a score within two standard errors of guessing."), .table(table),
    ]
    let overlaps = overlapLines
    if !overlaps.isEmpty { blocks.append(.folded("What was asked and trained on", [.list(overlaps)])) }
    return ReportSection(heading: "Before and after, on benchmarks", blocks: blocks)
  }

  private var table: RichTable {
    var rows: [(task: String, metric: String)] = []
    for score in evaluations.flatMap(\.scores) {
      for value in score.values where !rows.contains(where: { $0.task == score.task && $0.metric == value.metric }) {
        rows.append((score.task, value.metric))
      }
    }
    // Scores of one task together, whichever stage asked it first.
    let order = rows.map(\.task).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    rows = order.flatMap { task in rows.filter { $0.task == task } }
    var table = RichTable(
      [.init("task", .name), .init("score", .word)] + evaluations.map { .init($0.stage) }, becomesCards: true)
    for row in rows {
      let name = row.metric.hasSuffix(",none") ? String(row.metric.dropLast(5)) : row.metric
      table.add(
        [row.task, name]
          + evaluations.map { evaluation -> String in
            let values = evaluation.scores.first { $0.task == row.task }?.values
            guard let value = values?.first(where: { $0.metric == row.metric })?.value else { return "–" }
            let isChance = evaluation.atChance.contains("\(row.task) \(row.metric)")
            return fixed(value, digits: 4) + (isChance ? " (chance)" : "")
          })
    }
    return table
  }

  private var overlapLines: [RichText] {
    var said = Set<String>()
    return evaluations.flatMap(\.overlaps).compactMap { overlap in
      guard said.insert(overlap.task).inserted else { return nil }
      return "\(strong: overlap.task): \(grouped(overlap.overlapping)) of \(grouped(overlap.items)) items share 13 "
        + "words in a row with what was trained on"
    }
  }
}
