import KernelTable
import Transformer

extension InferenceModel {
  /// Log-likelihoods of the requests, in their order. What requests have in common at their beginnings is computed
  /// once, also across calls while the cache lasts; logits exist only for tokens that are scored.
  ///
  /// - Parameter progress: called after each forward pass with the number of requests that are done; false stops.
  /// - Throws: `InferenceError` naming the request (from 0) for what cannot be computed; `.stopped`.
  public func score(
    _ requests: [ScoreRequest], progress: ((Int) -> Bool)? = nil
  ) throws(InferenceError) -> [Score] {
    for (index, request) in requests.enumerated() {
      guard !request.context.isEmpty else { throw .empty("the context of request \(index)") }
      guard !request.continuation.isEmpty else { throw .empty("the continuation of request \(index)") }
      try check(request.input, "request \(index)")
      try check([request.continuation[request.continuation.count - 1]], "the last token of request \(index)")
    }
    var scoring = Scoring(model: self, requests: requests)
    try scoring.run(progress)
    return scoring.scores
  }
}

/// One call of `score`: walks through the plan's segments and fills batches with their tokens.
private struct Scoring {
  let model: InferenceModel
  let plan: ScorePlan
  private(set) var scores: [Score]
  private var missing: [Int]
  private var done = 0
  private var batch = ForwardBatch()
  /// Of each output of the batch, in order.
  private var targets: [[ScorePlan.Target]] = []

  init(model: InferenceModel, requests: [ScoreRequest]) {
    self.model = model
    plan = ScorePlan(requests)
    scores = requests.map {
      Score(
        logLikelihood: 0, tokenLogLikelihoods: [Double](repeating: 0, count: $0.continuation.count), isGreedy: true)
    }
    missing = requests.map(\.continuation.count)
  }

  mutating func run(_ progress: ((Int) -> Bool)?) throws(InferenceError) {
    var path = CachedPrefix()
    for (index, segment) in plan.segments.enumerated() {
      var prefix = path.prefix(segment.shared)
      if prefix.count < segment.firstOutput {
        let kept = model.prefixes.longestPrefix(of: segment.input[..<segment.firstOutput])
        if kept.count > prefix.count { prefix = kept }
      }
      model.reusedTokens += prefix.count
      while prefix.count < segment.input.count {
        let room = model.options.batchTokens - batch.tokens.count
        let count = min(room, segment.input.count - prefix.count)
        if count > 0, let places = model.extend(&prefix, count) {
          add(segment, prefix, places)
        } else if batch.isEmpty {
          throw model.cacheTooSmall(segment.input.count)
        } else {
          try flush(progress)
        }
      }
      path = prefix
      // What the next one shares is what others may share later; the last text is kept whole.
      let next = index + 1 < plan.segments.count ? plan.segments[index + 1].shared : path.count
      if next > segment.shared { model.prefixes.insert(segment.input[..<next], path.prefix(next)) }
    }
    if !batch.isEmpty { try flush(progress) }
  }

  private mutating func add(_ segment: ScorePlan.Segment, _ prefix: CachedPrefix, _ places: [PagePlace]) {
    let first = prefix.count - places.count
    let outputs = (first..<prefix.count).filter { segment.targets[$0] != nil }
    batch.add(
      segment.input[first..<prefix.count], prefix: prefix, places: places, outputs: outputs.map { $0 - first })
    targets += outputs.map { segment.targets[$0] ?? [] }
    model.computedTokens += places.count
  }

  private mutating func flush(_ progress: ((Int) -> Bool)?) throws(InferenceError) {
    let targets = self.targets
    model.forward(batch) { first, count, logits in
      let rows = model.statistics(logits, rows: count)
      for row in 0..<count {
        for target in targets[first + row] {
          take(target, rows[row], logit: logits[row * model.logitStride + Int(target.token)])
        }
      }
    }
    batch = ForwardBatch()
    self.targets = []
    if let progress, !progress(done) { throw .stopped }
  }

  private mutating func take(_ target: ScorePlan.Target, _ row: LogitRow, logit: Float) {
    let request = target.request
    scores[request].tokenLogLikelihoods[target.index] = row.logProbability(logit)
    if row.best != target.token { scores[request].isGreedy = false }
    missing[request] -= 1
    if missing[request] == 0 {
      scores[request].logLikelihood = scores[request].tokenLogLikelihoods.reduce(0, +)
      done += 1
    }
  }
}

/// What a row of logits comes to.
struct LogitRow {
  let maximum: Float
  /// Σ exp(l − maximum).
  let sum: Float
  /// The lowest token of the maximum.
  let best: Int32

  /// ln softmax of a logit of the row, as training's loss has it.
  func logProbability(_ logit: Float) -> Double {
    -(BitwiseMath.log(Double(sum)) + (Double(maximum) - Double(logit)))
  }
}

extension InferenceModel {
  func statistics(_ logits: UnsafePointer<Float>, rows: Int) -> [LogitRow] {
    var statistics = [Float](repeating: 0, count: 2 * rows)
    var best = [Int32](repeating: 0, count: rows)
    statistics.withUnsafeMutableBufferPointer { statistics in
      best.withUnsafeMutableBufferPointer { best in
        guard let statistics = statistics.baseAddress, let best = best.baseAddress else { return }
        kernels.logitStatistics(
          rows: rows, vocabulary: shape.vocabularySize, logits, rowStride: logitStride, statistics: statistics,
          best: best, pool: pool)
      }
    }
    return (0..<rows).map { LogitRow(maximum: statistics[2 * $0], sum: statistics[2 * $0 + 1], best: best[$0]) }
  }
}
