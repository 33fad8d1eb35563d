import KernelTable
import Transformer

/// A text that is being generated.
final class GenerationStream {
  let request: GenerationRequest
  /// Prompt and generated tokens.
  private(set) var tokens: [Int32]
  /// Those whose keys and values are in the cache.
  var prefix = CachedPrefix()
  private(set) var cachedPromptTokens = 0
  /// Pages it may take in all: two more than its tokens fill, since it may begin in the middle of one, and another text
  /// may go on first in the page where its prompt ends.
  let pagesNeeded: Int
  /// Tokens of the longest text it can become.
  let longest: Int
  private(set) var isNew = true
  private var seen: Set<Int32> = []
  private var generated: [Int32: Int] = [:]
  private let sampler: TokenSampler
  private let vocabulary: Int

  init(_ request: GenerationRequest, model: InferenceModel, scratch: FloatBuffer) {
    self.request = request
    tokens = request.prompt
    vocabulary = model.shape.vocabularySize
    let (sum, overflow) = request.prompt.count.addingReportingOverflow(request.maximumTokens - 1)
    longest = min(overflow ? .max : sum, model.shape.contextLength)
    pagesNeeded = Self.pages(longest) + 2
    sampler = TokenSampler(
      sampling: request.sampling, random: Philox4x32(seed: request.seed), item: request.item, kernels: model.kernels,
      scratch: scratch)
    if request.sampling.repetitionPenalty != 1 { seen = Set(request.prompt) }
  }

  private static func pages(_ tokens: Int) -> Int {
    (tokens + InferenceModel.pageTokens - 1) / InferenceModel.pageTokens
  }

  var generatedCount: Int { tokens.count - request.prompt.count }
  var remainingPrompt: Int { max(0, request.prompt.count - prefix.count) }
  var isPrefilling: Bool { generatedCount == 0 && remainingPrompt > 0 }

  /// Takes what the cache has of the prompt; its last token is always computed, for its logits.
  func begin(_ prefixes: PrefixTree, _ model: InferenceModel) {
    isNew = false
    prefix = prefixes.longestPrefix(of: request.prompt.dropLast())
    // What is kept can lie in many pages of which it fills a part, each where a text went its own way. No more of them
    // than the reservation has room for.
    while prefix.uses.count + Self.pages(longest - prefix.count) > pagesNeeded - 1 {
      prefix = prefix.prefix(prefix.count - (prefix.uses.last?.count ?? 0))
    }
    cachedPromptTokens = prefix.count
    model.reusedTokens += prefix.count
  }

  func append(_ token: Int32) {
    tokens.append(token)
    guard request.sampling.penalizes else { return }
    seen.insert(token)
    generated[token, default: 0] += 1
  }

  /// The next token; the logits may be written over.
  func choose(_ logits: UnsafeMutablePointer<Float>, _ row: LogitRow) -> GeneratedToken {
    if request.sampling.temperature == 0 && !request.sampling.penalizes && request.alternatives == nil {
      return GeneratedToken(token: row.best, logProbability: nil, alternatives: [])
    }
    let best = request.alternatives.map { mostLikely($0, logits, row) } ?? []
    let before = request.alternatives == nil ? [] : Array(UnsafeBufferPointer(start: logits, count: vocabulary))
    let token = sampler.choose(
      logits, vocabulary: vocabulary, seen: seen, generated: generated, position: tokens.count)
    return GeneratedToken(
      token: token, logProbability: before.isEmpty ? nil : row.logProbability(before[Int(token)]), alternatives: best)
  }

  private func mostLikely(_ count: Int, _ logits: UnsafePointer<Float>, _ row: LogitRow) -> [TokenProbability] {
    guard count > 0 else { return [] }
    var best: [Int] = []
    for token in 0..<vocabulary where best.count < count || logits[token] > logits[best[best.count - 1]] {
      let place = best.firstIndex { logits[$0] < logits[token] } ?? best.count
      best.insert(token, at: place)
      if best.count > count { best.removeLast() }
    }
    return best.map { TokenProbability(token: Int32($0), logProbability: row.logProbability(logits[$0])) }
  }
}
