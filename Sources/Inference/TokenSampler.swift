import KernelTable

/// Chooses tokens from logits: a function of the logits, the tokens before, and (seed, item, position). Exponentials and
/// random numbers are the project's own, so the choice is the same on every host.
struct TokenSampler {
  let sampling: Sampling
  let random: Philox4x32
  let item: UInt64
  let kernels: Kernels
  /// Weights relative to the most likely token's, one for each of the vocabulary.
  let scratch: FloatBuffer

  /// The token that follows; `logits` may be written over. `seen` are prompt and generated tokens, `generated` how often
  /// each was generated, `position` the new token's place in the text.
  func choose(
    _ logits: UnsafeMutablePointer<Float>, vocabulary: Int, seen: Set<Int32>, generated: [Int32: Int], position: Int
  ) -> Int32 {
    if sampling.penalizes { penalize(logits, seen, generated) }
    var maximum = -Float.infinity
    var best = 0
    for token in 0..<vocabulary where logits[token] > maximum {
      maximum = logits[token]
      best = token
    }
    // Nothing is more likely than another, or one token infinitely more.
    guard sampling.temperature > 0, maximum.isFinite else { return Int32(best) }
    let weights = scratch.start
    for token in 0..<vocabulary { weights[token] = (logits[token] - maximum) / sampling.temperature }
    FloatingPointMode.flushing { kernels.exponential(count: vocabulary, weights, into: weights) }
    return sampling.topK == 0 && sampling.topP == 1
      ? chooseFromAll(weights, vocabulary, position) : chooseFromBest(weights, vocabulary, position)
  }

  private func penalize(_ logits: UnsafeMutablePointer<Float>, _ seen: Set<Int32>, _ generated: [Int32: Int]) {
    for token in seen {
      let logit = logits[Int(token)]
      logits[Int(token)] = logit > 0 ? logit / sampling.repetitionPenalty : logit * sampling.repetitionPenalty
    }
    for (token, count) in generated {
      logits[Int(token)] -= sampling.presencePenalty + Float(count) * sampling.frequencyPenalty
    }
  }

  /// A number in [0, 1) that is this position's own.
  func uniform(_ position: Int) -> Double {
    let words = random.block(
      SIMD4(
        UInt32(truncatingIfNeeded: position), UInt32(truncatingIfNeeded: position >> 32),
        UInt32(truncatingIfNeeded: item), UInt32(truncatingIfNeeded: item >> 32)))
    return Double(UInt64(words[0]) << 21 | UInt64(words[1]) >> 11) * 0x1p-53
  }

  /// The most likely token's weight is 1, so `minP` is a threshold.
  private func chooseFromAll(_ weights: UnsafePointer<Float>, _ vocabulary: Int, _ position: Int) -> Int32 {
    var total = 0.0
    for token in 0..<vocabulary where weights[token] >= sampling.minP { total += Double(weights[token]) }
    let point = uniform(position) * total
    var sum = 0.0
    var last = 0
    for token in 0..<vocabulary where weights[token] >= sampling.minP && weights[token] > 0 {
      sum += Double(weights[token])
      last = token
      if sum > point { break }
    }
    return Int32(last)
  }

  private func chooseFromBest(_ weights: UnsafePointer<Float>, _ vocabulary: Int, _ position: Int) -> Int32 {
    var candidates = self.candidates(weights, vocabulary)
    if sampling.topK > 0 && candidates.count > sampling.topK {
      candidates.removeLast(candidates.count - sampling.topK)
    }
    let all = candidates.reduce(0.0) { $0 + Double($1.weight) }
    var kept = 0
    var sum = 0.0
    for candidate in candidates {
      // The token that reaches topP is the last one in.
      if kept > 0 && (sum >= Double(sampling.topP) * all || candidate.weight < sampling.minP) { break }
      sum += Double(candidate.weight)
      kept += 1
    }
    let point = uniform(position) * sum
    var reached = 0.0
    for candidate in candidates[..<kept] {
      reached += Double(candidate.weight)
      if reached > point { return candidate.token }
    }
    return candidates[kept - 1].token
  }

  private struct Candidate {
    let token: Int32
    let weight: Float
  }

  /// Tokens that can be among the best, the most likely first, of equally likely ones the lowest. With top_k the total
  /// is the best ones' own; with top_p alone, tokens whose weight is below (1 − top_p) · total / vocabulary cannot be in:
  /// all of them together do not have the share that is left out.
  private func candidates(_ weights: UnsafePointer<Float>, _ vocabulary: Int) -> [Candidate] {
    var threshold: Float = 0
    if sampling.topK > 0 {
      threshold = lowestOfBest(weights, vocabulary, min(sampling.topK, vocabulary))
    }
    var result: [Candidate] = []
    for token in 0..<vocabulary where weights[token] >= threshold && weights[token] > 0 {
      result.append(Candidate(token: Int32(token), weight: weights[token]))
    }
    result.sort { ($1.weight, $0.token) < ($0.weight, $1.token) }
    return result
  }

  /// The weight of the `count`-th most likely token: a heap of the best so far, the least of them on top.
  private func lowestOfBest(_ weights: UnsafePointer<Float>, _ vocabulary: Int, _ count: Int) -> Float {
    var heap = [Float](repeating: -1, count: count)
    for token in 0..<vocabulary where weights[token] > heap[0] {
      heap[0] = weights[token]
      var parent = 0
      while true {
        var child = 2 * parent + 1
        guard child < count else { break }
        if child + 1 < count && heap[child + 1] < heap[child] { child += 1 }
        guard heap[child] < heap[parent] else { break }
        heap.swapAt(child, parent)
        parent = child
      }
    }
    return max(0, heap[0])
  }
}
