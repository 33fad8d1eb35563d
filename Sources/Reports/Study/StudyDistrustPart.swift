internal import Results

/// "Do not trust this if": the answer's own reasons, and those that only its files show.
struct StudyDistrustPart {
  let record: StudyRecord

  var section: ReportSection {
    let reasons = record.distrust + record.warnings + found
    var blocks: [ReportSection.Block] = []
    if reasons.isEmpty {
      blocks.append(.paragraph("Edges of the grid, pilots' drift, repeats and independence were looked at."))
    } else {
      blocks.append(.list(unique(reasons).map { RichText(text: $0) }))
    }
    return ReportSection(
      heading: reasons.isEmpty ? "Nothing found that speaks against these figures" : "Do not trust this if",
      kind: reasons.isEmpty ? .trusted : .distrust, blocks: blocks)
  }

  private var found: [String] {
    var reasons: [String] = []
    let unfinished = record.stages.filter { $0.state != "COMPLETED" && $0.state != "UNKNOWN" }
    if !unfinished.isEmpty {
      let list = unfinished.map { "\($0.name) \($0.state)" }.joined(separator: ", ")
      reasons.append("Not every stage is done: \(list).")
    }
    let said = record.warnings + record.distrust
    for edge in record.recommendation.edges where !said.contains(where: { $0.contains(edge) }) {
      reasons.append("The recommended setting lies at \(edge) of the grid: the best may lie beyond.")
    }
    let choice = record.recommendation.setting
    if let from = record.transfer?.from,
      abs(from.almr - choice.almr) > 1e-3 || abs(from.learningRate / choice.learningRate - 1) > 1e-3
    {
      reasons.append(
        "What was carried to the larger model is another setting (ALMR \(shareText(from.almr)), learning rate "
          + "\(rateText(from.learningRate))) than the recommended one.")
    }
    if record.retainedSets.isEmpty {
      reasons.append("No set is retained: what the model forgets was not measured at all.")
    }
    if let problem = record.tableProblem { reasons.append("The table of cells: \(problem).") }
    return reasons
  }

  private func unique(_ sentences: [String]) -> [String] {
    var seen: Set<String> = []
    return sentences.filter { seen.insert($0).inserted }
  }
}

/// The four questions that users of such tools ask, and the answers of this table.
struct StudyQuestionsPart {
  let record: StudyRecord

  var section: ReportSection {
    guard !record.questions.isEmpty else {
      return ReportSection(
        heading: "Questions", blocks: [.paragraph("The answer file has no answers in words: another release wrote it.")]
      )
    }
    return ReportSection(
      heading: "Questions",
      blocks: record.questions.flatMap { item -> [ReportSection.Block] in
        [.heading(item.question), .paragraph(RichText(text: item.answer))]
      })
  }
}
