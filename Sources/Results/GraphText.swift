public import WireProtocol

/// A stage of a pipeline and what it needs, in an order in which needs stand before what needs them.
public struct GraphStage: Sendable {
  public let name: String
  public let needs: [String]
  /// Nil for one that the coordinator does not know yet.
  public let status: JobStatus?

  public init(name: String, needs: [String], status: JobStatus?) {
    self.name = name
    self.needs = needs
    self.status = status
  }
}

/// A pipeline as people draw it: a line a stage, further right the later it can begin, with its progress and after `←`
/// what it waits for.
///
///     ✓ tok              COMPLETED
///       ✓ small          COMPLETED  300/300  zh_held 5.1           ← tok
///       ▶ large          RUNNING    [######··············] 96/300  ← tok
///         ▶ grid         RUNNING    [##··················] 2/16    ← small
///           · choose     PENDING                                   ← grid
public func graphLines(_ stages: [GraphStage]) -> [String] {
  var depths: [String: Int] = [:]
  for stage in stages { depths[stage.name] = stage.needs.map { (depths[$0] ?? 0) + 1 }.max() ?? 0 }
  var table = Table([("", .left), ("", .left), ("", .left), ("", .left)])
  for stage in stages {
    let indentation = String(repeating: "  ", count: depths[stage.name] ?? 0)
    let mark = stage.status.map { stageMark($0.state) } ?? "·"
    table.add([
      "\(indentation)\(mark) \(stage.name)", stage.status?.state.word ?? "", stage.status.map(stageProgress) ?? "",
      stage.needs.isEmpty ? "" : "← " + stage.needs.joined(separator: ", "),
    ])
  }
  // The columns name themselves.
  return table.lines.dropFirst().map(printable)
}

private func stageMark(_ state: JobState) -> String {
  switch state {
  case .pending: "·"
  case .running: "▶"
  case .paused: "‖"
  case .completed: "✓"
  case .failed: "✗"
  case .cancelled: "–"
  }
}

private func stageProgress(_ job: JobStatus) -> String {
  var parts: [String] = []
  if job.state == .running, job.steps > 0 { parts.append(progressBar(Double(job.step) / Double(job.steps))) }
  if job.state != .pending, job.steps > 0 { parts.append("\(job.step)/\(job.steps)") }
  if job.state == .running, !job.phase.isEmpty { parts.append(job.phase) }
  parts += job.losses.map { "\($0.label) \(fixed($0.value, digits: 2))" }
  if [.failed, .cancelled, .paused].contains(job.state), !job.reason.isEmpty {
    parts.append(job.reason.count <= 60 ? job.reason : job.reason.prefix(59) + "…")
  }
  return parts.joined(separator: " ")
}

/// `[####················]`
public func progressBar(_ share: Double) -> String {
  let filled = max(0, min(20, Int((20 * share).rounded(.down))))
  return "[" + String(repeating: "#", count: filled) + String(repeating: "·", count: 20 - filled) + "]"
}
