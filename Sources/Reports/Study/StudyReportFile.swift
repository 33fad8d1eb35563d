public import Results

/// Keeps the report of a directory that holds a study's answer: `report.html`, `report.md`, `report.json`.
public final class StudyReportFile: OutputView {
  private let directory: String

  public init(directory: String) { self.directory = directory }

  public func update(result: JSONNode, isAtRest: Bool) throws {
    // A pipeline's stages come and go while it runs; what is final is written once.
    guard isAtRest else { return }
    try Self.write(directory: directory, result: result)
  }

  /// Writes the three files beside the answer in `directory`; returns whether there is one. This is what
  /// `admix study … --output` calls, without any job.
  @discardableResult
  public static func write(directory: String, result: JSONNode? = nil) throws -> Bool {
    guard let report = StudyReport(directory: directory, result: result) else {
      guard let result, let pipeline = PipelineReport(directory: directory, result: result) else { return false }
      try replaceFile("\(directory)/report.html", with: pipeline.html)
      try replaceFile("\(directory)/report.md", with: pipeline.markdown)
      return true
    }
    try replaceFile("\(directory)/report.html", with: report.html)
    try replaceFile("\(directory)/report.md", with: report.markdown)
    try replaceFile("\(directory)/report.json", with: report.json)
    return true
  }
}
