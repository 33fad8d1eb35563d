import Checkpoints
import Inference
import KernelTable
import TrainingJobs
import Transformer

/// Scores and generates with the inference engine: what requests share is computed once, many texts are continued at a
/// time. The bits are those of `WholeRowScoring`.
final class CachedScoring: LanguageModelScoring {
  private let model: InferenceModel
  let contextLength: Int

  init(_ source: any ModelSource, kernels: Kernels, pool: ThreadPool, batchTokens: Int) throws {
    let weights = try InferenceWeights(
      source, shape: try LlamaShape(source.configuration), kernels: kernels, pool: pool)
    model = InferenceModel(
      weights, kernels: kernels, pool: pool, options: InferenceModel.Options(batchTokens: batchTokens))
    contextLength = model.shape.contextLength
  }

  func loglikelihoods(_ requests: [ScoredTokens], progress: (Int) -> Void) throws -> [Loglikelihood] {
    try withoutActuallyEscaping(progress) { progress in
      let scores = try model.score(
        requests.map { ScoreRequest(context: $0.context, continuation: $0.continuation) },
        progress: { done in
          progress(done)
          return true
        })
      return scores.map { Loglikelihood(sum: $0.logLikelihood, isGreedy: $0.isGreedy) }
    }
  }

  func generate(
    _ requests: [GeneratedTokensRequest], isOver: (Int, [Int32]) throws -> Bool, progress: (Int) -> Void
  ) throws -> [[Int32]] {
    let generation = Generation(model)
    for (number, request) in requests.enumerated() {
      var sampling = Sampling.greedy
      if request.temperature > 0 {
        sampling = Sampling(
          temperature: Float(request.temperature), topK: request.topK, topP: Float(request.topP))
      }
      try generation.submit(
        GenerationRequest(
          id: UInt64(number), prompt: request.prompt, maximumTokens: request.maximumTokens,
          stopTokens: request.stopTokens, sampling: sampling, seed: request.seed, item: request.item))
    }
    var texts = [[Int32]](repeating: [], count: requests.count)
    var ended = Set<Int>()
    while !generation.isIdle {
      for event in generation.step() {
        switch event {
        case .token(let id, let token):
          let number = Int(id)
          guard !ended.contains(number) else { continue }
          texts[number].append(token.token)
          if try isOver(number, texts[number]) {
            ended.insert(number)
            generation.cancel(id)
          }
        case .finished(let id, _):
          ended.insert(Int(id))
          progress(ended.count)
        }
      }
    }
    return texts
  }
}
