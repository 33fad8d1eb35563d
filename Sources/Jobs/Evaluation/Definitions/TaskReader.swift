import JobKit

/// Reads a task file: lm-evaluation-harness's keys, where the meaning is the same; others are refused by name.
struct TaskReader {
  /// The mapping with what it includes below it: an entry of the mapping itself wins.
  let mapping: SpecMapping
  let name: String

  init(_ mapping: SpecMapping, includes: (SpecScalar) throws -> SpecMapping) throws {
    self.mapping = try Self.merged(mapping, includes: includes, depth: 0)
    guard case .scalar(let name)? = self.mapping["task"], !name.text.isEmpty else {
      throw SpecError(
        position: mapping.position, path: "task", problem: "a task needs a name",
        remedy: "Write for example `task: my_task`")
    }
    self.name = name.text
  }

  /// Keys that are understood and change no score here.
  private static let withoutEffect = ["should_decontaminate", "doc_to_decontamination_query"]
  private static let refused: [String: String] = [
    "custom_dataset": "Write the rows into a JSON lines file and name it in `dataset_kwargs.data_files`",
    "use_prompt": "Write the prompt as `doc_to_text` and `doc_to_target`",
    "doc_to_image": "Tasks with pictures are not supported", "doc_to_audio": "Tasks with sound are not supported",
    "class": "A task that is a Python class is not supported; write it as YAML",
  ]

  static func merged(
    _ mapping: SpecMapping, includes: (SpecScalar) throws -> SpecMapping, depth: Int
  ) throws -> SpecMapping {
    guard let include = mapping["include"] else { return mapping }
    guard case .scalar(let path) = include else {
      throw SpecError(
        position: mapping.position, path: "include", problem: "expected the name of one file", remedy: "")
    }
    guard depth < 16 else {
      throw SpecError(
        position: path.position, path: path.path, problem: "16 files include each other in turn",
        remedy: "Does a file include itself?")
    }
    let below = try merged(try includes(path), includes: includes, depth: depth + 1)
    var entries = mapping.entries.filter { $0.key != "include" }
    for entry in below.entries where !entries.contains(where: { $0.key == entry.key }) { entries.append(entry) }
    return SpecMapping(entries: entries, path: mapping.path, position: mapping.position)
  }

  /// The task, and where each of its data files is named.
  func definition() throws -> (task: TaskDefinition, places: [SpecScalar]) {
    for entry in mapping.entries {
      if let way = Self.refused[entry.key] {
        throw SpecError(
          position: entry.keyPosition, path: entry.key, problem: "this key is not supported", remedy: way)
      }
    }
    return try SpecReader.read(mapping, foreignKeys: [:]) { reader in try read(reader) }.value
  }

  private func read(_ reader: SpecReader) throws -> (TaskDefinition, [SpecScalar]) {
    _ = reader.has("task")
    for key in Self.withoutEffect { _ = reader.has(key) }
    let type = try reader.value("output_type", .oneOf(TaskDefinition.OutputType.self), default: .generateUntil)
    let (format, written) = try data(reader)
    let files = written.map { TaskDefinition.File(split: $0.split, name: $0.place.text, tree: "") }
    let targetDelimiter = try textAsWritten(reader, "target_delimiter") ?? " "
    let fewshotDelimiter = try textAsWritten(reader, "fewshot_delimiter") ?? "\n\n"
    let isRolling = type == .loglikelihoodRolling
    let docToText = try text(reader, "doc_to_text") ?? (isRolling ? .template("") : nil)
    guard let docToText, let docToTarget = try text(reader, "doc_to_target") else {
      throw reader.refusal(
        docToText == nil ? "doc_to_text" : "doc_to_target", "this key is missing",
        remedy: "Write the name of a field, or a template such as \"{{question}}\"")
    }
    let docToChoice = try text(reader, "doc_to_choice")
    if type == .multipleChoice, docToChoice == nil {
      throw reader.refusal(
        "doc_to_choice", "this key is missing", remedy: "Write for example [\"A\", \"B\", \"C\", \"D\"]")
    }
    let genPrefix = try textAsWritten(reader, "gen_prefix")
    let fewshot = try self.fewshot(
      reader,
      TaskDefinition.Fewshot(
        split: try nullable(reader, "fewshot_split"), docToText: docToText, docToTarget: docToTarget,
        docToChoice: nil, genPrefix: genPrefix, fewshotDelimiter: fewshotDelimiter, targetDelimiter: targetDelimiter))
    let processResults = try function(reader, "process_results", among: BuiltInFunctions.results)
    let definition = TaskDefinition(
      name: name, alias: try reader.optional("task_alias", .text) ?? name,
      tags: try reader.list("tag", of: .text, count: 0...64) ?? [], datasetName: try nullable(reader, "dataset_name"),
      outputType: type, format: format, files: files, trainingSplit: try nullable(reader, "training_split"),
      validationSplit: try nullable(reader, "validation_split"), testSplit: try nullable(reader, "test_split"),
      processDocs: try function(reader, "process_docs", among: BuiltInFunctions.rowChoices),
      processResults: processResults, description: try textAsWritten(reader, "description") ?? "",
      docToText: docToText, docToTarget: docToTarget, docToChoice: docToChoice, genPrefix: genPrefix,
      targetDelimiter: targetDelimiter, fewshotDelimiter: fewshotDelimiter, fewshot: fewshot,
      numFewshot: try reader.optional("num_fewshot", .integer(0...1000)),
      metrics: try MetricReader(task: name, isScoredByFunction: processResults != nil).metrics(reader, type),
      generation: try GenerationReader.generation(reader, type, fewshotDelimiter: fewshotDelimiter),
      repeats: try reader.value("repeats", .integer(1...1000), default: 1),
      filters: try FilterReader(task: name).filters(reader),
      runsCode: try reader.value("unsafe_code", .yamlBoolean, default: false),
      version: try version(reader))
    guard let asked = definition.askedSplit else {
      throw reader.refusal(
        "test_split", "the task names neither a test split nor a validation split", remedy: "Write `test_split: test`")
    }
    for split in [asked, definition.numFewshot ?? 0 > 0 ? definition.exampleSplit : definition.fewshot.split] {
      guard let split, !files.contains(where: { $0.split == split }) else { continue }
      throw reader.refusal(
        "dataset_kwargs", "there is no file for the split `\(split)`",
        remedy:
          "Write `data_files: {\(split): FILE}`; there are: \(Set(files.map(\.split)).sorted().joined(separator: ", "))"
      )
    }
    return (definition, written.map(\.place))
  }

  private func data(
    _ reader: SpecReader
  ) throws -> (DataFile.Format, [(split: String, place: SpecScalar)]) {
    let path = try reader.required("dataset_path", .text, example: "json")
    guard let format = DataFile.Format(rawValue: path) else {
      throw reader.refusal(
        "dataset_path", "`\(path)` is a dataset of a hub, and Admix downloads nothing",
        remedy: "Write `dataset_path: json` (or csv) and `dataset_kwargs: {data_files: {test: FILE}}`")
    }
    var files: [(split: String, place: SpecScalar)] = []
    try reader.mapping("dataset_kwargs", example: "data_files: {test: my.jsonl}") { inner in
      let places = try inner.mapping("data_files", example: "test: my.jsonl") { places in
        try places.mapping.entries.map { entry in
          (entry.key, try places.requiredList(entry.key, of: .path, count: 1...1024, example: "my.jsonl"))
        }
      }
      for (split, names) in places {
        for name in names { files.append((split, name)) }
      }
    }
    return (format, files)
  }

  private func fewshot(_ reader: SpecReader, _ outer: TaskDefinition.Fewshot) throws -> TaskDefinition.Fewshot {
    try reader.mappingIfPresent("fewshot_config", example: "sampler: first_n") { inner in
      var fewshot = outer
      fewshot.sampler = try inner.value("sampler", .oneOf(TaskDefinition.Fewshot.Sampler.self), default: .drawn)
      fewshot.split = try nullable(inner, "split") ?? outer.split
      if let name = try function(inner, "samples", among: BuiltInFunctions.sampleLists) {
        if fewshot.split == nil { fewshot.samples = BuiltInFunctions.samples(of: name) }
      }
      fewshot.docToText = try text(inner, "doc_to_text") ?? outer.docToText
      fewshot.docToTarget = try text(inner, "doc_to_target") ?? outer.docToTarget
      fewshot.docToChoice = try text(inner, "doc_to_choice")
      fewshot.genPrefix = try textAsWritten(inner, "gen_prefix") ?? outer.genPrefix
      fewshot.fewshotDelimiter = try textAsWritten(inner, "fewshot_delimiter") ?? outer.fewshotDelimiter
      fewshot.targetDelimiter = try textAsWritten(inner, "target_delimiter") ?? outer.targetDelimiter
      return fewshot
    } ?? outer
  }

  private func version(_ reader: SpecReader) throws -> String {
    guard case .mapping(let metadata)? = mapping["metadata"] else {
      _ = reader.has("metadata")
      return "Yaml"
    }
    _ = reader.has("metadata")
    guard case .scalar(let version)? = metadata["version"] else { return "Yaml" }
    return version.text
  }

  // MARK: kinds of value

  private func nullable(_ reader: SpecReader, _ key: String) throws -> String? {
    if case .scalar(let scalar)? = mapping(of: reader)[key], scalar.isNull {
      _ = reader.has(key)
      return nil
    }
    return try reader.optional(key, .text)
  }

  /// Text that may be empty or nothing but blanks.
  private func textAsWritten(_ reader: SpecReader, _ key: String) throws -> String? {
    guard reader.has(key), let value = mapping(of: reader)[key] else { return nil }
    guard case .scalar(let scalar) = value, !scalar.isFunction else {
      throw reader.refusal(key, "expected text", remedy: "Write a template in double quotes")
    }
    return scalar.isNull ? nil : scalar.text
  }

  private func text(_ reader: SpecReader, _ key: String) throws -> TaskDefinition.Text? {
    guard reader.has(key), let value = mapping(of: reader)[key] else { return nil }
    switch value {
    case .scalar(let scalar) where scalar.isFunction:
      throw SpecError(
        position: scalar.position, path: key, problem: "there is no built-in function `\(scalar.text)` for this key",
        remedy: "Write a template")
    case .scalar(let scalar) where scalar.isNull: return nil
    case .scalar(let scalar):
      if !scalar.isQuoted, let number = Int(scalar.text) { return .number(number) }
      return .template(scalar.text)
    case .sequence(let elements, _, _):
      return .list(
        try elements.map { element in
          guard case .scalar(let scalar) = element else {
            throw reader.refusal(key, "expected a list of texts", remedy: "")
          }
          return scalar.text
        })
    case .mapping(let inner):
      return .list(
        try inner.entries.map { entry in
          guard case .scalar(let scalar) = entry.value else {
            throw reader.refusal(key, "expected a mapping to texts", remedy: "")
          }
          return scalar.text
        })
    }
  }

  private func function(_ reader: SpecReader, _ key: String, among known: [String]) throws -> String? {
    guard reader.has(key), let value = mapping(of: reader)[key] else { return nil }
    return try resolveFunction(value, key: key, task: name, among: known)
  }

  private func mapping(of reader: SpecReader) -> SpecMapping { reader.mapping }
}

/// The built-in function that a value names.
func resolveFunction(_ value: SpecValue, key: String, task: String, among known: [String]) throws -> String {
  guard case .scalar(let scalar) = value else {
    throw SpecError(
      position: value.position, path: key, problem: "expected `!function NAME`",
      remedy: "Known here: \(known.joined(separator: ", "))")
  }
  guard scalar.isFunction, let name = BuiltInFunctions.resolve(scalar.text, task: task, among: known) else {
    throw SpecError(
      position: scalar.position, path: key,
      problem: "there is no built-in function `\(scalar.text)` for this key, and Python is not run",
      remedy: "Known here: \(known.joined(separator: ", "))")
  }
  return name
}

extension SpecScalar {
  /// YAML's null.
  var isNull: Bool { !isQuoted && !isFunction && ["", "null", "~", "Null", "NULL"].contains(text) }
}
