import JobKit

/// A job file of `job: eval`.
struct EvalSpecification {
  enum Limit: Equatable {
    case items(Int)
    /// Of every task's items, rounded up.
    case share(Double)

    func count(of all: Int) -> Int {
      switch self {
      case .items(let count): min(count, all)
      case .share(let share): min(all, Int((Double(all) * share).rounded(.up)))
      }
    }
  }

  let header: JobHeader
  let model: SpecScalar
  /// Names, or paths of task files.
  let tasks: [SpecScalar]
  /// Where the benchmarks' files lie.
  let data: SpecScalar
  let limit: Limit?
  let numFewshot: Int?
  /// Tokens of one forward pass at most: it changes no score.
  let batchTokens: Int
  let allowsCode: Bool
  /// Texts that were trained on: their 13-grams are looked for in what is asked.
  let trainedOn: [SpecScalar]
  let trainedField: String
  /// Nil asks in plain text.
  let chat: ChatPrompting.Way?

  static func read(_ specification: SpecMapping) throws -> (EvalSpecification, ResolvedSpec) {
    let (value, resolved) = try SpecReader.read(specification, foreignKeys: foreignKeys) { reader in
      let header = try reader.header(of: "eval")
      let model = try reader.required("model", .path, example: "path/to/model")
      let tasks = try reader.requiredList("tasks", of: .path, count: 1...1024, example: "[cmmlu, gsm8k]")
      let data = try reader.value(
        "data", .path,
        default: SpecScalar(
          text: "benchmarks", isQuoted: false, path: reader.path(of: "data"), position: reader.mapping.position))
      let limit = try reader.optional("limit", .limit)
      let numFewshot = try reader.optional("num_fewshot", .integer(0...1000))
      let batchTokens = try reader.value("batch_tokens", .integer(1...1_048_576), default: 512)
      let allowsCode = try reader.value("allow_code_execution", .boolean, default: false)
      let trained = try reader.list("trained_on", of: .path, count: 0...4096) ?? []
      let field = try reader.value("trained_field", .text, default: "text")
      let isChat = try reader.value("apply_chat_template", .boolean, default: false)
      let isMultiturn = try reader.value("fewshot_as_multiturn", .boolean, default: isChat)
      if isMultiturn, !isChat {
        throw reader.refusal(
          "fewshot_as_multiturn", "examples are turns only in a chat",
          remedy: "Write `apply_chat_template: true` as well")
      }
      return EvalSpecification(
        header: header, model: model, tasks: tasks, data: data, limit: limit, numFewshot: numFewshot,
        batchTokens: batchTokens, allowsCode: allowsCode, trainedOn: trained, trainedField: field,
        chat: isChat ? ChatPrompting.Way(isMultiturn: isMultiturn) : nil)
    }
    return (value, resolved)
  }

  private static let foreignKeys: [String: String] = [
    "model_args": "Write `model: path/to/model`", "pretrained": "Write `model: path/to/model`",
    "batch_size": "Leave it out, or write `batch_tokens`; neither changes a score",
    "output_path": "Admix calls it `output`", "device": "Leave it out: workers compute on their processors",
    "log_samples": "Leave it out: samples are always written", "use_cache": "Leave it out: results are always cached",
    "confirm_run_unsafe_code": "Admix calls it `allow_code_execution`", "fewshot": "Admix calls it `num_fewshot`",
    "gen_kwargs": "Write `generation_kwargs` into a task file of your own that includes the task",
    "system_instruction": "Write `description` into a task file of your own that includes the task",
  ]
}

extension SpecKind where Value == EvalSpecification.Limit {
  /// A whole number of items, or a share of them below 1.
  static var limit: SpecKind<EvalSpecification.Limit> {
    SpecKind(
      expectation: "a number of items of at least 1, or a share of them below 1", example: "100",
      parse: { scalar in
        guard !scalar.isQuoted else { return nil }
        if let count = Int(scalar.text) { return count >= 1 ? .items(count) : nil }
        guard let share = Double(scalar.text), share > 0, share < 1 else { return nil }
        return .share(share)
      },
      resolve: { limit in
        switch limit {
        case .items(let count): .number("\(count)")
        case .share(let share): .number("\(share)")
        }
      })
  }
}
