import Inference
import KernelTable
import Testing
import TrainingSupport
import Transformer

struct GenerationTests {
  private let shape: LlamaShape
  private let weights: [Float]

  init() throws {
    shape = try Models.shape(heads: 6, keyValueHeads: 2, context: 160)
    weights = counterWeights(ParameterLayout(shape), seed: 9)
  }

  private func model(_ kernels: Kernels? = nil, threads: Int = 2, batchTokens: Int = 64, cacheBytes: Int = 64 << 20)
    throws -> InferenceModel
  {
    Models.inference(
      shape, weights, try #require(kernels ?? Models.kernels.last), ThreadPool(threads: threads),
      .init(cacheBytes: cacheBytes, batchTokens: batchTokens))
  }

  private func prompt(_ count: Int, _ seed: UInt64) -> [Int32] {
    Models.tokens(count, vocabulary: shape.vocabularySize, seed: seed)
  }

  /// Steps until nothing is left; `before(step)` may submit and cancel.
  private func run(_ generation: Generation, before: (Int) throws -> Void = { _ in }) rethrows -> [UInt64: Outcome] {
    var outcomes: [UInt64: Outcome] = [:]
    var step = 0
    repeat {
      try before(step)
      for event in generation.step() {
        switch event {
        case .token(let id, let token): outcomes[id, default: Outcome()].tokens.append(token.token)
        case .finished(let id, let finish): outcomes[id, default: Outcome()].finish = finish
        }
      }
      step += 1
    } while !generation.isIdle && step < 1000
    return outcomes
  }

  private struct Outcome {
    var tokens: [Int32] = []
    var finish: FinishedGeneration?
  }

  /// Greedy decoding by training's own forward pass over the whole text, again for each token.
  private func reference(_ prompt: [Int32], _ count: Int) throws -> [Int32] {
    let kernels = try #require(Models.kernels.last)
    var tokens = prompt
    for _ in 0..<count {
      let logits = Models.reference(shape, weights, tokens, kernels).suffix(shape.vocabularySize)
      let best = logits.firstIndex(of: logits.max() ?? 0) ?? 0
      tokens.append(Int32(best - logits.startIndex))
    }
    return Array(tokens.dropFirst(prompt.count))
  }

  @Test func greedyTextsAreThoseOfTheWholeForwardPassWhateverRunsBeside() throws {
    let prompts = (0..<6).map { prompt([1, 40, 33, 90, 5, 64][$0], UInt64($0)) }
    let expected = try prompts.map { try reference($0, 12) }
    for kernels in Models.kernels {
      for (threads, batchTokens, prefill, streams) in [(1, 64, 128, 6), (2, 16, 5, 3), (3, 64, 1, 64), (2, 64, 32, 1)] {
        let generation = Generation(
          try model(kernels, threads: threads, batchTokens: batchTokens), maximumStreams: streams,
          prefillTokens: prefill)
        let outcomes = try run(generation) { step in
          // Some come later.
          for (id, prompt) in prompts.enumerated() where step == (id < 3 ? 0 : 4 * (id - 2)) {
            try generation.submit(GenerationRequest(id: UInt64(id), prompt: prompt, maximumTokens: 12))
          }
        }
        for id in 0..<6 {
          #expect(outcomes[UInt64(id)]?.tokens == expected[id], "\(kernels.instructionSet), prompt \(id), \(streams)")
          #expect(outcomes[UInt64(id)]?.finish?.reason == .maximumTokens)
        }
      }
    }
  }

  @Test func aSampledTextIsAFunctionOfItsSeedAndItemAlone() throws {
    func text(_ id: UInt64, seed: UInt64 = 3, item: UInt64 = 0, _ sampling: Sampling) -> GenerationRequest {
      GenerationRequest(
        id: id, prompt: prompt(20, 77), maximumTokens: 15, sampling: sampling, seed: seed, item: item)
    }
    for sampling in [
      Sampling(temperature: 1), Sampling(temperature: 0.7, topK: 20, topP: 0.9), Sampling(temperature: 1.3, minP: 0.02),
      Sampling(temperature: 1, topP: 0.8, repetitionPenalty: 1.2, presencePenalty: 0.3, frequencyPenalty: 0.2),
    ] {
      var texts: [[Int32]] = []
      for kernels in Models.kernels {
        let alone = Generation(try model(kernels, threads: 1))
        try alone.submit(text(0, sampling))
        texts.append(try #require(try run(alone)[0]?.tokens))
        let crowd = Generation(try model(kernels))
        for id in 0..<5 { try crowd.submit(text(UInt64(id), item: id == 3 ? 0 : UInt64(id) + 1, sampling)) }
        try crowd.submit(text(9, seed: 4, sampling))
        let outcomes = try run(crowd)
        texts.append(try #require(outcomes[3]?.tokens))
        #expect(outcomes[1]?.tokens != outcomes[3]?.tokens && outcomes[9]?.tokens != outcomes[3]?.tokens)
      }
      #expect(texts.allSatisfy { $0 == texts[0] && $0.count == 15 })
    }
  }

  @Test func aTextEndsAtItsStopTokenItsLengthTheContextOrWhenCancelled() throws {
    let prompt = prompt(30, 1)
    let expected = try reference(prompt, 131)
    let stop = expected[5]
    let first = try #require(expected.firstIndex(of: stop))
    let generation = Generation(try model())
    try generation.submit(GenerationRequest(id: 1, prompt: prompt, maximumTokens: 500, stopTokens: [stop]))
    try generation.submit(GenerationRequest(id: 2, prompt: prompt, maximumTokens: 500))
    try generation.submit(GenerationRequest(id: 3, prompt: prompt, maximumTokens: 500))
    try generation.submit(GenerationRequest(id: 4, prompt: prompt, maximumTokens: 500))
    generation.cancel(4)
    let outcomes = run(generation) { if $0 == 10 { generation.cancel(3) } }
    #expect(outcomes[1]?.tokens == Array(expected[..<first]))
    #expect(outcomes[1]?.finish?.reason == .stopToken(stop) && outcomes[1]?.finish?.generatedTokens == first)
    // The context holds 160 tokens; the last token's own place is not needed.
    #expect(outcomes[2]?.finish?.reason == .contextFull && outcomes[2]?.tokens == Array(expected[..<131]))
    #expect(outcomes[3]?.finish?.reason == .cancelled && outcomes[3]?.tokens.count == 10)
    #expect(outcomes[4]?.finish?.reason == .cancelled && outcomes[4]?.tokens.isEmpty == true)
    #expect(outcomes[2]?.finish?.promptTokens == 30 && outcomes[2]?.finish?.cachedPromptTokens == 29)
    generation.cancel(77)
    #expect(generation.isIdle && generation.step().isEmpty)
  }

  @Test func aConversationGoesOnFromWhatIsCached() throws {
    let model = try model()
    let generation = Generation(model)
    let start = prompt(50, 5)
    try generation.submit(GenerationRequest(id: 1, prompt: start, maximumTokens: 20))
    let answer = try #require(try run(generation)[1]?.tokens)
    let next = start + answer + prompt(4, 6)
    try generation.submit(GenerationRequest(id: 2, prompt: next, maximumTokens: 3))
    let outcome = try #require(try run(generation)[2])
    // All but the last generated token, whose keys nobody needed.
    #expect(outcome.finish?.cachedPromptTokens == 69)
    #expect(outcome.tokens == (try reference(next, 3)))
    model.clearCache()
    #expect(model.cacheStatistics.usedPages == 0)
  }

  @Test func textsWaitForRoomInASmallCacheAndAllAreRight() throws {
    let probe = try model().cacheStatistics
    let generation = Generation(try model(cacheBytes: 7 * probe.pageBytes))
    let prompts = (0..<8).map { prompt(40 + $0, UInt64($0 / 2)) }
    for (id, prompt) in prompts.enumerated() {
      try generation.submit(GenerationRequest(id: UInt64(id), prompt: prompt, maximumTokens: 30))
    }
    var mostRunning = 0
    let outcomes = run(generation) { _ in
      mostRunning = max(mostRunning, generation.counts.running + generation.counts.prefilling)
    }
    #expect(mostRunning <= 2)
    for (id, prompt) in prompts.enumerated() {
      #expect(outcomes[UInt64(id)]?.tokens == (try reference(prompt, 30)))
    }
  }

  /// Each text leaves the one before in the middle of a page, so what the last one finds lies in many half-filled ones.
  @Test func aTextThatFillsTheCacheTakesNoMorePagesThanThereAre() throws {
    let probe = try model().cacheStatistics
    let generation = Generation(try model(cacheBytes: 7 * probe.pageBytes))
    var text = prompt(20, 0)
    for id in 1...4 {
      try generation.submit(GenerationRequest(id: UInt64(id), prompt: text, maximumTokens: 1))
      _ = try run(generation)
      text = text.dropLast(8) + prompt(16, UInt64(id))
    }
    try generation.submit(GenerationRequest(id: 9, prompt: text, maximumTokens: 500))
    let outcome = try #require(try run(generation)[9])
    #expect(outcome.finish?.reason == .contextFull)
    #expect(outcome.tokens == (try reference(text, 161 - text.count)))
  }

  @Test func alternativesAreTheMostLikelyTokensWithTheirProbabilities() throws {
    let prompt = prompt(12, 2)
    let generation = Generation(try model())
    try generation.submit(GenerationRequest(id: 1, prompt: prompt, maximumTokens: 1, alternatives: 5))
    var found: GeneratedToken?
    while !generation.isIdle {
      for case .token(_, let token) in generation.step() { found = token }
    }
    let token = try #require(found)
    let scores = try model().score((0..<Int32(shape.vocabularySize)).map { .init(context: prompt, continuation: [$0]) })
    let best = scores.map(\.logLikelihood).enumerated().sorted { ($1.element, $0.offset) < ($0.element, $1.offset) }
    #expect(token.alternatives.map { Int($0.token) } == best.prefix(5).map(\.offset))
    #expect(token.alternatives.map(\.logProbability) == best.prefix(5).map(\.element))
    #expect(Int(token.token) == best[0].offset && token.logProbability == best[0].element)
  }

  @Test func aRequestThatCannotRunIsRefusedByItsField() throws {
    let generation = Generation(try model())
    func error(_ change: (inout GenerationRequest) -> Void) -> String {
      var request = GenerationRequest(id: 1, prompt: [1, 2], maximumTokens: 2)
      change(&request)
      do {
        try generation.submit(request)
        return "none"
      } catch { return "\(error)" }
    }
    #expect(error { $0.prompt = [] }.contains("the prompt has no tokens"))
    #expect(error { $0.prompt = [Int32](repeating: 1, count: 161) }.contains("161 tokens"))
    #expect(error { $0.prompt = [500] }.contains("outside the vocabulary of 131"))
    #expect(error { $0.maximumTokens = 0 }.contains("max_tokens is 0"))
    #expect(error { $0.sampling.temperature = -1 }.contains("temperature is -1.0"))
    #expect(error { $0.sampling.temperature = .nan }.contains("temperature is nan"))
    #expect(error { $0.sampling.topP = 0 }.contains("top_p is 0.0"))
    #expect(error { $0.sampling.topK = -4 }.contains("top_k is -4"))
    #expect(error { $0.alternatives = 132 }.contains("logprobs is 132"))
    #expect(error { $0.maximumTokens = .max } == "none")
    #expect(error { _ in }.contains("request 1 is already running"))
    let tiny = Generation(try model(cacheBytes: 1))
    #expect(throws: InferenceError.self) {
      try tiny.submit(GenerationRequest(id: 1, prompt: [1, 2], maximumTokens: 2))
    }
  }
}
