import Checkpoints
import Inference
import KernelTable
import Results
import TrainingJobs
import Transformer

/// What inference is timed with: a model on disk, or random fp32 weights of SmolLM2's shape.
public struct InferenceBenchOptions: Sendable {
  public var model: String?
  /// Tokens of a prompt.
  public var prompt = 128
  /// Tokens that each stream generates.
  public var tokens = 64
  /// Streams that run at once, one measurement each.
  public var streams = [1, 8]
  public var repetitions = 3
  /// Requests of a scoring run, which share a context, four endings each.
  public var items = 16
  public var sharedTokens = 600
  public var ownTokens = 60
  public var batchTokens = 512

  public init() {}
}

/// Reading prompts, generating and scoring with `Inference`.
public struct InferenceBench {
  private let options: InferenceBenchOptions
  private let host: BenchHost
  private let weights: InferenceWeights

  /// - Throws: what opening the model throws, or `LlamaShapeError` for one that cannot be computed.
  public init(_ options: InferenceBenchOptions, on host: BenchHost) throws {
    self.options = options
    self.host = host
    if let path = options.model {
      let source = try openModel(path)
      weights = try InferenceWeights(
        source, shape: LlamaShape(source.configuration), kernels: host.kernels, pool: host.pool)
    } else {
      let shape = try BenchShape.smollm2.llama(contextLength: 8192)
      let layout = ParameterLayout(shape)
      let floats = FloatBuffer(count: layout.count)
      layout.initializeRandom(seed: 1, into: floats.start, pool: host.pool)
      weights = InferenceWeights(floats: floats.start, shape: shape, kernels: host.kernels, pool: host.pool)
    }
  }

  private func model() -> InferenceModel {
    InferenceModel(
      weights, kernels: host.kernels, pool: host.pool, options: .init(batchTokens: options.batchTokens))
  }

  /// Made-up tokens, other ones for each text.
  private func tokens(_ count: Int, text: Int) -> [Int32] {
    let random = Philox4x32(seed: 3)
    return (0..<count).map { index in
      let word = random.block(SIMD4(UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: text), 0, 0))[0]
      return Int32(word % UInt32(weights.shape.vocabularySize))
    }
  }

  private var what: [Figure] {
    [Figure("storage", .string(weights.storage)), Figure("weight_mb", .number(Double(weights.byteCount) / 1e6))]
  }

  /// Prompt tokens a second, then generated tokens a second of all streams together.
  public func decode() throws {
    for streams in options.streams {
      for repetition in 0..<options.repetitions {
        let generation = Generation(model(), maximumStreams: streams, prefillTokens: options.batchTokens)
        for stream in 0..<streams {
          try generation.submit(
            GenerationRequest(
              id: UInt64(stream), prompt: tokens(options.prompt, text: stream + 100 * repetition),
              maximumTokens: options.tokens + 1))
        }
        let start = monotonicSeconds()
        var generated = 0
        while generation.counts.running < streams { generated += count(generation.step()) }
        let prefilled = monotonicSeconds()
        let before = generated
        while !generation.isIdle { generated += count(generation.step()) }
        let end = monotonicSeconds()
        host.report(
          "decode",
          what + [
            Figure("streams", .count(streams)), Figure("prompt", .count(options.prompt)),
            Figure("prefill_tokens_per_second", .number(Double(streams * options.prompt) / (prefilled - start))),
            Figure("decode_tokens_per_second", .number(Double(generated - before) / (end - prefilled))),
          ])
      }
    }
  }

  /// Items a second of questions that share a context, with four endings of one token and of several.
  public func score() throws {
    for endingTokens in [1, 4] {
      for repetition in 0..<options.repetitions {
        let shared = tokens(options.sharedTokens, text: 7000 + repetition)
        let requests = (0..<options.items).flatMap { item in
          (0..<4).map { ending in
            ScoreRequest(
              context: shared + tokens(options.ownTokens, text: 8000 + item),
              continuation: tokens(endingTokens, text: 9000 + 4 * item + ending))
          }
        }
        let model = model()
        let start = monotonicSeconds()
        _ = try model.score(requests)
        let seconds = monotonicSeconds() - start
        let statistics = model.cacheStatistics
        host.report(
          "score",
          what + [
            Figure("items", .count(options.items)), Figure("shared", .count(options.sharedTokens)),
            Figure("own", .count(options.ownTokens)), Figure("ending", .count(endingTokens)),
            Figure("items_per_second", .number(Double(options.items) / seconds)),
            Figure("computed_tokens_per_second", .number(Double(statistics.computedTokens) / seconds)),
            Figure("computed_tokens", .count(statistics.computedTokens)),
          ])
      }
    }
  }

  private func count(_ events: [GenerationEvent]) -> Int {
    events.reduce(0) { sum, event in
      if case .token = event { return sum + 1 }
      return sum
    }
  }
}
