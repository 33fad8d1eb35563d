public import WireProtocol

/// Where results come from: the coordinator's answers. Every call blocks.
public protocol ResultSource {
  func detail(of job: JobID) throws -> JobDetail
  /// Committed steps after `step`, oldest first; empty when there are no more.
  func metricRows(of job: JobID, after step: UInt64) throws -> [MetricRows.Row]
  /// Events of the job after `sequence`, or of the cluster for job 0, oldest first; empty when there are no more.
  func events(of job: JobID, after sequence: UInt64) throws -> [JobEvents.Event]
  /// Writes the tree's files below `directory`, each verified; files with the right content stay.
  func download(_ tree: NamedTree, to directory: String) throws
}

/// What is made from the files of an output tree and kept beside them. One value belongs to one directory.
public protocol OutputView: AnyObject {
  /// Brings the view up to date with the files and with `result`, the result as it stands: `result.json` may not be
  /// there yet. `isAtRest`: the job is over or paused, nothing more is coming.
  func update(result: JSONNode, isAtRest: Bool) throws
}

/// A job's results in a directory: `job.yaml`, `metrics.jsonl`, `events.jsonl`, `checkpoints/step-000010/`, `model/`,
/// `ledger.json`, `result.json`, and what views make of them; a pipeline's stages below `stages/`.
///
/// Everything appears under its name only when it is whole, and may be brought up to date as often as one likes.
public final class OutputTree {
  public let directory: String
  private var metrics: MetricsFile?
  private var events: EventsFile?
  private let makeViews: (String) -> [any OutputView]
  private let views: [any OutputView]
  /// Trees that are in their place, so that a poll does not hash them again.
  private var placed: [String: NamedTree] = [:]
  private var stages: [JobID: OutputTree] = [:]

  /// `views` makes the views of a directory; stages get views of their own.
  public init(directory: String, views: @escaping (String) -> [any OutputView] = { _ in [] }) throws(OutputError) {
    self.directory = directory
    try makeDirectory(directory)
    makeViews = views
    self.views = views(directory)
  }

  /// Brings the directory up to what the coordinator has now, and writes `result.json` when the job is over or paused.
  /// Returns the result as it stands.
  @discardableResult
  public func update(_ job: JobID, from source: any ResultSource) throws -> JSONNode {
    let detail = try source.detail(of: job)
    if readText("\(directory)/job.yaml") != detail.jobFile, !detail.jobFile.isEmpty {
      try replaceFile("\(directory)/job.yaml", with: detail.jobFile)
    }
    try updateMetrics(detail, from: source)
    try updateEvents(detail, from: source)
    var places = ResultPlaces(checkpoint: try updateCheckpoints(detail, from: source))
    for tree in detail.outputs where isSafeName(tree.name) && tree.name != "checkpoint" {
      if tree.files.count == 1, tree.files[0].path == "\(tree.name).json" {
        try placeFile(tree, from: source)
      } else {
        try place(tree, at: tree.name, from: source)
      }
      if tree.name == "model" { places.model = "\(directory)/model" }
    }
    var result = resultObject(
      detail, rows: detail.status.state.isFinal ? try allRows(of: job, from: source) : [], places: places)
    for child in detail.children {
      let (name, stage) = try updateStage(child, from: source)
      result = result.merged(with: ["stages": .object([JSONNode.Member(name, stage)])])
    }
    let isAtRest = detail.status.state.isFinal || detail.status.state == .paused
    if isAtRest { try replaceFile("\(directory)/result.json", with: result.file) }
    for view in views { try view.update(result: result, isAtRest: isAtRest) }
    return result
  }

  private func updateMetrics(_ detail: JobDetail, from source: any ResultSource) throws {
    guard detail.status.step > 0 else { return }
    // A job without steps of its own, such as a pipeline, has no such file.
    if metrics == nil, try source.metricRows(of: detail.status.id, after: 0).isEmpty { return }
    let file = try metrics ?? MetricsFile("\(directory)/metrics.jsonl")
    metrics = file
    while true {
      let before = file.lastStep
      let rows = try source.metricRows(of: detail.status.id, after: before)
      try file.append(rows)
      if rows.isEmpty || file.lastStep == before { return }
    }
  }

  /// The job's own events, and while it ran the cluster's: a worker that joined or was lost. A graph's stages have
  /// theirs.
  private func updateEvents(_ detail: JobDetail, from source: any ResultSource) throws {
    let file = events ?? EventsFile("\(directory)/events.jsonl")
    events = file
    try file.update(of: detail.status.id) { try source.events(of: $0, after: $1) }
  }

  private func allRows(of job: JobID, from source: any ResultSource) throws -> [MetricRows.Row] {
    var all: [MetricRows.Row] = []
    while true {
      let rows = try source.metricRows(of: job, after: all.last?.step ?? 0)
      if rows.isEmpty { return all }
      all += rows
    }
  }

  /// Holds exactly the checkpoints that the coordinator keeps, and returns the directory of the latest.
  private func updateCheckpoints(_ detail: JobDetail, from source: any ResultSource) throws -> String? {
    var kept = detail.checkpoints.map { (step: $0.step, tree: $0.tree) }
    if let last = detail.outputs.first(where: { $0.name == "checkpoint" }) {
      // The final one is the newest of those that are kept.
      if !kept.contains(where: { $0.step == detail.status.step }), kept.count > 1 { kept.removeFirst() }
      kept.removeAll { $0.step == detail.status.step }
      kept.append((detail.status.step, last))
    }
    var latest: (step: UInt64, path: String)?
    for (step, tree) in kept {
      let name = checkpointName(step)
      do {
        try place(tree, at: "checkpoints/\(name)", from: source)
      } catch {
        // Training went on during the download, and a newer checkpoint may have taken this one's place.
        guard try isPruned(tree, of: detail.status.id, in: source) else { throw error }
        removeTree("\(directory)/checkpoints/.\(name).partial")
        continue
      }
      if step >= latest?.step ?? 0 { latest = (step, "\(directory)/checkpoints/\(name)") }
    }
    if !kept.isEmpty {
      let names = Set(kept.map { checkpointName($0.step) })
      for name in Results.names(in: "\(directory)/checkpoints") where isCheckpointName(name) && !names.contains(name) {
        removeTree("\(directory)/checkpoints/\(name)")
        placed["checkpoints/\(name)"] = nil
      }
    }
    return latest?.path
  }

  private func isPruned(_ tree: NamedTree, of job: JobID, in source: any ResultSource) throws -> Bool {
    let now = try source.detail(of: job)
    return !now.checkpoints.contains { $0.tree == tree } && !now.outputs.contains(tree)
  }

  private func updateStage(_ child: JobID, from source: any ResultSource) throws -> (name: String, result: JSONNode) {
    let name = try source.detail(of: child).status.name
    guard isSafeName(name) else {
      throw OutputError(path: directory, problem: "a stage is named `\(printable(name))`, which is no directory's name")
    }
    let tree = try stages[child] ?? OutputTree(directory: "\(directory)/stages/\(name)", views: makeViews)
    stages[child] = tree
    return (name, try tree.update(child, from: source))
  }

  /// A tree `ledger` with the one file `ledger.json` is that file.
  private func placeFile(_ tree: NamedTree, from source: any ResultSource) throws {
    guard placed[tree.name] != tree else { return }
    let staged = "\(directory)/.\(tree.name).partial"
    try makeDirectory(staged)
    try source.download(tree, to: staged)
    try renameEntry("\(staged)/\(tree.name).json", to: "\(directory)/\(tree.name).json")
    removeTree(staged)
    placed[tree.name] = tree
  }

  /// Fetches a tree beside its place and renames it; one that is there already is verified and mended in place.
  private func place(_ tree: NamedTree, at path: String, from source: any ResultSource) throws {
    guard placed[path] != tree else { return }
    let final = "\(directory)/\(path)"
    if isDirectory(final) {
      try source.download(tree, to: final)
    } else {
      let parts = path.split(separator: "/")
      let folder = ([directory] + parts.dropLast().map(String.init)).joined(separator: "/")
      try makeDirectory(folder)
      let staged = "\(folder)/.\(parts[parts.count - 1]).partial"
      try makeDirectory(staged)
      try source.download(tree, to: staged)
      try renameEntry(staged, to: final)
    }
    placed[path] = tree
  }
}

/// `step-000010`
func checkpointName(_ step: UInt64) -> String {
  let digits = String(step)
  return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
}

private func isCheckpointName(_ name: String) -> Bool {
  name.hasPrefix("step-") && name.count >= 11 && name.dropFirst(5).allSatisfy { ("0"..."9").contains($0) }
}

/// Names of trees and stages come from the coordinator and become names of directories.
private func isSafeName(_ name: String) -> Bool {
  !name.isEmpty && name.utf8.count <= 255 && name.first != "." && !name.contains("/") && !name.utf8.contains(0)
    && ![
      "checkpoints", "stages", "job", "result", "job.yaml", "result.json", "metrics.jsonl", "events.jsonl",
      "report.html", "plan.json",
    ].contains(name) && !name.hasPrefix("events.out.")
}

extension JSONNode {
  fileprivate var file: String { text(indented: true) + "\n" }
}
