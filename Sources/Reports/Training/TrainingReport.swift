public import Results

/// `report.html` of a training: its answer, what speaks against it, its curves, ledger and events.
public struct TrainingReport {
  private let record: TrainingRecord

  /// Reads the files of `directory`; nil when it holds no training: no step was committed and nothing was evaluated.
  public init?(directory: String, result: JSONNode) {
    record = TrainingRecord(directory: directory, result: result)
    guard !record.rows.isEmpty || !record.sets.isEmpty else { return nil }
  }

  public var html: String {
    let kind = record.result["kind"]?.string.map { "\($0) · " } ?? ""
    return ReportDocument(
      title: record.name, kicker: "\(kind)training report · \(record.state.lowercased())",
      parts: [
        AnswerPart(record: record).html, distrust,
        .section("Curves", [PlotsPart(record).html]), LedgerPart(record: record).html,
        EventsPart(record: record).html,
      ], footer: footer
    ).html
  }

  private var distrust: HTML {
    let findings = Distrust.findings(record)
    let reasons = findings.filter { $0.verdict == .distrust }
    let rest = findings.filter { $0.verdict != .distrust }
    let checked: HTML =
      rest.isEmpty
      ? ""
      : .details(
        reasons.isEmpty ? "What was checked" : "Checked and in order",
        HTML(
          ["<ul>"]
            + rest.map { finding in
              let unknown: HTML = finding.verdict == .unknown ? "not known: " : ""
              return "<li>\(finding.check): \(unknown)\(finding.sentence)</li>\n"
            } + ["</ul>"]))
    let seed = record.facts?.seed.map { " with seed \($0)" } ?? ""
    let one: HTML = """
      <p class="note">One run\(seed): how far another seed would move these figures was not measured.</p>
      """
    if reasons.isEmpty {
      return
        """
        <section class="distrust trusted"><h2>Nothing found that speaks against these figures</h2>
        \(checked)\(one)</section>

        """
    }
    let list = reasons.map { reason -> HTML in "<li>\(reason.sentence)</li>\n" }
    return """
      <section class="distrust"><h2>Do not trust this if it matters that</h2><ul>
      \(list)</ul>\(checked)\(one)</section>

      """
  }

  private var footer: HTML {
    let recipe = record.result["recipe_sha256"]?.string.map { "recipe \($0.prefix(16)) · " } ?? ""
    return """
      \(recipe)All rows: <code>metrics.jsonl</code>, <code>events.jsonl</code>, <code>ledger.json</code>, \
      <code>result.json</code>; for TensorBoard: <code>tensorboard --logdir .</code>
      """
  }
}

/// Keeps `report.html` of a directory that holds a training: written anew when the job rests, and now and then before.
public final class TrainingReportFile: OutputView {
  private let directory: String
  private let keepsCurrent: Bool

  /// `keepsCurrent`: also while the job runs, as `fetch` asks of a job that is not over.
  public init(directory: String, keepsCurrent: Bool = false) {
    self.directory = directory
    self.keepsCurrent = keepsCurrent
  }

  public func update(result: JSONNode, isAtRest: Bool) throws {
    guard isAtRest || keepsCurrent, let report = TrainingReport(directory: directory, result: result) else { return }
    try replaceFile("\(directory)/report.html", with: report.html)
  }
}
