public import JobKit

/// The program's own tasks for `admix eval ls`.
public struct TaskListing {
  public struct Entry {
    public let name: String
    /// `group of 67`, `multiple_choice`.
    public let kind: String
    /// Which splits are asked.
    public let splits: String
    /// Data files, below the benchmarks' folder.
    public let files: [String]
    /// Where they can be had.
    public let origin: String?
    /// Whether it is listed under a group.
    public let isInside: Bool
  }
  public let entries: [Entry]

  /// `readingText` reads YAML. Throws `SpecError`.
  public init(readingText: @escaping (String, String) throws -> SpecMapping) throws {
    let catalogue = try TaskCatalogue(
      TaskCatalogue.Reading(text: readingText, file: { throw NoFiles(path: $0.text) }))
    var definitions: [String: TaskDefinition] = [:]
    for name in catalogue.names {
      guard case .task(let mapping)? = catalogue[name] else { continue }
      definitions[name] = try TaskReader(mapping, includes: catalogue.include).definition().task
    }
    var inside: Set<String> = []
    for name in catalogue.names {
      if case .group(let group)? = catalogue[name] { inside.formUnion(group.children) }
      if case .tag? = catalogue[name] { inside.insert(name) }
    }
    entries = try catalogue.names.map { name in
      let place = SpecScalar(
        text: name, isQuoted: true, path: "", position: SpecPosition(file: "", line: 1, column: 1))
      let tasks = try catalogue.expand(place).tasks.compactMap { definitions[$0] }
      var files: [String] = []
      for file in tasks.flatMap(\.files) where !files.contains(file.name) { files.append(file.name) }
      let kind: String
      switch catalogue[name] {
      case .group?: kind = "group of \(tasks.count)"
      case .tag?: kind = "tag of \(tasks.count)"
      default: kind = tasks.first?.outputType.rawValue ?? ""
      }
      return Entry(
        name: name, kind: kind, splits: Set(tasks.compactMap(\.askedSplit)).sorted().joined(separator: ", "),
        files: files, origin: files.first.flatMap(DataSources.origin), isInside: inside.contains(name))
    }
  }

  private struct NoFiles: Error, CustomStringConvertible {
    let path: String
    var description: String { "the program's own tasks include a file: \(path)" }
  }
}

/// `admix eval validate`.
public enum TaskValidation {
  /// Reads a task file with its data, makes every item, and says what came of it, with the first item's prompt.
  /// - Throws: `SpecError` or `EvaluationError`.
  public static func lines(
    _ path: SpecScalar, data: String, readingText: @escaping (String, String) throws -> SpecMapping,
    readingFile: @escaping (SpecScalar) throws -> SpecMapping
  ) throws -> [String] {
    var catalogue = try TaskCatalogue(TaskCatalogue.Reading(text: readingText, file: readingFile))
    let name = SpecScalar(text: try catalogue.add(fileAt: path), isQuoted: true, path: "", position: path.position)
    let found = try catalogue.expand(name)
    var lines: [String] = []
    for task in found.tasks {
      guard case .task(let mapping)? = catalogue[task] else { continue }
      let (definition, places) = try TaskReader(mapping, includes: catalogue.include).definition()
      let folder = SpecScalar(text: data, isQuoted: true, path: "data", position: path.position)
      lines += try Self.lines(
        definition, files: places.map { catalogue.isBuiltIn(task) ? $0.inside(folder).text : $0.beside.text })
    }
    return lines
  }

  private static func lines(_ task: TaskDefinition, files: [String]) throws -> [String] {
    var rows: [String: [TemplateRow]] = [:]
    for (file, path) in zip(task.files, files) {
      rows[file.split, default: []] += try DataFile.rows(at: path, format: task.format, name: path)
    }
    let asked = task.asked(rows)
    let shots = task.numFewshot ?? 0
    var maker = try ItemMaker(task, rows: asked, exampleRows: try task.examples(rows), numFewshot: shots)
    let scorer = try ItemScorer(task, code: nil)
    var first: Item?
    for number in asked.indices {
      let item = try maker.item(number)
      try scorer.check(item)
      if number == 0 { first = item }
    }
    guard let first else { throw EvaluationError("task \(task.name)", problem: "there are no rows to ask", remedy: "") }
    var lines = ["\(task.name): \(task.outputType.rawValue), \(asked.count) items, \(shots) examples before each"]
    lines.append("the first prompt:")
    lines += first.requests[0].firstArgument.split(separator: "\n", omittingEmptySubsequences: false).map {
      "  | \($0)"
    }
    if !first.choices.isEmpty { lines.append("choices: \(first.choices.joined(separator: ", "))") }
    lines.append("answer: \(first.target.written.prefix(200))")
    return lines
  }
}
