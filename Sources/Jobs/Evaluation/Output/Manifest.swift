import KernelTable
import Templates

/// What a third party needs to repeat an evaluation: the model, the tasks with their data and prompts, how text was
/// generated, and the versions that computed it.
struct Manifest {
  let payload: ResultsPayload
  let identity: ModelIdentity
  let tasks: [TaskScores]
  let groups: [GroupScores]

  func value() throws -> TemplateValue {
    dictionary([
      ("schema", .int(1)),
      (
        "program",
        dictionary([
          ("name", .string("admix")), ("eval_version", .int(Int(EvalJob.version))),
          ("numerics_version", .int(Int(numericsVersion))), ("layout", .string("lm-evaluation-harness 0.4.13")),
        ])
      ),
      (
        "model",
        dictionary([
          ("name", .string(payload.modelName)), ("weights_sha256", .string(identity.weightsSHA256)),
          ("tokenizer_sha256", .string(identity.tokenizerSHA256)), ("parameters", .int(identity.parameters)),
          ("context_length", .int(identity.contextLength)), ("format", .string(identity.format)),
          ("stored_as", .string(identity.dtype)),
          ("begins_text_with", identity.beginningOfText.map { .int($0) } ?? TemplateValue.none),
          ("ends_text_with", identity.endOfText.map { .int($0) } ?? TemplateValue.none),
        ])
      ),
      (
        "chat",
        payload.chat.map { chat in
          dictionary([
            ("template_sha256", identity.chatTemplate.map { .string(sha256($0)) } ?? TemplateValue.none),
            ("fewshot_as_multiturn", .bool(chat.isMultiturn)),
          ])
        } ?? TemplateValue.none
      ),
      ("limit", payload.limit.map { .string($0) } ?? TemplateValue.none),
      ("fewshot_seed", .int(Int(ExampleChooser.seed))), ("allow_code_execution", .bool(payload.allowsCode)),
      ("trained_on", .list(payload.trainedFiles.map { .string($0) })),
      ("tasks", dictionary(try tasks.map { ($0.task.name, try task($0)) })),
    ])
  }

  private func task(_ scores: TaskScores) throws -> TemplateValue {
    var definition = scores.task
    for index in definition.files.indices { definition.files[index].tree = "" }
    var members: [(String, TemplateValue)] = [
      ("version", .string(definition.version)),
      ("definition_sha256", .string(sha256(String(decoding: try encodeJSON(definition), as: UTF8.self)))),
      ("data", .list(definition.files.map { .string("\($0.split): \($0.name)") })),
      ("rows_prompts_and_answers_sha256", .string(scores.hash)), ("num_fewshot", .int(scores.numFewshot)),
      ("items", .int(scores.itemCount)), ("items_in_all", .int(scores.allCount)),
      ("prompts_cut_on_the_left", .int(scores.truncated)),
    ]
    if !scores.unextracted.isEmpty {
      members.append(
        ("answers_not_extracted", dictionary(sorted(scores.unextracted.map { ($0.key, .int($0.value)) }))))
    }
    if let generation = definition.generation {
      members.append(("generation", try TemplateValue(json: Array(generation.written.utf8))))
    }
    return dictionary(members)
  }
}
