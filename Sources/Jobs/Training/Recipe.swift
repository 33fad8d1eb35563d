import JobKit

/// How the model is trained: the `recipe` of a job file, every default filled in.
struct Recipe: Codable, Sendable {
  enum Schedule: String, CaseIterable, Codable, Sendable {
    case cosine, wsd, linear, constant
  }
  enum Arithmetic: String, CaseIterable, Codable, Sendable {
    case fp32
  }

  /// What a worker computes again on the way back instead of keeping it; the weights do not depend on it.
  enum Recomputation: String, CaseIterable, Codable, Sendable {
    case none, layers
  }

  let steps: Int
  /// Input positions a row.
  let sequenceLength: Int
  /// Rows a step.
  let globalBatchSize: Int
  /// `Recipe.unknownRate` until an earlier stage has found it.
  var learningRate: Double
  let schedule: Schedule
  let warmupSteps: Int
  let minimumRateRatio: Double
  let weightDecay: Double
  let betas: [Double]
  let epsilon: Double
  /// Largest global norm of the gradient; 0 does not clip.
  let clipNorm: Double
  var seed: UInt64
  let arithmetic: Arithmetic
  let slices: Int
  let exchange: String
  /// nil stands for `none`, so that a recipe that does not ask for it is written as before.
  let recomputation: Recomputation?

  var recomputes: Bool { recomputation == .layers }
  var rounding: GradientRounding { GradientRounding(rawValue: exchange) ?? .bf16 }
  var rowsPerSlice: Int { globalBatchSize / slices }
  var tokensPerStep: Int { globalBatchSize * sequenceLength }
}

extension Recipe {
  /// No learning rate that a schedule takes, so that one nobody resolved is a mistake that shows.
  static let unknownRate = -1.0

  /// With it the reference that the learning rate is, if it is one.
  static func read(_ reader: SpecReader) throws -> (recipe: Recipe, learningRate: SpecScalar?) {
    let length = try reader.value("sequence_length", .integer(2...1_048_576), default: 1024)
    let batch = try reader.value("global_batch_size", .integer(1...1_048_576), default: 32)
    let steps = try readSteps(reader, tokensPerStep: length * batch)
    let rate = try reader.required(
      "learning_rate", .referable(.number(above: 0, through: 10)), example: "1.0e-3"
    ).parts(standIn: unknownRate)
    let schedule = try reader.value("schedule", .oneOf(Schedule.self), default: .cosine)
    let warmup = try reader.value("warmup_steps", .integer(0...1_000_000_000), default: 0)
    if warmup > steps {
      throw reader.refusal(
        "warmup_steps", "\(warmup) steps of warm-up do not fit into \(steps) steps", remedy: "Lower `warmup_steps`")
    }
    let ratio = try reader.value("min_lr_ratio", .ratio, default: 0.1)
    let decay = try reader.value("weight_decay", .number(from: 0, through: 10), default: 0.1)
    let betas = try reader.list(
      "betas", of: .number(from: 0, below: 1), count: 2...2, default: [0.9, 0.95], example: "[0.9, 0.95]")
    let epsilon = try reader.value("epsilon", .number(above: 0, through: 1), default: 1e-8)
    let clip = try reader.value("clip_norm", .number(from: 0, through: 1e9), default: 1)
    let seed = try reader.value("seed", .integer(from: 0), default: 1)
    let arithmetic = try reader.value("compute", .oneOf(Arithmetic.self), default: .fp32)
    let recomputation = try reader.value("recompute", .oneOf(Recomputation.self), default: Recomputation.none)
    let advanced = try reader.mappingOrEmpty("advanced", example: "slices: 8, exchange: bf16") { advanced in
      let slices = try advanced.value(
        "slices", .integer(1...256), default: defaultSlices(batch: batch, sequenceLength: length))
      if batch % slices != 0 {
        let divisors = (1...256).filter { batch % $0 == 0 }.map(String.init).joined(separator: ", ")
        throw advanced.refusal(
          "slices", "\(slices) slices do not divide a global_batch_size of \(batch) into equal parts",
          remedy: "Write one of \(divisors)")
      }
      let exchange = try advanced.value("exchange", .oneOf(GradientRounding.self), default: .bf16)
      return (slices: slices, exchange: exchange)
    }
    let recipe = Recipe(
      steps: steps, sequenceLength: length, globalBatchSize: batch, learningRate: rate.value, schedule: schedule,
      warmupSteps: warmup, minimumRateRatio: ratio, weightDecay: decay, betas: betas, epsilon: epsilon, clipNorm: clip,
      seed: UInt64(seed), arithmetic: arithmetic, slices: advanced.slices, exchange: advanced.exchange.rawValue,
      recomputation: recomputation == .layers ? .layers : nil)
    return (recipe, rate.reference)
  }

  private static func readSteps(_ reader: SpecReader, tokensPerStep: Int) throws -> Int {
    let steps = try reader.optional("steps", .integer(1...1_000_000_000), example: "60")
    let tokens = try reader.optional("tokens", .count, example: "2B")
    switch (steps, tokens) {
    case (let steps?, nil): return steps
    case (nil, let tokens?):
      // The last step is a whole one: at least as many tokens as were asked for.
      let needed = (tokens - 1) / tokensPerStep + 1
      reader.record("steps", .integer(needed))
      reader.forget("tokens")
      return needed
    case (nil, nil):
      // It throws, and names a mistyped `steps` where there is one.
      return try reader.required("steps", .integer(1...1_000_000_000), example: "60` or `tokens: 2B")
    case (_?, _?):
      throw reader.refusal("tokens", "`steps` and `tokens` both say how long to train", remedy: "Keep one of them")
    }
  }

  /// The largest power of two that divides the batch, at most 256, with at least 1024 tokens a slice where possible.
  /// Never a function of the number of workers: the slices are part of what the weights depend on.
  static func defaultSlices(batch: Int, sequenceLength: Int) -> Int {
    var slices = 1
    while slices < 256, batch % (2 * slices) == 0, batch / (2 * slices) * sequenceLength >= 1024 { slices *= 2 }
    return slices
  }
}
