import JobKit
import Templates

// The parts of a task file that say how answers are scored: `metric_list`, `filter_list`, `generation_kwargs`.

/// Reads `metric_list`.
struct MetricReader {
  let task: String
  /// Then names are the function's own.
  let isScoredByFunction: Bool

  /// Metrics by kind of request, with what is taken when the task does not say.
  static let known: [TaskDefinition.OutputType: [String: (aggregation: String, higherIsBetter: Bool)]] = [
    .multipleChoice: [
      "acc": ("mean", true), "acc_norm": ("mean", true), "acc_bytes": ("mean", true), "exact_match": ("mean", true),
      "bypass": ("bypass", true),
    ],
    .loglikelihood: ["acc": ("mean", true), "perplexity": ("perplexity", false), "bypass": ("bypass", true)],
    .loglikelihoodRolling: [
      "word_perplexity": ("weighted_perplexity", false), "byte_perplexity": ("weighted_perplexity", false),
      "bits_per_byte": ("bits_per_byte", false),
    ],
    .generateUntil: ["exact_match": ("mean", true), "bypass": ("bypass", true)],
  ]
  static let defaults: [TaskDefinition.OutputType: [String]] = [
    .multipleChoice: ["acc", "acc_norm"], .loglikelihood: ["perplexity", "acc"],
    .loglikelihoodRolling: ["word_perplexity", "byte_perplexity", "bits_per_byte"], .generateUntil: ["exact_match"],
  ]

  func metrics(_ reader: SpecReader, _ type: TaskDefinition.OutputType) throws -> [TaskDefinition.Metric] {
    let known = Self.known[type] ?? [:]
    let written = try reader.mappings("metric_list", count: 0...64, example: "metric: acc") { inner in
      try metric(inner, known)
    }
    guard written.isEmpty else { return written }
    return (Self.defaults[type] ?? []).compactMap { name in
      known[name].map {
        TaskDefinition.Metric(name: name, aggregation: $0.aggregation, higherIsBetter: $0.higherIsBetter)
      }
    }
  }

  private func metric(
    _ reader: SpecReader, _ known: [String: (aggregation: String, higherIsBetter: Bool)]
  ) throws -> TaskDefinition.Metric {
    guard reader.has("metric"), case .scalar(let scalar)? = reader.mapping["metric"] else {
      throw reader.refusal("metric", "this key is missing", remedy: "Write for example `metric: acc`")
    }
    var name = scalar.text
    var function: String?
    if scalar.isFunction {
      let found = try resolveFunction(
        .scalar(scalar), key: "metric", task: task, among: BuiltInFunctions.metrics)
      function = found
      name = String(found.drop { $0 != "." }.dropFirst())
    } else if !isScoredByFunction, known[name] == nil {
      let near = nearest(to: name, among: known.keys.sorted())
      throw SpecError(
        position: scalar.position, path: "metric", problem: "there is no metric `\(name)` for this output_type",
        remedy: near.map { "Did you mean `\($0)`?" } ?? "Known: \(known.keys.sorted().joined(separator: ", "))")
    }
    let preset = known[name]
    let aggregation = try reader.value("aggregation", .text, default: preset?.aggregation ?? "mean")
    guard Aggregation(rawValue: aggregation) != nil else {
      throw reader.refusal(
        "aggregation", "there is no aggregation `\(aggregation)`",
        remedy: "Known: \(Aggregation.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return TaskDefinition.Metric(
      name: name, function: function, aggregation: aggregation,
      higherIsBetter: try reader.value("higher_is_better", .yamlBoolean, default: preset?.higherIsBetter ?? true),
      ignoredPatterns: try patterns(reader), ignoresCase: try flag(reader, "ignore_case"),
      ignoresPunctuation: try flag(reader, "ignore_punctuation"), ignoresNumbers: try flag(reader, "ignore_numbers"),
      k: try reader.list("k", of: .integer(1...1000), count: 1...16) ?? [])
  }

  private func patterns(_ reader: SpecReader) throws -> [String] {
    let written = try reader.list("regexes_to_ignore", of: .text, count: 0...64) ?? []
    for pattern in written { try checkPattern(pattern, "regexes_to_ignore", reader) }
    return written
  }

  private func flag(_ reader: SpecReader, _ key: String) throws -> Bool {
    try reader.optional(key, .yamlBoolean) ?? false
  }
}

/// Reads `filter_list`.
struct FilterReader {
  let task: String

  private static let names = [
    "regex", "take_first", "take_first_k", "majority_vote", "remove_whitespace", "lowercase", "uppercase", "map",
    "custom",
  ]

  func filters(_ reader: SpecReader) throws -> [TaskDefinition.Filter] {
    let written = try reader.mappings("filter_list", count: 0...64, example: "name: none, filter: […]") { inner in
      TaskDefinition.Filter(
        name: try inner.required("name", .text, example: "none"),
        steps: try inner.mappings("filter", count: 1...64, example: "function: take_first") { try step($0) })
    }
    return written.isEmpty ? [TaskDefinition.Filter(name: "none", steps: [.takeFirst])] : written
  }

  private func step(_ reader: SpecReader) throws -> TaskDefinition.Filter.Step {
    switch try reader.required("function", .text, example: "take_first") {
    case "regex":
      let pattern = try reader.value("regex_pattern", .text, default: #"#### (\-?[0-9\.\,]+)"#)
      try checkPattern(pattern, "regex_pattern", reader)
      return .regex(
        pattern: pattern, group: try reader.value("group_select", .integer(-1000...1000), default: 0),
        fallback: try reader.value("fallback", .text, default: "[invalid]"))
    case "take_first": return .takeFirst
    case "take_first_k": return .takeFirstK(try reader.required("k", .integer(1...1000)))
    case "majority_vote": return .majorityVote
    case "remove_whitespace": return .removeWhitespace
    case "lowercase": return .lowercase
    case "uppercase": return .uppercase
    case "map":
      let entries = try reader.dictionary("mapping_dict", of: .text, example: "A: 1") ?? []
      return .map(
        Dictionary(entries.map { ($0.key, $0.value) }) { _, last in last },
        fallback: try reader.optional("default_value", .text))
    case "custom":
      guard reader.has("filter_fn"), let value = reader.mapping["filter_fn"] else {
        throw reader.refusal("filter_fn", "this key is missing", remedy: "Write `!function NAME`")
      }
      return .function(
        try resolveFunction(value, key: "filter_fn", task: task, among: BuiltInFunctions.filters))
    case let other:
      let near = nearest(to: other, among: Self.names)
      throw reader.refusal(
        "function", "there is no filter `\(other)`",
        remedy: near.map { "Did you mean `\($0)`?" } ?? "Known: \(Self.names.joined(separator: ", "))")
    }
  }
}

/// Reads `generation_kwargs`.
enum GenerationReader {
  static func generation(
    _ reader: SpecReader, _ type: TaskDefinition.OutputType, fewshotDelimiter: String
  ) throws -> TaskDefinition.Generation? {
    let written = try reader.mappingIfPresent("generation_kwargs", example: "until: [\"\\n\"]") { inner in
      try generation(inner, fewshotDelimiter: fewshotDelimiter)
    }
    guard type == .generateUntil else { return nil }
    if let written { return written }
    var all = TemplateDictionary()
    all["temperature"] = .float(0)
    all["do_sample"] = .bool(false)
    all["max_gen_toks"] = .int(256)
    all["until"] = .list([.string(fewshotDelimiter)])
    return TaskDefinition.Generation(
      until: [fewshotDelimiter], maximumTokens: 256, written: try TemplateValue.dictionary(all).json())
  }

  private static let tokenLimits = ["max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens"]

  private static func generation(
    _ reader: SpecReader, fewshotDelimiter: String
  ) throws -> TaskDefinition.Generation {
    let until = try reader.list("until", of: .anyText, count: 0...64)
    let limits = try tokenLimits.map { try reader.optional($0, .integer(1...1_000_000)) }
    let temperature = try reader.optional("temperature", .number(from: 0))
    let samples = try reader.optional("do_sample", .yamlBoolean)
    let topP = try reader.optional("top_p", .number(above: 0, through: 1))
    let topK = try reader.optional("top_k", .integer(0...1_000_000))
    var all = TemplateDictionary()
    for entry in reader.mapping.entries {
      switch entry.key {
      case "until": all["until"] = value(of: entry.value)
      case "temperature": all["temperature"] = .float(temperature ?? 0)
      default: all[entry.key] = value(of: entry.value)
      }
    }
    if until == nil { all["until"] = .list([.string(fewshotDelimiter)]) }
    return TaskDefinition.Generation(
      until: until ?? [fewshotDelimiter], maximumTokens: limits.compactMap { $0 }.first,
      samples: samples ?? (temperature ?? 0 > 0), temperature: temperature, topP: topP, topK: topK,
      written: try TemplateValue.dictionary(all).json())
  }

  /// A value as Python's YAML reader takes it.
  private static func value(of value: SpecValue) -> TemplateValue {
    switch value {
    case .sequence(let elements, _, _): return .list(elements.map(self.value(of:)))
    case .mapping: return TemplateValue.none
    case .scalar(let scalar):
      if scalar.isQuoted { return .string(scalar.text) }
      if scalar.isNull { return TemplateValue.none }
      if let flag = ["true": true, "false": false][scalar.text.lowercased()] { return .bool(flag) }
      if let number = Int(scalar.text) { return .int(number) }
      if let number = Double(scalar.text) { return .float(number) }
      return .string(scalar.text)
    }
  }
}

private func checkPattern(_ pattern: String, _ key: String, _ reader: SpecReader) throws {
  do {
    _ = try PythonPattern(pattern)
  } catch {
    throw reader.refusal(key, "the pattern \(pattern.debugDescription) cannot be used: \(error)", remedy: "")
  }
}

extension SpecKind where Value == Bool {
  /// As YAML 1.1 has it, which task files are written in.
  static var yamlBoolean: SpecKind<Bool> {
    SpecKind(
      expectation: "true or false", example: "true",
      parse: { $0.isQuoted ? nil : ["true": true, "false": false][$0.text.lowercased()] },
      resolve: { .number($0 ? "true" : "false") })
  }
}

extension SpecKind where Value == String {
  /// Text that may be blank.
  static var anyText: SpecKind<String> {
    SpecKind(expectation: "text", example: "\"…\"", parse: { $0.text }, resolve: { .text($0) })
  }
}
