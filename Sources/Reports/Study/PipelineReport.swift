public import Results

/// `report.html` of a pipeline without a study: its stages, what each found and cost, and where their reports are.
public struct PipelineReport {
  private let name: String
  private let state: String
  private let stages: [StageRecord]

  /// Nil when the job has no stages.
  public init?(directory: String, result: JSONNode) {
    let members = (result["stages"]?.members ?? []).filter { !$0.key.contains("/") && !$0.key.hasPrefix(".") }
    guard !members.isEmpty else { return nil }
    name = result["name"]?.string ?? "pipeline"
    state = result["state"]?.string ?? "UNKNOWN"
    stages = members.map { member in
      StageRecord(
        directory: "\(directory)/stages/\(member.key)", path: "stages/\(member.key)", result: member.value)
    }
  }

  private var sections: [ReportSection] {
    let done = stages.count { $0.state == "COMPLETED" }
    let tokens = stages.compactMap(\.tokens).reduce(0, +)
    let hours = stages.compactMap(\.hostHours).reduce(0, +)
    let cost = tokens > 0 ? ", on \(grouped(tokens)) tokens in \(StudyCost.hours(hours)) host-hours" : ""
    let evaluations = EvaluationsPart(stages: stages).section
    let stages = StageTable(stages: stages)
    return [
      ReportSection(
        heading: "",
        blocks: [
          .paragraph("\(strong: "\(done) of \(self.stages.count) stages are done")\(cost)."), .table(stages.table),
        ] + stages.links), evaluations,
    ].filter { !$0.isEmpty }
  }

  public var html: String {
    ReportDocument(
      title: name, kicker: "pipeline report · \(state.lowercased())", parts: sections.map(\.html),
      footer: "Each stage's files lie below <code>stages/</code>."
    ).html
  }

  public var markdown: String {
    "# \(RichText(text: name).markdown)\n\n" + sections.map(\.markdown).joined()
  }
}
