import Inference
import KernelTable
import Testing
import TrainingSupport
import Transformer

struct ScoreTests {
  private func shape() throws -> LlamaShape { try Models.shape(heads: 6, keyValueHeads: 2) }

  /// Questions after shared contexts, endings that begin alike, equal requests, one inside another.
  private func requests(_ vocabulary: Int) -> [ScoreRequest] {
    func text(_ count: Int, _ seed: UInt64) -> [Int32] { Models.tokens(count, vocabulary: vocabulary, seed: seed) }
    var requests: [ScoreRequest] = []
    for context in 0..<2 {
      let shared = text(70, UInt64(context))
      for question in 0..<3 {
        let asked = shared + text(9 + question, UInt64(10 + question))
        for ending in 0..<4 {
          requests.append(.init(context: asked, continuation: [Int32(ending), 5]))
          requests.append(.init(context: asked, continuation: [7] + text(ending, UInt64(20 + ending))))
        }
        requests.append(.init(context: asked, continuation: [3]))
        requests.append(.init(context: asked, continuation: [3]))
      }
      requests.append(.init(context: [shared[0]], continuation: Array(shared.dropFirst())))
    }
    return requests
  }

  /// What training's loss says of each token alone.
  private func reference(_ requests: [ScoreRequest], _ shape: LlamaShape, _ weights: [Float]) throws -> [Score] {
    let kernels = try #require(Models.kernels.last)
    let model = LlamaModel(
      shape: shape, pool: ThreadPool(threads: 2), kernels: kernels, maximumTokensPerMicrobatch: 512)
    return requests.map { request in
      let input = request.context + request.continuation.dropLast()
      let logits = model.logits(weights: weights, row: TokenRow(tokens: input, targets: input.map { _ in -1 }))
      let v = shape.vocabularySize
      var score = Score(logLikelihood: 0, tokenLogLikelihoods: [], isGreedy: true)
      for (index, token) in request.continuation.enumerated() {
        let position = request.context.count - 1 + index
        var targets = input.map { _ in Int32(-1) }
        targets[position] = token
        let loss = model.losses(weights: weights, rows: [TokenRow(tokens: input, targets: targets)])[0].sum
        score.tokenLogLikelihoods.append(-loss)
        let row = logits[(position * v)..<((position + 1) * v)]
        if row.firstIndex(of: row.max() ?? 0) != position * v + Int(token) { score.isGreedy = false }
      }
      score.logLikelihood = score.tokenLogLikelihoods.reduce(0, +)
      return score
    }
  }

  @Test func scoresAreTrainingsLossesWhateverTheBatchTheOrderAndTheCache() throws {
    let shape = try shape()
    let weights = counterWeights(ParameterLayout(shape), seed: 4)
    let requests = requests(shape.vocabularySize)
    let expected = try reference(requests, shape, weights)
    #expect(expected.contains { $0.isGreedy } && expected.contains { !$0.isGreedy })
    for kernels in Models.kernels {
      for (batchTokens, cachePages) in [(7, 8), (64, 8), (64, 1000), (1000, 1000)] {
        let pages = InferenceModel.Options(cacheBytes: cachePages * pageBytes(shape, kernels), batchTokens: batchTokens)
        let model = Models.inference(shape, weights, kernels, ThreadPool(threads: 2), pages)
        #expect(try model.score(requests) == expected, "\(kernels.instructionSet), batches of \(batchTokens)")
        #expect(try model.score(requests.reversed()) == expected.reversed(), "with a warm cache")
      }
    }
  }

  @Test func whatRequestsShareIsComputedOnce() throws {
    let shape = try shape()
    let weights = counterWeights(ParameterLayout(shape), seed: 4)
    let model = Models.inference(shape, weights, try #require(Models.kernels.last), ThreadPool(threads: 2))
    let shared = Models.tokens(100, vocabulary: shape.vocabularySize, seed: 1)
    let requests = (0..<8).map { ScoreRequest(context: shared + [Int32($0)], continuation: [1]) }
    _ = try model.score(requests)
    #expect(model.cacheStatistics.computedTokens == 108)
    _ = try model.score([ScoreRequest(context: shared + [20], continuation: [1, 2])])
    #expect(model.cacheStatistics.computedTokens == 110)
    model.clearCache()
    #expect(model.cacheStatistics.usedPages == 0)
  }

  @Test func aRollingLogLikelihoodScoresEveryTokenOnce() throws {
    let tokens = (0..<10).map { Int32($0) }
    // What lm-evaluation-harness's make_disjoint_window(get_rolling_token_windows(…, 99, 4, 1)) gives.
    let windows = ScoreRequest.rolling(tokens, prefixToken: 99, maximumLength: 4)
    #expect(
      windows == [
        .init(context: [99], continuation: [0, 1, 2, 3]), .init(context: [3], continuation: [4, 5, 6, 7]),
        .init(context: [5, 6, 7], continuation: [8, 9]),
      ])
    #expect(ScoreRequest.rolling([], prefixToken: 99, maximumLength: 4).isEmpty)
    #expect(
      ScoreRequest.rolling([1], prefixToken: 9, maximumLength: 4) == [.init(context: [9], continuation: [1])])
  }

  @Test func aRequestThatCannotBeScoredIsRefusedByItsNumber() throws {
    let shape = try Models.shape(context: 16)
    let weights = counterWeights(ParameterLayout(shape), seed: 4)
    let kernels = try #require(Models.kernels.last)
    let model = Models.inference(shape, weights, kernels, ThreadPool(threads: 1))
    let good = ScoreRequest(context: [1], continuation: [2])
    func error(_ request: ScoreRequest) -> String {
      do {
        _ = try model.score([good, request])
        return "none"
      } catch { return "\(error)" }
    }
    #expect(error(.init(context: [], continuation: [1])).contains("context of request 1 has no tokens"))
    #expect(error(.init(context: [1], continuation: [])).contains("continuation of request 1 has no tokens"))
    #expect(error(.init(context: [1], continuation: [Int32](repeating: 1, count: 17))).contains("17 tokens"))
    #expect(error(.init(context: [1], continuation: [Int32](repeating: 1, count: 16))) == "none")
    #expect(error(.init(context: [1, -1], continuation: [1])).contains("token 1 is -1"))
    #expect(error(.init(context: [1], continuation: [1, 131])).contains("131, outside the vocabulary of 131"))
    #expect(throws: InferenceError.stopped) { try model.score([good]) { _ in false } }
    let small = Models.inference(shape, weights, kernels, ThreadPool(threads: 1), .init(cacheBytes: 1, batchTokens: 4))
    #expect(try small.score([good]).count == 1)
  }

  private func pageBytes(_ shape: LlamaShape, _ kernels: Kernels) -> Int {
    let heads = AttentionHeads(
      heads: shape.heads, keyValueHeads: shape.keyValueHeads, headDimension: shape.headDimension)
    return 4 * PageLayout(heads, layers: shape.layers, tokens: 32, kernels: kernels).floats
  }
}
