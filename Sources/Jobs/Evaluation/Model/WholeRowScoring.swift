import Checkpoints
import KernelTable
import TrainingJobs
import Transformer

/// Scores by all logits of every request's whole row, one request after the other: the plain way, which others are
/// measured against.
final class WholeRowScoring: LanguageModelScoring {
  private let model: LlamaModel
  private let weights: FloatBuffer
  let contextLength: Int

  init(_ source: any ModelSource, kernels: Kernels, pool: ThreadPool) throws {
    let shape = try LlamaShape(source.configuration)
    let layout = ParameterLayout(shape)
    weights = FloatBuffer(count: layout.count)
    try source.loadWeights(
      layout.placements, into: UnsafeMutableBufferPointer(start: weights.start, count: weights.count))
    contextLength = shape.contextLength
    model = LlamaModel(shape: shape, pool: pool, kernels: kernels, maximumTokensPerMicrobatch: contextLength)
  }

  private func logits(_ tokens: [Int32]) -> [Float] {
    model.logits(weights: weights.start, row: TokenRow(tokens: tokens, targets: tokens.map { _ in -1 }))
  }

  func loglikelihoods(_ requests: [ScoredTokens], progress: (Int) -> Void) throws -> [Loglikelihood] {
    let vocabulary = model.shape.vocabularySize
    return requests.enumerated().map { done, request in
      let all = logits(request.context + request.continuation.dropLast())
      var result = Loglikelihood(sum: 0, isGreedy: true)
      for (index, token) in request.continuation.enumerated() {
        let start = (request.context.count - 1 + index) * vocabulary
        let row = all[start..<start + vocabulary]
        let largest = row.max() ?? 0
        let sum = row.reduce(0.0) { $0 + BitwiseMath.exp(Double($1) - Double(largest)) }
        result.sum += Double(row[start + Int(token)]) - Double(largest) - BitwiseMath.log(sum)
        if row.firstIndex(of: largest) != start + Int(token) { result.isGreedy = false }
      }
      progress(done + 1)
      return result
    }
  }

  func generate(
    _ requests: [GeneratedTokensRequest], isOver: (Int, [Int32]) throws -> Bool, progress: (Int) -> Void
  ) throws -> [[Int32]] {
    let vocabulary = model.shape.vocabularySize
    return try requests.enumerated().map { number, request in
      precondition(request.temperature == 0, "the plain way takes the likeliest token")
      var new: [Int32] = []
      while new.count < request.maximumTokens, request.prompt.count + new.count <= contextLength {
        let row = logits(request.prompt + new).suffix(vocabulary)
        guard let largest = row.max(), let place = row.firstIndex(of: largest) else { break }
        let token = Int32(place - row.startIndex)
        if request.stopTokens.contains(token) { break }
        new.append(token)
        if try isOver(number, new) { break }
      }
      progress(number + 1)
      return new
    }
  }
}
