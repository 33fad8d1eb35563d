/// What is wrong with a task, its data or its prompts: the file or task, the line or row, and the way out.
public struct EvaluationError: Error, Sendable, CustomStringConvertible {
  /// A file or a task.
  public let place: String
  public let line: Int?
  /// A row of the data, from 1.
  public let row: Int?
  public let problem: String
  public let remedy: String

  public init(_ place: String, line: Int? = nil, row: Int? = nil, problem: String, remedy: String) {
    self.place = place
    self.line = line
    self.row = row
    self.problem = problem
    self.remedy = remedy
  }

  public var description: String {
    var text = place
    if let line { text += ": line \(line)" }
    if let row { text += ": row \(row)" }
    text += ": \(problem)"
    return remedy.isEmpty ? text : "\(text). \(remedy)"
  }
}
