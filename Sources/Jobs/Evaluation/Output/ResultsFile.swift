import Templates

/// `results_*.json`, member for member as lm-evaluation-harness writes it. What would differ between two runs of the
/// same evaluation (times, hosts, batch sizes) is left out: the harness's own reader asks for none of it.
struct ResultsFile {
  let payload: ResultsPayload
  let identity: ModelIdentity
  let tasks: [TaskScores]
  let groups: [GroupScores]

  func value() throws -> TemplateValue {
    var all = TemplateDictionary()
    all["results"] = results
    if groups.contains(where: { !$0.group.aggregates.isEmpty }) {
      all["groups"] = dictionary(
        groups.filter { !$0.group.aggregates.isEmpty }.map { ($0.group.name, .dictionary(metrics(of: $0))) })
    }
    all["group_subtasks"] = dictionary(
      groups.map { ($0.group.name, .list($0.group.children.map { .string($0) })) })
    all["configs"] = dictionary(try sorted(tasks.map { ($0.task.name, try TaskConfiguration.value($0)) }))
    all["versions"] = dictionary(
      sorted(
        tasks.map { ($0.task.name, version($0.task.version)) }
          + groups.map { ($0.group.name, .string($0.group.version)) }))
    all["n-shot"] = dictionary(sorted(shots))
    all["higher_is_better"] = dictionary(sorted(directions))
    all["n-samples"] = dictionary(
      tasks.map { task in
        (task.task.name, dictionary([("original", .int(task.allCount)), ("effective", .int(task.itemCount))]))
      })
    all["config"] = configuration
    all["task_hashes"] = dictionary(tasks.map { ($0.task.name, .string($0.hash)) })
    all["model_source"] = .string("admix")
    all["model_name"] = .string(payload.modelName)
    all["model_name_sanitized"] = .string(sanitized(payload.modelName))
    for key in ["system_instruction", "system_instruction_sha"] { all[key] = TemplateValue.none }
    all["fewshot_as_multiturn"] = payload.chat.map { .bool($0.isMultiturn) } ?? TemplateValue.none
    all["chat_template"] = identity.chatTemplate.map { .string($0) } ?? TemplateValue.none
    all["chat_template_sha"] = identity.chatTemplate.map { .string(sha256($0)) } ?? TemplateValue.none
    return .dictionary(all)
  }

  private var results: TemplateValue {
    var members: [(String, TemplateValue)] = tasks.map { task in
      var metrics = TemplateDictionary()
      metrics["name"] = .string(task.task.name)
      metrics["alias"] = .string(task.task.alias)
      metrics["sample_len"] = .int(task.itemCount)
      for score in task.scores { add(score, to: &metrics) }
      return (task.task.name, .dictionary(metrics))
    }
    // Inner groups first, as averages are made.
    for group in groups.reversed() { members.append((group.group.name, .dictionary(metrics(of: group)))) }
    return dictionary(members)
  }

  private func metrics(of group: GroupScores) -> TemplateDictionary {
    var metrics = TemplateDictionary()
    metrics["alias"] = .string(group.group.alias)
    metrics["name"] = .string(group.group.name)
    guard !group.group.aggregates.isEmpty else { return metrics }
    metrics["sample_len"] = .int(group.tasks.reduce(0) { $0 + $1.itemCount })
    var counts = TemplateDictionary()
    for (score, count) in group.scores {
      add(score, to: &metrics)
      counts["\(score.metric),\(score.filter)"] = .int(count)
    }
    if counts.count > 0 { metrics["sample_count"] = .dictionary(counts) }
    return metrics
  }

  private func add(_ score: TaskScores.Score, to metrics: inout TemplateDictionary) {
    metrics["\(score.metric),\(score.filter)"] = .float(score.value)
    metrics["\(score.metric)_stderr,\(score.filter)"] = score.standardError.map { .float($0) } ?? .string("N/A")
  }

  private var shots: [(String, TemplateValue)] {
    var shots: [String: Int] = [:]
    for task in tasks { shots[task.task.name] = task.numFewshot }
    for group in groups.reversed() {
      let inside = Set(group.group.children.compactMap { shots[$0] })
      if inside.count == 1 { shots[group.group.name] = inside.first }
    }
    return shots.map { ($0.key, .int($0.value)) }
  }

  private var directions: [(String, TemplateValue)] {
    var all: [String: [String: Bool]] = [:]
    for task in tasks {
      all[task.task.name] = Dictionary(task.task.metrics.map { ($0.name, $0.higherIsBetter) }) { first, _ in first }
    }
    for group in groups.reversed() {
      var inside: [String: Bool] = [:]
      for child in group.group.children { inside.merge(all[child] ?? [:]) { first, _ in first } }
      if !inside.isEmpty { all[group.group.name] = inside }
    }
    return all.map { name, metrics in
      (name, dictionary(sorted(metrics.map { ($0.key, .bool($0.value)) })))
    }
  }

  private var configuration: TemplateValue {
    dictionary([
      ("model", .string("admix")), ("model_args", .string("pretrained=\(payload.modelName)")),
      ("model_num_parameters", .int(identity.parameters)), ("model_dtype", .string(identity.dtype)),
      ("model_revision", .string("")), ("model_sha", .string(identity.weightsSHA256)),
      (
        "limit",
        payload.limit.flatMap { text in Int(text).map { .int($0) } ?? Double(text).map { .float($0) } }
          ?? TemplateValue.none
      ),
      ("bootstrap_iters", .int(100_000)), ("gen_kwargs", TemplateValue.none), ("random_seed", .int(0)),
      ("numpy_seed", .int(1234)), ("torch_seed", .int(1234)), ("fewshot_seed", .int(Int(ExampleChooser.seed))),
    ])
  }

  private func version(_ text: String) -> TemplateValue {
    Int(text).map { .int($0) } ?? Double(text).map { .float($0) } ?? .string(text)
  }

  /// As the harness makes a directory's name of a model's.
  private func sanitized(_ name: String) -> String {
    var result = ""
    var wasBad = false
    for character in name {
      let isBad = "\"<>:/|\\?*[]".contains(character)
      if !isBad { result.append(character) } else if !wasBad { result += "__" }
      wasBad = isBad
    }
    return result
  }
}

func dictionary(_ members: [(String, TemplateValue)]) -> TemplateValue {
  var result = TemplateDictionary()
  for (key, value) in members { result[key] = value }
  return .dictionary(result)
}

func sorted(_ members: [(String, TemplateValue)]) -> [(String, TemplateValue)] { members.sorted { $0.0 < $1.0 } }
