/// What an evaluation asks of a model, in tokens. Answers are functions of the weights and the request alone: not of
/// what else is asked, nor in which order or batch.
protocol LanguageModelScoring: AnyObject {
  /// Tokens that a prompt and what follows may have.
  var contextLength: Int { get }

  /// In the order of the requests. `progress` is told how many are done.
  func loglikelihoods(_ requests: [ScoredTokens], progress: (Int) -> Void) throws -> [Loglikelihood]

  /// Continues each prompt until `isOver` says so of its text, a stop token comes, or it has its most tokens. `isOver`
  /// gets the request's index and all its new tokens so far, after each.
  func generate(
    _ requests: [GeneratedTokensRequest], isOver: (Int, [Int32]) throws -> Bool, progress: (Int) -> Void
  ) throws -> [[Int32]]
}

/// Tokens to score after a context: both have at least one, and together at most one more than the context length.
struct ScoredTokens: Hashable, Sendable {
  var context: [Int32]
  var continuation: [Int32]
}

struct Loglikelihood: Equatable, Sendable {
  /// In nats.
  var sum: Double
  /// Whether every token of the continuation is the likeliest one.
  var isGreedy: Bool
}

struct GeneratedTokensRequest: Hashable, Sendable {
  var prompt: [Int32]
  var maximumTokens: Int
  var stopTokens: Set<Int32>
  /// 0 takes the likeliest token.
  var temperature: Double = 0
  var topP: Double = 1
  var topK: Int = 0
  /// Random numbers are a function of both and of the position.
  var seed: UInt64 = 0
  var item: UInt64 = 0
}
