import Chat
import JobKit

/// An `sft` or `dpo` job file as it was read: every default filled in, checked for what can be checked without opening
/// an input.
struct TuningSpecification {
  struct Source {
    let name: String
    let paths: [SpecScalar]
  }

  struct ValidationSet {
    enum Origin {
      case heldOut(source: String, fraction: Double)
      case files([SpecScalar])
    }
    let name: String
    let origin: Origin
    /// Examples evaluated, at most.
    let rows: Int
  }

  /// What only `dpo` has.
  struct Preference {
    let beta: Double
    let labelSmoothing: Double
    /// nil takes the model that training starts from.
    let reference: SpecScalar?
  }

  let kind: TuningKind
  let header: JobHeader
  let model: SpecScalar
  /// A name or a path; nil takes the checkpoint's own.
  let template: SpecScalar?
  let learning: LearnedTurns
  let date: ChatDate?
  let sources: [Source]
  /// In the order of the sources; nil goes by their tokens.
  let shares: [Double]?
  let packs: Bool
  let recipe: Recipe
  let learningRate: SpecScalar?
  let preference: Preference?
  let evaluationInterval: Int
  let validationSeed: UInt64
  let validationSets: [ValidationSet]
  let checkpointInterval: Int
  let checkpointsKept: Int
}

extension TuningSpecification {
  static func read(
    _ mapping: SpecMapping, kind: TuningKind
  ) throws -> (specification: TuningSpecification, resolved: ResolvedSpec) {
    let (value, resolved) = try SpecReader.read(mapping, foreignKeys: foreignTuningKeys) { reader in
      let header = try reader.header(of: kind == .imitation ? "sft" : "dpo")
      let model = try reader.required("model", .path, example: "models/SmolLM2-135M-Instruct.gguf")
      let chat = try readChat(reader, kind: kind)
      let sources = try reader.mappings(
        "sources", count: 1...64, example: "name: zh, paths: [sft/alpaca_zh_demo.json]", readSource)
      try reader.refuseRepeatedNames(sources.map(\.name), of: "sources")
      let shares = try readShares(reader, sources: sources)
      let packs = kind == .imitation ? try reader.value("packing", .boolean, default: true) : false
      let preference = kind == .preference ? try readPreference(reader) : nil
      let (recipe, rate) = try reader.mapping("recipe", example: "steps: 60, learning_rate: 2.0e-5", Recipe.read)
      let validation = try readValidation(reader, sources: sources)
      let checkpoint = try reader.checkpointSettings()
      return TuningSpecification(
        kind: kind, header: header, model: model, template: chat.template, learning: chat.learning, date: chat.date,
        sources: sources, shares: shares, packs: packs, recipe: recipe, learningRate: rate, preference: preference,
        evaluationInterval: validation.interval, validationSeed: validation.seed, validationSets: validation.sets,
        checkpointInterval: checkpoint.interval, checkpointsKept: checkpoint.kept)
    }
    return (value, resolved)
  }

  private static func readChat(
    _ reader: SpecReader, kind: TuningKind
  ) throws -> (template: SpecScalar?, learning: LearnedTurns, date: ChatDate?) {
    try reader.mappingOrEmpty("chat", example: "template: chatml, loss: assistant") { chat in
      let template = try chat.optional("template", .path, example: "chatml")
      let learning =
        kind == .imitation ? try chat.value("loss", .oneOf(LearnedTurns.self), default: .assistant) : .assistant
      let date = try chat.optional("date", .day, example: "2026-01-31")
      return (template, learning, date)
    }
  }

  private static func readSource(_ reader: SpecReader) throws -> Source {
    Source(
      name: try reader.required("name", .name, example: "zh"),
      paths: try reader.requiredList("paths", of: .path, count: 1...4096, example: "[sft/alpaca_zh_demo.json]"))
  }

  private static func readShares(_ reader: SpecReader, sources: [Source]) throws -> [Double]? {
    try reader.mappingIfPresent("mixture", example: "shares: {zh: 0.5, en: 0.5}") { mixture in
      let example = sources.map { "\($0.name): 0.5" }.joined(separator: ", ")
      guard let shares = try mixture.dictionary("shares", of: .ratio, example: example) else {
        throw mixture.refusal(
          "shares", "the mixture says nothing", remedy: "Write `shares: {\(example)}`, or leave out `mixture` to take "
            + "each source as often as it has tokens")
      }
      try mixture.checkShares(shares, sources: sources.map(\.name))
      return sources.map { source in shares.first { $0.key == source.name }?.value ?? 0 }
    }
  }

  private static func readPreference(_ reader: SpecReader) throws -> Preference {
    let reference = try reader.optional("reference", .path, example: "models/SmolLM2-135M-Instruct.gguf")
    return try reader.mappingOrEmpty("preference", example: "beta: 0.1, label_smoothing: 0") { preference in
      Preference(
        beta: try preference.value("beta", .number(above: 0, through: 1000), default: 0.1),
        labelSmoothing: try preference.value("label_smoothing", .number(from: 0, below: 0.5), default: 0),
        reference: reference)
    }
  }

  private static func readValidation(
    _ reader: SpecReader, sources: [Source]
  ) throws -> (interval: Int, seed: UInt64, sets: [ValidationSet]) {
    try reader.mappingOrEmpty("validation", example: "every_steps: 20, sets: […]") { validation in
      let interval = try validation.value("every_steps", .integer(0...1_000_000_000), default: 0)
      let seed = try validation.value("seed", .integer(from: 0), default: 1)
      let sets = try validation.mappings(
        "sets", count: 0...64, example: "name: zh_held, from: zh, fraction: 0.05, rows: 32"
      ) { try readSet($0, sources: sources) }
      try validation.refuseRepeatedNames(sets.map(\.name), of: "sets")
      var held: Set<String> = []
      for case .heldOut(let source, _) in sets.map(\.origin) where !held.insert(source).inserted {
        throw validation.refusal(
          "sets", "two sets are held out from \(source)", remedy: "Make one of them, or give one files of its own")
      }
      return (interval, UInt64(seed), sets)
    }
  }

  private static func readSet(_ reader: SpecReader, sources: [Source]) throws -> ValidationSet {
    let name = try reader.required("name", .name, example: "zh_held")
    let source = try reader.optional("from", .name, example: sources[0].name)
    let fraction = try reader.optional("fraction", .number(above: 0, through: 0.5), example: "0.05")
    let paths = try reader.list("paths", of: .path, count: 1...4096, example: "[sft/held.jsonl]")
    let rows = try reader.value("rows", .integer(1...1_000_000), default: 64)
    switch (source, fraction, paths) {
    case (let source?, let fraction?, nil):
      guard sources.contains(where: { $0.name == source }) else {
        throw reader.noSource(named: source, sources: sources.map(\.name))
      }
      return ValidationSet(name: name, origin: .heldOut(source: source, fraction: fraction), rows: rows)
    case (nil, nil, let paths?): return ValidationSet(name: name, origin: .files(paths), rows: rows)
    case (_?, nil, nil):
      throw reader.refusal("from", "`fraction` is missing", remedy: "Write for example `fraction: 0.05`")
    default:
      throw reader.refusal(
        "name", "a set has either `from` with `fraction`, or `paths`", remedy: "Keep one of them")
    }
  }
}

extension SpecKind where Value == ChatDate {
  /// A day.
  static var day: SpecKind<ChatDate> {
    SpecKind(
      expectation: "a day", example: "2026-01-31", parse: { ChatDate($0.text) },
      resolve: { date in
        func padded(_ number: Int, _ width: Int) -> String {
          String(repeating: "0", count: max(0, width - String(number).utf8.count)) + String(number)
        }
        return .text("\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))")
      })
  }
}

/// Keys of other trainers with ours, where conversations are trained on.
private let foreignTuningKeys: [String: String] = {
  var keys = foreignTrainingKeys
  keys["packing"] = nil
  keys["train_on_prompt"] = "Write `chat: {loss: all}` to learn the prompts too"
  keys["train_on_inputs"] = "Write `chat: {loss: all}` to learn the prompts too"
  keys["assistant_only_loss"] = "`chat: {loss: assistant}` is the default"
  keys["completion_only_loss"] = "`chat: {loss: assistant}` is the default"
  keys["chat_template"] = "Write `chat: {template: NAME}`"
  keys["pref_beta"] = "Write `preference: {beta: 0.1}`"
  keys["dpo_beta"] = "Write `preference: {beta: 0.1}`"
  keys["pref_loss"] = "The loss is the sigmoid of DPO; leave it out"
  keys["ref_model"] = "Write `reference: MODEL`"
  keys["ref_model_name_or_path"] = "Write `reference: MODEL`"
  keys["dataset"] = "Write `sources: [{name: zh, paths: [FILE]}]`"
  return keys
}()
