import Checkpoints
import JobKit
import KernelTable
import Optimizers
import Transformer
import WireProtocol

/// One worker's copy of a model in training: weights and both moments of AdamW, and the arithmetic on them that every
/// kind of training shares. What a kind's member adds is where its rows come from and what their loss is.
final class TrainedModel {
  let recipe: Recipe
  /// SHA-256 of everything that decides the run, so that a checkpoint is not continued under another recipe.
  let recipeSHA256: String
  let scratchDirectory: String
  let files: ModelFiles
  /// Written beside every checkpoint.
  let companions: [CompanionFile]
  let kernels: Kernels
  let pool: ThreadPool
  let model: LlamaModel
  let weights: FloatBuffer
  let firstMoment: FloatBuffer
  let secondMoment: FloatBuffer
  let schedule: LearningRateSchedule
  private let optimizer: AdamW
  private let decaying: [Range<Int>]
  /// Kept from `assess` for the `apply` of the same step.
  private var assessed: (step: UInt64, divisor: Int, gradientNorm: Double)?

  /// - Parameters:
  ///   - context: a member's; its checkpoint, when there is one, is loaded, and `ready` told.
  ///   - configuration: of `random`, the config.json that the job file has written out; nil where it is an input.
  ///   - rowLength: the most tokens of a row, or of rows that are computed together.
  ///   - companions: in place of the files that the start brings.
  init(
    _ context: MemberContext, start: MemberPayload.Start, configuration: String? = nil, recipe: Recipe,
    recipeSHA256: String, rowLength: Int? = nil, companions: ((ModelFiles) throws -> [CompanionFile])? = nil
  ) throws {
    precondition(chunkParameterCount == parametersPerChunk, "the exchange and the kernels disagree on a chunk's size")
    self.recipe = recipe
    self.recipeSHA256 = recipeSHA256
    scratchDirectory = context.scratchDirectory
    context.progress("loading", 0)
    files = try ModelFiles(start: start, configuration: configuration, inputs: context.inputs)
    self.companions = try companions?(files) ?? files.companions
    let shape = try LlamaShape(files.configuration)
    let length = rowLength ?? recipe.sequenceLength
    try Self.requireMemory(shape: shape, recipe: recipe, rowLength: length)
    kernels = try Kernels.forThisProcessor()
    pool = ThreadPool(threads: context.threads)
    model = LlamaModel(
      shape: shape, pool: pool, kernels: kernels,
      maximumTokensPerMicrobatch: Self.tokensPerMicrobatch(recipe, rowLength: length), recomputes: recipe.recomputes)
    weights = FloatBuffer(count: model.layout.count)
    firstMoment = FloatBuffer(count: model.layout.count)
    secondMoment = FloatBuffer(count: model.layout.count)
    schedule = try LearningRateSchedule(
      form: recipe.schedule.form, peak: recipe.learningRate, warmupSteps: recipe.warmupSteps, totalSteps: recipe.steps,
      minimumRatio: recipe.minimumRateRatio)
    optimizer = try AdamW(
      beta1: recipe.betas[0], beta2: recipe.betas[1], epsilon: recipe.epsilon, weightDecay: recipe.weightDecay)
    decaying = model.layout.decayingRanges
    if let checkpoint = context.checkpoint {
      try load(checkpoint)
    } else if start == .random {
      model.layout.initializeRandom(seed: recipe.seed, into: weights.start, pool: pool)
    } else {
      try files.loadWeights(model.layout, into: weights)
      try checkFinite()
    }
  }

  /// A model that is broken already is no matter of the learning rate: it is named before the first step.
  private func checkFinite() throws {
    for tensor in model.layout.tensors {
      let values = UnsafeBufferPointer(start: weights.start + tensor.offset, count: tensor.shape.reduce(1, *))
      guard let index = values.firstIndex(where: { !$0.isFinite }) else { continue }
      throw BrokenWeights(tensor: tensor.name, element: index, value: values[index])
    }
  }

  /// As many rows as make a microbatch worth its overhead; what is computed does not depend on it.
  static func tokensPerMicrobatch(_ recipe: Recipe, rowLength: Int) -> Int {
    min(max(2048, rowLength), recipe.rowsPerSlice * rowLength)
  }

  /// What a worker holds: weights, moments, the slice's gradient, the reduced and the pending ones, activations.
  static func stateBytes(shape: LlamaShape, recipe: Recipe, rowLength: Int? = nil) -> UInt64 {
    let parameters = ParameterLayout(shape).count
    let exchanged = (recipe.rounding == .bf16 ? 2 : 4) * 3 * parameters
    let computed = LlamaModel.memoryBytes(
      shape: shape, tokens: tokensPerMicrobatch(recipe, rowLength: rowLength ?? recipe.sequenceLength),
      recomputes: recipe.recomputes)
    return UInt64(computed + exchanged)
  }

  /// - Throws: `HostUnfit` with the figures when this host's memory is too small.
  static func requireMemory(
    shape: LlamaShape, recipe: Recipe, rowLength: Int? = nil, memory: HostMemory? = nil
  ) throws {
    let needed = stateBytes(shape: shape, recipe: recipe, rowLength: rowLength)
    let available = try (memory ?? HostMemory.now()).availableBytes
    guard needed > available else { return }
    func gigabytes(_ bytes: UInt64) -> String { "\(bytes / 1_000_000_000).\(bytes / 100_000_000 % 10) GB" }
    throw HostUnfit(
      "a model of \(ParameterLayout(shape).count) parameters makes every worker hold \(gigabytes(needed)) (weights, "
        + "gradient, moments, activations), and this host has \(gigabytes(available)) left; use a host with more "
        + "memory, a smaller model, or a shorter recipe.sequence_length")
  }

  private static let divergence = "A lower recipe.learning_rate or a longer recipe.warmup_steps may keep it finite"

  /// The gradient's norm once the step is known to have a usable result; what is left to assess is the kind's own.
  ///
  /// - Parameter divisor: what the loss's sum, and with it the gradient, is divided by: valid tokens, or pairs.
  func assess(step: UInt64, lossSum: Double, divisor: Double, gradient: any ReducedGradient) throws -> [Metric] {
    let loss = lossSum / max(1, divisor)
    guard divisor >= 1 else { throw NonFiniteStep(reason: "step \(step) has no token to learn from") }
    guard loss.isFinite else { throw NonFiniteStep(reason: "the loss of step \(step) is \(loss). \(Self.divergence)") }
    let norm = GradientClipping.norm(chunkSquaredNorms: squaredNorms(of: gradient), validTokens: Int(divisor))
    guard norm.isFinite else {
      throw NonFiniteStep(reason: "the gradient norm of step \(step) is \(norm). \(Self.divergence)")
    }
    assessed = (step, Int(divisor), norm)
    return [
      Metric("loss", loss), Metric("gradient_norm", norm),
      Metric("learning_rate", schedule.rate(forUpdate: Int(step))),
    ]
  }

  func apply(step: UInt64, gradient: any ReducedGradient) {
    guard let assessed, assessed.step == step else {
      preconditionFailure("step \(step) is applied without having been assessed")
    }
    let update = optimizer.update(
      step: Int(step), rate: schedule.rate(forUpdate: Int(step)), validTokens: assessed.divisor,
      clipFactor: GradientClipping.factor(norm: assessed.gradientNorm, maximum: recipe.clipNorm))
    pool.run(gradient.chunkCount) { chunk in
      gradient.withChunk(chunk) { values in
        guard let values = values.baseAddress else { return }
        update.apply(
          to: model.layout.range(ofChunk: chunk), decaying: decaying, weights: weights.start,
          first: firstMoment.start, second: secondMoment.start, gradient: values, kernels: kernels)
      }
    }
    self.assessed = nil
  }

  func stateCopied() { assessed = nil }

  private func squaredNorms(of gradient: any ReducedGradient) -> [Double] {
    [Double](unsafeUninitializedCapacity: gradient.chunkCount) { norms, count in
      count = gradient.chunkCount
      guard let start = norms.baseAddress else { return }
      // Each chunk's norm has a place of its own, so that threads do not meet.
      nonisolated(unsafe) let places = start
      pool.run(gradient.chunkCount) { chunk in
        places[chunk] = gradient.withChunk(chunk) { values in
          values.baseAddress.map { kernels.squaredNorm(ofChunk: $0, count: values.count) } ?? 0
        }
      }
    }
  }
}

extension Recipe.Schedule {
  var form: LearningRateSchedule.Form {
    switch self {
    case .cosine: .cosine
    case .wsd: .wsd
    case .linear: .linear
    case .constant: .constant
    }
  }
}
