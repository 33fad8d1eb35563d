public import Results

/// `report.html` of a study, `report.md` and `report.json` beside it: the answer first, then what stands behind it.
public struct StudyReport {
  private let record: StudyRecord

  /// Reads the files of `directory`, which is a study's own, a study job's, or that of a pipeline with such a stage.
  /// Nil when no `answer.json` is there. `result` is the job's, where there is a job.
  public init?(directory: String, result: JSONNode? = nil) {
    guard let record = StudyFolder(directory: directory, result: result).record() else { return nil }
    self.record = record
  }

  init(record: StudyRecord) { self.record = record }

  private var sections: [ReportSection] {
    let provenance = StudyProvenancePart(record: record)
    let surfaces = StudySurfacesPart(record: record)
    let laws = StudyLawsPart(record: record)
    return [
      StudyDistrustPart(record: record).section, provenance.largeRun, StudyQuestionsPart(record: record).section,
      surfaces.section, surfaces.front, StudyTransferPart(record: record).section,
      StudyCurvesPart(record: record).section, laws.section, laws.next,
      EvaluationsPart(stages: record.stages).section, provenance.ledger, provenance.ran,
      provenance.notes,
    ].filter { !$0.isEmpty }
  }

  private var title: String { record.isNamed ? record.name : "Study of \(record.name)" }

  public var html: String {
    ReportDocument(
      title: title, kicker: "study report",
      parts: [StudyAnswerPart(record: record).section.html] + sections.map(\.html),
      footer: """
        Made of <code>answer.json</code> and the tables beside it; the same files give the same page. \
        Intervals hold with \(fixed(100 * record.confidence, digits: 0)) % confidence. Losses are nats a token.
        """
    ).html
  }

  public var markdown: String {
    "# \(RichText(text: title).markdown)\n\n\(StudyAnswerPart(record: record).markdown)"
      + sections.map(\.markdown).joined()
  }

  /// The answer's figures, for programs.
  public var json: String { StudySummary(record: record).json.text(indented: true) + "\n" }
}
