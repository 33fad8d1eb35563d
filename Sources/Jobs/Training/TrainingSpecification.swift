import Corpora
import JobKit

/// A `cpt` job file as it was read: every default filled in, checked for what can be checked without opening an input.
struct TrainingSpecification {
  enum Start {
    /// A Hugging Face directory with weights, or the checkpoint or model of an earlier stage.
    case model(SpecScalar)
    /// Random weights for a configuration and a tokenizer's directory.
    case random(configuration: WrittenConfiguration, tokenizer: SpecScalar)
  }

  struct Source {
    let name: String
    let role: SourceRole
    let paths: [SpecScalar]
    let textField: String
    let documents: DocumentOptions.Boundary
    /// Relative to the other sources of its role; nil counts tokens.
    let weight: Double?
  }

  enum Mixture {
    case almr(Double)
    case shares([(source: String, share: Double)])
  }

  /// References in place of numbers; nil where the number is known.
  struct References {
    var almr: SpecScalar?
    var learningRate: SpecScalar?
  }

  struct ValidationSet {
    enum Origin {
      case heldOut(source: String, fraction: Double)
      case files(paths: [SpecScalar], textField: String, documents: DocumentOptions.Boundary)
    }
    let name: String
    let role: SourceRole
    let origin: Origin
    /// Input positions evaluated; as many rows as hold them.
    let tokens: Int
  }

  let header: JobHeader
  let start: Start
  let sources: [Source]
  let mixture: Mixture
  var recipe: Recipe
  /// What earlier stages of a pipeline will have found.
  let references: References
  let evaluationInterval: Int
  let validationSeed: UInt64
  let validationSets: [ValidationSet]
  let checkpointInterval: Int
  let checkpointsKept: Int
}

extension TrainingSpecification {
  static func read(_ mapping: SpecMapping) throws -> (specification: TrainingSpecification, resolved: ResolvedSpec) {
    let (value, resolved) = try SpecReader.read(mapping) { reader in
      let header = try reader.header(of: "cpt")
      let start = try readStart(reader)
      let sources = try reader.mappings(
        "sources", count: 1...64, example: "name: zh, role: added, paths: [zh.jsonl.gz]", readSource)
      try reader.refuseRepeatedNames(sources.map(\.name), of: "sources")
      let (mixture, almr) = try readMixture(reader, sources: sources)
      let (recipe, rate) = try reader.mapping("recipe", example: "steps: 60, learning_rate: 1.0e-3", Recipe.read)
      let validation = try readValidation(reader, sources: sources)
      let checkpoint = try reader.checkpointSettings()
      return TrainingSpecification(
        header: header, start: start, sources: sources, mixture: mixture, recipe: recipe,
        references: References(almr: almr, learningRate: rate),
        evaluationInterval: validation.interval, validationSeed: validation.seed, validationSets: validation.sets,
        checkpointInterval: checkpoint.interval, checkpointsKept: checkpoint.kept)
    }
    return (value, resolved)
  }

  private enum Initialization: String, CaseIterable { case random }

  private static func readStart(_ reader: SpecReader) throws -> Start {
    let initialization = try reader.optional("init", .oneOf(Initialization.self))
    let configuration = try reader.configuration("config")
    let tokenizer = try reader.optional("tokenizer", .path, example: "models/stories260K/hf")
    if initialization == nil {
      if configuration != nil {
        throw reader.refusal("config", "a configuration alone says nothing of weights", remedy: "Add `init: random`")
      }
      if tokenizer != nil {
        throw reader.refusal(
          "tokenizer", "the tokenizer is the model's own", remedy: "Leave it out, or write `init: random`")
      }
      return .model(try reader.required("model", .path, example: "models/stories260K/hf"))
    }
    if reader.has("model") {
      throw reader.refusal(
        "model", "`init: random` starts from no model", remedy: "Leave out `model` or leave out `init`")
    }
    guard let configuration, let tokenizer else {
      throw reader.refusal(
        "init", "random weights need to know the model's shape and its tokenizer",
        remedy: "Add `config: config.json` and `tokenizer: DIRECTORY`")
    }
    return .random(configuration: configuration, tokenizer: tokenizer)
  }

  private static let pathExample = "[corpora/zh.jsonl.gz]"

  private static func readSource(_ reader: SpecReader) throws -> Source {
    Source(
      name: try reader.required("name", .name, example: "zh"),
      role: try reader.required("role", .oneOf(SourceRole.self)),
      paths: try reader.requiredList("paths", of: .path, count: 1...4096, example: pathExample),
      textField: try reader.value("text_field", .text, default: "text"),
      documents: try reader.value("documents", .oneOf(DocumentOptions.Boundary.self), default: .line),
      weight: try reader.optional("weight", .number(above: 0, through: 1e9)))
  }

  private static func readMixture(
    _ reader: SpecReader, sources: [Source]
  ) throws -> (mixture: Mixture, almr: SpecScalar?) {
    try reader.mapping("mixture", example: "almr: 0.30") { mixture in
      let almr = try mixture.optional("almr", .referable(.ratio))
      let shares = try mixture.dictionary(
        "shares", of: .ratio, example: sources.map { "\($0.name): 0.5" }.joined(separator: ", "))
      switch (almr, shares) {
      case (.reference(let scalar)?, nil):
        for role in SourceRole.allCases where !sources.contains(where: { $0.role == role }) {
          throw mixture.refusal(
            "almr", "an ALMR that is found later may need a source whose role is \(role.rawValue), and there is none",
            remedy: "Add one")
        }
        return (.almr(MixturePayload.unknownRatio), scalar)
      case (.value(let almr)?, nil):
        for (role, share) in [(SourceRole.added, almr), (.retained, 1 - almr)] {
          if share > 0, !sources.contains(where: { $0.role == role }) {
            throw mixture.refusal(
              "almr", "an ALMR of \(almr) needs a source whose role is \(role.rawValue), and there is none",
              remedy: "Add one, or write `almr: \(role == .added ? "0" : "1")`")
          }
        }
        return (.almr(almr), nil)
      case (nil, let shares?):
        try mixture.checkShares(shares, sources: sources.map(\.name))
        return (.shares(shares.map { (source: $0.key, share: $0.value) }), nil)
      case (nil, nil):
        throw mixture.refusal("almr", "the mixture says nothing", remedy: "Write `almr: 0.30` or `shares: {…}`")
      case (_?, _?):
        throw mixture.refusal(
          "shares", "`almr` and `shares` both say how much of each source there is", remedy: "Keep one of them")
      }
    }
  }

  private static func readValidation(
    _ reader: SpecReader, sources: [Source]
  ) throws -> (interval: Int, seed: UInt64, sets: [ValidationSet]) {
    try reader.mappingOrEmpty("validation", example: "every_steps: 20, sets: […]") { validation in
      let interval = try validation.value("every_steps", .integer(0...1_000_000_000), default: 0)
      let seed = try validation.value("seed", .integer(from: 0), default: 1)
      let sets = try validation.mappings(
        "sets", count: 0...64, example: "name: zh_held, role: added, from: zh, fraction: 0.02, tokens: 4096"
      ) { try readSet($0, sources: sources) }
      try validation.refuseRepeatedNames(sets.map(\.name), of: "sets")
      return (interval, UInt64(seed), sets)
    }
  }

  private static func readSet(_ reader: SpecReader, sources: [Source]) throws -> ValidationSet {
    let name = try reader.required("name", .name, example: "zh_held")
    let role = try reader.required("role", .oneOf(SourceRole.self))
    let source = try reader.optional("from", .name, example: sources[0].name)
    let fraction = try reader.optional("fraction", .number(above: 0, through: 0.5), example: "0.02")
    let paths = try reader.list("paths", of: .path, count: 1...4096, example: pathExample)
    let tokens = try reader.required("tokens", .integer(1...1_000_000_000), example: "4096")
    if let source {
      if paths != nil {
        throw reader.refusal("paths", "a set comes `from` a source or from `paths`, not both", remedy: "Keep one")
      }
      guard sources.contains(where: { $0.name == source }) else {
        throw reader.noSource(named: source, sources: sources.map(\.name))
      }
      guard let fraction else {
        throw reader.refusal("from", "`fraction` is missing", remedy: "Write for example `fraction: 0.02`")
      }
      return ValidationSet(
        name: name, role: role, origin: .heldOut(source: source, fraction: fraction), tokens: tokens)
    }
    guard let paths else {
      throw reader.refusal(
        "name", "the set has no texts", remedy: "Write `from: SOURCE` with `fraction`, or `paths: [FILE, …]`")
    }
    if fraction != nil {
      throw reader.refusal("fraction", "`fraction` goes with `from`", remedy: "Leave it out")
    }
    return ValidationSet(
      name: name, role: role,
      origin: .files(
        paths: paths, textField: try reader.value("text_field", .text, default: "text"),
        documents: try reader.value("documents", .oneOf(DocumentOptions.Boundary.self), default: .line)),
      tokens: tokens)
  }
}
