import Templates

/// A task's keys as `results_*.json` has them under `configs`.
enum TaskConfiguration {
  static func value(_ scores: TaskScores) throws -> TemplateValue {
    let task = scores.task
    var all = TemplateDictionary()
    func set(_ key: String, _ text: String?) { if let text { all[key] = .string(text) } }
    set("task", task.name)
    set("task_alias", task.alias == task.name ? nil : task.alias)
    if !task.tags.isEmpty { all["tag"] = .list(task.tags.map { .string($0) }) }
    set("dataset_path", task.format.rawValue)
    set("dataset_name", task.datasetName)
    all["dataset_kwargs"] = dictionary([("data_files", dictionary(task.files.map { ($0.split, .string($0.name)) }))])
    set("training_split", task.trainingSplit)
    set("validation_split", task.validationSplit)
    set("test_split", task.testSplit)
    set("fewshot_split", task.fewshot.split)
    set("process_docs", task.processDocs)
    all["doc_to_text"] = text(task.docToText)
    all["doc_to_target"] = text(task.docToTarget)
    all["unsafe_code"] = .bool(task.runsCode)
    if let choices = task.docToChoice { all["doc_to_choice"] = text(choices) }
    set("process_results", task.processResults)
    set("description", task.description)
    set("target_delimiter", task.targetDelimiter)
    set("fewshot_delimiter", task.fewshotDelimiter)
    all["fewshot_config"] = dictionary([("sampler", .string(task.fewshot.sampler.rawValue))])
    all["num_fewshot"] = .int(scores.numFewshot)
    all["metric_list"] = .list(task.metrics.map(metric))
    set("output_type", task.outputType.rawValue)
    if let generation = task.generation {
      all["generation_kwargs"] = try TemplateValue(json: Array(generation.written.utf8))
    }
    all["repeats"] = .int(task.repeats)
    all["filter_list"] = .list(
      task.filters.map { filter in
        dictionary([("name", .string(filter.name)), ("filter", .list(filter.steps.map(step)))])
      })
    all["should_decontaminate"] = .bool(false)
    set("gen_prefix", task.genPrefix)
    all["metadata"] = dictionary([("version", .string(task.version))])
    return .dictionary(all)
  }

  private static func text(_ text: TaskDefinition.Text) -> TemplateValue {
    switch text {
    case .template(let template): .string(template)
    case .number(let number): .int(number)
    case .list(let texts): .list(texts.map { .string($0) })
    }
  }

  private static func metric(_ metric: TaskDefinition.Metric) -> TemplateValue {
    var members: [(String, TemplateValue)] = [
      ("metric", .string(metric.function ?? metric.name)), ("aggregation", .string(metric.aggregation)),
      ("higher_is_better", .bool(metric.higherIsBetter)),
    ]
    if !metric.ignoredPatterns.isEmpty {
      members.append(("regexes_to_ignore", .list(metric.ignoredPatterns.map { .string($0) })))
    }
    for (key, flag) in [
      ("ignore_case", metric.ignoresCase), ("ignore_punctuation", metric.ignoresPunctuation),
      ("ignore_numbers", metric.ignoresNumbers),
    ] where flag { members.append((key, .bool(true))) }
    if !metric.k.isEmpty { members.append(("k", .list(metric.k.map { .int($0) }))) }
    return dictionary(members)
  }

  private static func step(_ step: TaskDefinition.Filter.Step) -> TemplateValue {
    switch step {
    case .regex(let pattern, let group, let fallback):
      dictionary([
        ("function", .string("regex")), ("regex_pattern", .string(pattern)), ("group_select", .int(group)),
        ("fallback", .string(fallback)),
      ])
    case .takeFirst: dictionary([("function", .string("take_first"))])
    case .takeFirstK(let k): dictionary([("function", .string("take_first_k")), ("k", .int(k))])
    case .majorityVote: dictionary([("function", .string("majority_vote"))])
    case .removeWhitespace: dictionary([("function", .string("remove_whitespace"))])
    case .lowercase: dictionary([("function", .string("lowercase"))])
    case .uppercase: dictionary([("function", .string("uppercase"))])
    case .map(let table, _):
      dictionary([
        ("function", .string("map")), ("mapping_dict", dictionary(sorted(table.map { ($0.key, .string($0.value)) }))),
      ])
    case .function(let name): dictionary([("function", .string("custom")), ("filter_fn", .string(name))])
    }
  }
}
