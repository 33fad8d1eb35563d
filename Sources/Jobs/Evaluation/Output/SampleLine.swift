import Templates

/// A line of `samples_*.jsonl`, with the members, their order and their spelling of lm-evaluation-harness.
struct SampleLine {
  let task: TaskDefinition
  let item: Item
  let answers: [Answer]
  let hashes: (doc: String, prompt: String, target: String)

  static func hashes(_ item: Item) throws -> (doc: String, prompt: String, target: String) {
    (
      sha256(try TemplateValue.dictionary(item.row).json(indent: 2)), sha256(item.requests[0].firstArgument),
      sha256(item.target.written)
    )
  }

  func text(_ score: ItemScore) throws -> String {
    var line = TemplateDictionary()
    line["doc_id"] = .int(item.number)
    line["doc"] = .dictionary(item.row)
    line["target"] = .string(item.target.written)
    line["arguments"] = try arguments()
    line["resps"] = .list(answers.map(response))
    line["filtered_resps"] = .list(score.filtered)
    line["filter"] = .string(score.filter)
    line["metrics"] = .list(score.metrics.map { .string($0.name) })
    line["doc_hash"] = .string(hashes.doc)
    line["prompt_hash"] = .string(hashes.prompt)
    line["target_hash"] = .string(hashes.target)
    for (name, value) in score.metrics {
      switch value {
      case .number(let number): line[name] = .float(number)
      case .weighted(let sum, let weight): line[name] = .list([.float(sum), .int(Int(weight))])
      }
    }
    return try TemplateValue.dictionary(line).json()
  }

  private func arguments() throws -> TemplateValue {
    var all = TemplateDictionary()
    for (number, request) in item.requests.enumerated() {
      var one = TemplateDictionary()
      switch request {
      case .loglikelihood(let context, let continuation):
        one["arg_0"] = .string(context)
        one["arg_1"] = .string(continuation)
      case .rolling(let text): one["arg_0"] = .string(text)
      case .generate(let context):
        one["arg_0"] = .string(context)
        one["arg_1"] = try task.generation.map { try TemplateValue(json: Array($0.written.utf8)) } ?? TemplateValue.none
      }
      all["gen_args_\(number)"] = .dictionary(one)
    }
    return .dictionary(all)
  }

  private func response(_ answer: Answer) -> TemplateValue {
    switch answer {
    case .texts: answer.shown
    default: .list([answer.shown])
    }
  }
}
