import JobKit

/// Tasks, groups and tags by name: those of the program, and those of files that a job names.
struct TaskCatalogue {
  /// Reads YAML; a `SpecError` for what cannot be read.
  struct Reading {
    /// Text that is part of the program.
    let text: (_ text: String, _ name: String) throws -> SpecMapping
    /// A file.
    let file: (SpecScalar) throws -> SpecMapping
  }

  enum Entry {
    case task(SpecMapping)
    case group(GroupDefinition)
    /// Names of the tasks that carry it, in order.
    case tag([String])
  }

  private(set) var names: [String] = []
  private var entries: [String: Entry] = [:]
  /// Tasks that are part of the program: their data files are looked for in the benchmarks' folder.
  private var builtIn: Set<String> = []
  private let reading: Reading

  init(_ reading: Reading) throws {
    self.reading = reading
    for file in embeddedTasks where !file.name.hasSuffix(".template.yaml") {
      _ = try add(try reading.text(file.text, file.name), isBuiltIn: true)
    }
  }

  func isBuiltIn(_ task: String) -> Bool { builtIn.contains(task) }
  subscript(name: String) -> Entry? { entries[name] }

  /// Adds what a file holds, and returns its name.
  mutating func add(fileAt path: SpecScalar) throws -> String { try add(try reading.file(path), isBuiltIn: false) }

  private mutating func add(_ written: SpecMapping, isBuiltIn: Bool) throws -> String {
    if written["group"] != nil { return try addGroup(written, isBuiltIn: isBuiltIn) }
    let mapping = try TaskReader.merged(written, includes: include, depth: 0)
    if mapping["group"] != nil { return try addGroup(mapping, isBuiltIn: isBuiltIn) }
    guard case .scalar(let name)? = mapping["task"], !name.text.isEmpty else {
      throw SpecError(
        position: written.position, path: "task", problem: "neither `task` nor `group` gives a name",
        remedy: "Write for example `task: my_task`")
    }
    try enter(name.text, .task(mapping), at: name.position, isBuiltIn: isBuiltIn)
    for tag in texts(mapping["tag"]) {
      if case .tag(let tasks)? = entries[tag] {
        entries[tag] = .tag(tasks.contains(name.text) ? tasks : tasks + [name.text])
      } else if entries[tag] == nil {
        try enter(tag, .tag([name.text]), at: name.position, isBuiltIn: isBuiltIn)
      }
    }
    return name.text
  }

  private mutating func enter(_ name: String, _ entry: Entry, at position: SpecPosition, isBuiltIn: Bool) throws {
    if entries[name] == nil { names.append(name) }
    // A file's own task of a known name takes its place.
    guard entries[name] == nil || !isBuiltIn else {
      throw SpecError(position: position, path: "task", problem: "the name `\(name)` is taken", remedy: "")
    }
    entries[name] = entry
    if isBuiltIn { builtIn.insert(name) } else { builtIn.remove(name) }
  }

  private mutating func addGroup(_ mapping: SpecMapping, isBuiltIn: Bool) throws -> String {
    guard case .scalar(let name)? = mapping["group"], !name.text.isEmpty,
      case .sequence(let elements, _, _)? = mapping["task"]
    else {
      throw SpecError(
        position: mapping.position, path: "group", problem: "a group needs a name and a list of tasks",
        remedy: "Write `group: my_group` and `task: [a, b]`")
    }
    var children: [String] = []
    for element in elements {
      switch element {
      case .scalar(let scalar): children.append(scalar.text)
      case .mapping(let inner): children.append(try add(inner, isBuiltIn: isBuiltIn))
      case .sequence:
        throw SpecError(
          position: element.position, path: "task", problem: "found a list, expected a name or a task", remedy: "")
      }
    }
    let group = GroupDefinition(
      name: name.text, alias: text(mapping["group_alias"]) ?? name.text, children: children,
      aggregates: try aggregates(mapping), version: version(mapping))
    try enter(name.text, .group(group), at: name.position, isBuiltIn: isBuiltIn)
    return name.text
  }

  private func aggregates(_ mapping: SpecMapping) throws -> [GroupDefinition.Aggregate] {
    guard case .sequence(let elements, _, _)? = mapping["aggregate_metric_list"] else { return [] }
    return try elements.map { element in
      guard case .mapping(let inner) = element else {
        throw SpecError(
          position: element.position, path: "aggregate_metric_list", problem: "expected a mapping",
          remedy: "Write `{metric: acc, weight_by_size: true}`")
      }
      return try SpecReader.read(inner, foreignKeys: [:]) { reader in
        _ = try reader.value("aggregation", .text, default: "mean")
        let filters = try reader.list("filter_list", of: .text, count: 1...64)
        return GroupDefinition.Aggregate(
          metric: try reader.required("metric", .text, example: "acc"),
          isWeightedBySize: try reader.value("weight_by_size", .yamlBoolean, default: true), filters: filters)
      }.value
    }
  }

  func include(_ path: SpecScalar) throws -> SpecMapping {
    if let file = embeddedTasks.first(where: { $0.name == path.text }) { return try reading.text(file.text, file.name) }
    return try reading.file(path.beside)
  }

  // MARK: what a job asks for

  /// The tasks that a name means, in order, each once, with the groups above them.
  func expand(_ name: SpecScalar) throws -> (tasks: [String], groups: [GroupDefinition]) {
    var tasks: [String] = []
    var groups: [GroupDefinition] = []
    try expand(name.text, at: name, &tasks, &groups, depth: 0)
    return (tasks, groups)
  }

  private func expand(
    _ name: String, at place: SpecScalar, _ tasks: inout [String], _ groups: inout [GroupDefinition], depth: Int
  ) throws {
    guard let entry = entries[name], depth < 16 else {
      let near = nearest(to: name, among: names)
      throw SpecError(
        position: place.position, path: place.path, problem: "there is no task `\(name)`",
        remedy: near.map { "Did you mean `\($0)`? `admix eval ls` lists all" }
          ?? "`admix eval ls` lists those of the program; a file of your own is named by its path")
    }
    switch entry {
    case .task: if !tasks.contains(name) { tasks.append(name) }
    case .tag(let all): for task in all where !tasks.contains(task) { tasks.append(task) }
    case .group(var group):
      // Children that are tags are their tasks.
      let children = group.children.flatMap { child -> [String] in
        if case .tag(let all)? = entries[child] { return all }
        return [child]
      }
      group.children = children
      groups.append(group)
      for child in children { try expand(child, at: place, &tasks, &groups, depth: depth + 1) }
    }
  }

  private func text(_ value: SpecValue?) -> String? {
    if case .scalar(let scalar)? = value, !scalar.isNull { return scalar.text }
    return nil
  }

  private func texts(_ value: SpecValue?) -> [String] {
    switch value {
    case .scalar(let scalar)? where !scalar.isNull: [scalar.text]
    case .sequence(let elements, _, _)?: elements.compactMap { text($0) }
    default: []
    }
  }

  private func version(_ mapping: SpecMapping) -> String {
    if case .mapping(let metadata)? = mapping["metadata"], let version = text(metadata["version"]) { return version }
    return "N/A"
  }
}

extension SpecScalar {
  /// A path that a file names, from where that file lies.
  var beside: SpecScalar {
    guard !text.hasPrefix("/"), position.file.hasPrefix("/"), let slash = position.file.lastIndex(of: "/") else {
      return self
    }
    return SpecScalar(
      text: "\(position.file[..<slash])/\(text)", isQuoted: isQuoted, path: path, position: position)
  }
}
