import Foundation
import Templates

/// Two results of the same items: the paired difference of each metric of each task, with its 95 % interval.
public struct ResultComparison {
  struct Row {
    let task: String
    let metric: String
    let items: Int
    let before: Double
    let after: Double
    /// Half of the interval's width; nil for a single item.
    let margin: Double?
    var difference: Double { after - before }
    /// Whether 0 lies outside of the interval.
    var isSignificant: Bool { margin.map { abs(difference) > $0 } ?? false }
  }
  private let rows: [Row]
  private let notes: [String]

  /// - Throws: `EvaluationError` for a directory without samples, and for results that share no item.
  public init(before: String, after: String) throws {
    let first = try SampleSet(directory: before)
    let second = try SampleSet(directory: after)
    var rows: [Row] = []
    var notes: [String] = []
    for task in first.tasks.keys.sorted() {
      guard let a = first.tasks[task], let b = second.tasks[task] else {
        notes.append("\(task) is in \(before) alone")
        continue
      }
      var metrics: [String: (Set<SampleSet.Key>)] = [:]
      for key in a.keys { metrics[key.metric, default: []].insert(key) }
      for metric in metrics.keys.sorted() {
        let keys = (metrics[metric] ?? []).filter { b[$0] != nil }
        let changed = keys.count { a[$0]?.prompt != b[$0]?.prompt }
        if changed > 0 { notes.append("\(task): \(changed) of \(keys.count) prompts are not the same in both") }
        let sorted = keys.sorted { $0.item < $1.item }
        let pairs = sorted.compactMap { key in a[key].flatMap { x in b[key].map { (x.value, $0.value) } } }
        guard !pairs.isEmpty else { continue }
        rows.append(Self.row(task, metric, pairs))
      }
    }
    for task in second.tasks.keys.sorted() where first.tasks[task] == nil {
      notes.append("\(task) is in \(after) alone")
    }
    guard !rows.isEmpty else {
      throw EvaluationError(
        after, problem: "shares no item with \(before)", remedy: "Compare results of the same tasks")
    }
    self.rows = rows
    self.notes = notes
  }

  /// Items are paired, so what is hard for both does not widen the interval.
  private static func row(_ task: String, _ metric: String, _ pairs: [(Double, Double)]) -> Row {
    let differences = pairs.map { $1 - $0 }
    let margin =
      pairs.count > 1 ? 1.959963984540054 * Aggregation.deviation(differences) / Double(pairs.count).squareRoot() : nil
    return Row(
      task: task, metric: metric, items: pairs.count, before: Aggregation.mean(pairs.map(\.0)),
      after: Aggregation.mean(pairs.map(\.1)), margin: margin)
  }

  public var lines: [String] {
    var table = [["task", "metric", "items", "before", "after", "difference", "95 % interval", ""]]
    for row in rows {
      let interval =
        row.margin.map { "\(signed(row.difference - $0)) … \(signed(row.difference + $0))" } ?? "one item"
      table.append([
        row.task, row.metric, "\(row.items)", rounded(row.before), rounded(row.after), signed(row.difference), interval,
        row.isSignificant ? "*" : "",
      ])
    }
    let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    var lines = table.map { cells in
      zip(cells, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(separator: "  ")
        .trimmingSuffixBlanks
    }
    if rows.contains(where: \.isSignificant) { lines.append("* the interval leaves out 0") }
    return lines + notes.map { "note: \($0)" }
  }

  public func json() throws -> String {
    try dictionary([
      ("schema", .int(1)),
      (
        "rows",
        .list(
          rows.map { row in
            dictionary([
              ("task", .string(row.task)), ("metric", .string(row.metric)), ("items", .int(row.items)),
              ("before", .float(row.before)), ("after", .float(row.after)), ("difference", .float(row.difference)),
              ("margin", row.margin.map { .float($0) } ?? TemplateValue.none),
            ])
          })
      ),
      ("notes", .list(notes.map { .string($0) })),
    ]).json(indent: 2)
  }

  private func rounded(_ value: Double) -> String { String(format: "%.4f", value) }
  private func signed(_ value: Double) -> String { String(format: "%+.4f", value) }
}

/// The items' values in a directory of results.
private struct SampleSet {
  struct Key: Hashable {
    let item: Int
    let metric: String
  }
  struct Value {
    let value: Double
    let prompt: String
  }
  private(set) var tasks: [String: [Key: Value]] = [:]

  init(directory: String) throws {
    // An output tree has them in `eval`.
    let places = [directory, directory + "/eval"]
    var files: [String] = []
    for place in places where files.isEmpty {
      files = ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? [])
        .filter { $0.hasPrefix("samples_") && $0.hasSuffix(".jsonl") }.sorted().map { "\(place)/\($0)" }
    }
    guard !files.isEmpty else {
      throw EvaluationError(
        directory, problem: "there is no samples_*.jsonl", remedy: "Give the directory of an evaluation's results")
    }
    for file in files {
      let name = file.split(separator: "/").last.map(String.init) ?? file
      guard let end = name.lastIndex(of: "_"), end > name.index(name.startIndex, offsetBy: 7) else { continue }
      let task = String(name[name.index(name.startIndex, offsetBy: 8)..<end])
      for row in try DataFile.rows(at: file, format: .json, name: file) { add(row, to: task) }
    }
  }

  private mutating func add(_ row: TemplateDictionary, to task: String) {
    guard case .int(let item)? = row["doc_id"], case .string(let filter)? = row["filter"],
      case .list(let metrics)? = row["metrics"]
    else { return }
    for metric in metrics.map(\.pythonText) {
      let value: Double
      switch row[metric] {
      case .float(let number)?: value = number
      case .int(let number)?: value = Double(number)
      case .list(let pair)? where pair.count == 2:
        guard let sum = Double(pair[0].pythonText), let weight = Double(pair[1].pythonText) else { continue }
        value = sum / weight
      default: continue
      }
      tasks[task, default: [:]][Key(item: item, metric: "\(metric),\(filter)")] = Value(
        value: value, prompt: row["prompt_hash"]?.pythonText ?? "")
    }
  }
}

extension String {
  fileprivate var trimmingSuffixBlanks: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
