import Checkpoints
import Corpora
import JobKit
import KernelTable
import Optimizers
import Transformer
import WireProtocol

/// One worker's copy of a model in continual pre-training: weights and both moments of AdamW, the rows of every step,
/// and the arithmetic on them. Its state after step t is a function of (start, texts, recipe) alone.
final class CPTMember: SteppedMember {
  let payload: MemberPayload
  let scratchDirectory: String
  let corpus: TrainingCorpus
  let files: ModelFiles
  let kernels: Kernels
  let pool: ThreadPool
  let model: LlamaModel
  let weights: FloatBuffer
  let firstMoment: FloatBuffer
  let secondMoment: FloatBuffer
  private let schedule: LearningRateSchedule
  private let optimizer: AdamW
  private let decaying: [Range<Int>]
  /// Kept from `assess` for the `apply` of the same step.
  private var assessed: (step: UInt64, validTokens: Int, gradientNorm: Double)?

  var recipe: Recipe { payload.recipe }
  var parameterCount: Int { model.layout.count }
  var rounding: GradientRounding { recipe.rounding }
  /// For each source the sum of its losses and its valid tokens.
  var statisticsCount: Int { 2 * payload.corpus.sources.count }

  init(_ context: MemberContext) throws {
    precondition(chunkParameterCount == parametersPerChunk, "the exchange and the kernels disagree on a chunk's size")
    payload = try decodePayload(MemberPayload.self, from: context.payload).resolved(inputs: context.inputs)
    scratchDirectory = context.scratchDirectory
    context.progress("loading", 0)
    files = try ModelFiles(payload, inputs: context.inputs)
    let shape = try LlamaShape(files.configuration)
    try Self.requireMemory(shape: shape, recipe: payload.recipe)
    kernels = try Kernels.forThisProcessor()
    pool = ThreadPool(threads: context.threads)
    model = LlamaModel(
      shape: shape, pool: pool, kernels: kernels,
      maximumTokensPerMicrobatch: Self.tokensPerMicrobatch(payload.recipe), recomputes: payload.recipe.recomputes)
    weights = FloatBuffer(count: model.layout.count)
    firstMoment = FloatBuffer(count: model.layout.count)
    secondMoment = FloatBuffer(count: model.layout.count)
    corpus = try TrainingCorpus(payload, inputs: context.inputs, vocabularySize: shape.vocabularySize)
    let recipe = payload.recipe
    schedule = try LearningRateSchedule(
      form: recipe.schedule.form, peak: recipe.learningRate, warmupSteps: recipe.warmupSteps, totalSteps: recipe.steps,
      minimumRatio: recipe.minimumRateRatio)
    optimizer = try AdamW(
      beta1: recipe.betas[0], beta2: recipe.betas[1], epsilon: recipe.epsilon, weightDecay: recipe.weightDecay)
    decaying = model.layout.decayingRanges
    if let checkpoint = context.checkpoint {
      try load(checkpoint)
    } else if payload.start == .random {
      model.layout.initializeRandom(seed: recipe.seed, into: weights.start, pool: pool)
    } else {
      try files.loadWeights(model.layout, into: weights)
      try checkFinite()
    }
    context.progress("ready", 1)
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
  static func tokensPerMicrobatch(_ recipe: Recipe) -> Int {
    min(max(2048, recipe.sequenceLength), recipe.rowsPerSlice * recipe.sequenceLength)
  }

  /// What a worker holds: weights, moments, the slice's gradient, the reduced and the pending ones, activations.
  static func stateBytes(shape: LlamaShape, recipe: Recipe) -> UInt64 {
    let parameters = ParameterLayout(shape).count
    let exchanged = (recipe.rounding == .bf16 ? 2 : 4) * 3 * parameters
    let computed = LlamaModel.memoryBytes(
      shape: shape, tokens: tokensPerMicrobatch(recipe), recomputes: recipe.recomputes)
    return UInt64(computed + exchanged)
  }

  /// - Throws: `HostUnfit` with the figures when this host's memory is too small.
  static func requireMemory(shape: LlamaShape, recipe: Recipe, memory: HostMemory? = nil) throws {
    let needed = stateBytes(shape: shape, recipe: recipe)
    let available = try (memory ?? HostMemory.now()).availableBytes
    guard needed > available else { return }
    func gigabytes(_ bytes: UInt64) -> String { "\(bytes / 1_000_000_000).\(bytes / 100_000_000 % 10) GB" }
    throw HostUnfit(
      "a model of \(ParameterLayout(shape).count) parameters makes every worker hold \(gigabytes(needed)) (weights, "
        + "gradient, moments, activations), and this host has \(gigabytes(available)) left; use a host with more "
        + "memory, a smaller model, or a shorter recipe.sequence_length")
  }

  func computeSlice(
    step: UInt64, slice: Int, gradient: UnsafeMutablePointer<Float>, ready: (Range<Int>) -> Void
  ) throws -> [Double] {
    let first = slice * recipe.rowsPerSlice
    let rows = try (first..<first + recipe.rowsPerSlice).map { try corpus.row(step: step, slot: $0) }
    let losses = withoutActuallyEscaping(ready) { ready in
      model.accumulateGradient(
        weights: weights.start, gradient: gradient, rows: rows.map(\.tokens), gradientReady: ready)
    }
    var statistics = [Double](repeating: 0, count: statisticsCount)
    for (row, loss) in zip(rows, losses) {
      statistics[2 * row.source] += loss.sum
      statistics[2 * row.source + 1] += Double(loss.validTokens)
    }
    return statistics
  }

  private static let divergence = "A lower recipe.learning_rate or a longer recipe.warmup_steps may keep it finite"

  func assess(step: UInt64, statistics: [Double], gradient: any ReducedGradient) throws -> StepAssessment {
    let names = payload.corpus.sources.map(\.name)
    let sums = names.indices.map { statistics[2 * $0] }
    let counts = names.indices.map { statistics[2 * $0 + 1] }
    let validTokens = counts.reduce(0, +)
    let loss = sums.reduce(0, +) / max(1, validTokens)
    guard validTokens >= 1 else { throw NonFiniteStep(reason: "step \(step) has no token to learn from") }
    guard loss.isFinite else { throw NonFiniteStep(reason: "the loss of step \(step) is \(loss). \(Self.divergence)") }
    let norm = GradientClipping.norm(
      chunkSquaredNorms: squaredNorms(of: gradient), validTokens: Int(validTokens))
    guard norm.isFinite else {
      throw NonFiniteStep(reason: "the gradient norm of step \(step) is \(norm). \(Self.divergence)")
    }
    assessed = (step, Int(validTokens), norm)
    var metrics = [
      Metric("loss", loss), Metric("gradient_norm", norm),
      Metric("learning_rate", schedule.rate(forUpdate: Int(step))), Metric("valid_tokens", validTokens),
      Metric("almr", corpus.addedShare(steps: step)),
    ]
    for (index, name) in names.enumerated() where counts[index] > 0 {
      metrics.append(Metric("loss/\(name)", sums[index] / counts[index]))
      metrics.append(Metric("valid_tokens/\(name)", counts[index]))
    }
    return StepAssessment(metrics: metrics, workUnits: UInt64(recipe.tokensPerStep))
  }

  func apply(step: UInt64, statistics: [Double], gradient: any ReducedGradient) throws {
    guard let assessed, assessed.step == step else {
      preconditionFailure("step \(step) is applied without having been assessed")
    }
    let update = optimizer.update(
      step: Int(step), rate: schedule.rate(forUpdate: Int(step)), validTokens: assessed.validTokens,
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

  func evaluate(row: Int) throws -> [RowMeasure] {
    let (measure, tokens, byteCount) = try corpus.validationRow(row)
    guard let tokens else {
      return [RowMeasure(row: UInt32(row), measure: UInt16(measure), sum: 0, weight: 0, byteCount: 0)]
    }
    let loss = model.losses(weights: weights.start, rows: [tokens])[0]
    let weight = UInt64(loss.validTokens)
    return [
      RowMeasure(
        row: UInt32(row), measure: UInt16(measure), sum: loss.sum, weight: weight, byteCount: UInt64(byteCount)),
      // Σ over the row's tokens of (its mean loss)²: weighted as the mean is.
      RowMeasure(
        row: UInt32(row), measure: UInt16(payload.corpus.sets.count + measure),
        sum: loss.sum * loss.sum / Double(max(1, weight)), weight: weight, byteCount: 1),
    ]
  }

  func stateChunk(_ chunk: Int, part: StateChunk.Part) -> UnsafeMutableBufferPointer<Float> {
    let range = model.layout.range(ofChunk: chunk)
    let buffer =
      switch part {
      case .weights: weights
      case .firstMoment: firstMoment
      case .secondMoment: secondMoment
      }
    return UnsafeMutableBufferPointer(start: buffer.start + range.lowerBound, count: range.count)
  }

  func stateCopied(step: UInt64) throws { assessed = nil }

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
