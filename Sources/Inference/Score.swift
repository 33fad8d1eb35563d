/// A text whose end is to be scored: how likely `continuation` is after `context`.
public struct ScoreRequest: Sendable, Hashable {
  /// At least one token; an empty context of lm-evaluation-harness is its prefix token (BOS or EOS).
  public var context: [Int32]
  /// At least one token. Context and continuation have at most one token more than the model's context holds, since
  /// the last token is never read.
  public var continuation: [Int32]

  public init(context: [Int32], continuation: [Int32]) {
    self.context = context
    self.continuation = continuation
  }

  /// What the model reads.
  var input: [Int32] { context + continuation.dropLast() }
}

/// Log-likelihoods in nats: a function of the weights and the request alone.
public struct Score: Sendable, Equatable {
  /// Σ `tokenLogLikelihoods`, in order.
  public var logLikelihood: Double
  /// ln p of each token of the continuation after all before it.
  public var tokenLogLikelihoods: [Double]
  /// Every token of the continuation is the most likely one where it stands (of equally likely ones the lowest).
  public var isGreedy: Bool

  public init(logLikelihood: Double, tokenLogLikelihoods: [Double], isGreedy: Bool) {
    self.logLikelihood = logLikelihood
    self.tokenLogLikelihoods = tokenLogLikelihoods
    self.isGreedy = isGreedy
  }
}

extension ScoreRequest {
  /// Windows that score every token of `tokens` once, each after as much of what is before it as fits: those of
  /// lm-evaluation-harness's `get_rolling_token_windows` with a context of one token, made disjoint. The sum of their
  /// scores is the rolling log-likelihood.
  ///
  /// - Parameters:
  ///   - prefixToken: what stands before the first token.
  ///   - maximumLength: tokens that the model reads at a time.
  public static func rolling(_ tokens: [Int32], prefixToken: Int32, maximumLength: Int) -> [ScoreRequest] {
    precondition(maximumLength >= 1, "windows of \(maximumLength) tokens")
    var requests: [ScoreRequest] = []
    var first = 0
    while first < tokens.count {
      if first == 0 {
        let end = min(maximumLength, tokens.count)
        requests.append(ScoreRequest(context: [prefixToken], continuation: Array(tokens[..<end])))
        first = end
        continue
      }
      let end = min(first + maximumLength, tokens.count)
      // The window reads maximumLength tokens that end before the last scored one.
      let start = max(0, end - maximumLength - 1)
      requests.append(
        ScoreRequest(context: Array(tokens[start..<first]), continuation: Array(tokens[first..<end])))
      first = end
    }
    return requests
  }
}
