/// A text to be continued.
public struct GenerationRequest: Sendable {
  /// The caller's, unique among requests that are not finished.
  public var id: UInt64
  /// At least one token.
  public var prompt: [Int32]
  /// At least one; the model's context may end the text before.
  public var maximumTokens: Int
  /// Tokens that end the text: end of sequence, end of turn. They are reported as the reason, not as tokens.
  public var stopTokens: Set<Int32>
  public var sampling: Sampling
  /// Random numbers are a function of (seed, item, position in the text) alone.
  public var seed: UInt64
  public var item: UInt64
  /// With a number: log-probabilities of the chosen token and of this many of the most likely ones, before penalties and
  /// temperature.
  public var alternatives: Int?

  public init(
    id: UInt64, prompt: [Int32], maximumTokens: Int, stopTokens: Set<Int32> = [], sampling: Sampling = .greedy,
    seed: UInt64 = 0, item: UInt64 = 0, alternatives: Int? = nil
  ) {
    self.id = id
    self.prompt = prompt
    self.maximumTokens = maximumTokens
    self.stopTokens = stopTokens
    self.sampling = sampling
    self.seed = seed
    self.item = item
    self.alternatives = alternatives
  }
}

public struct TokenProbability: Sendable, Equatable {
  public let token: Int32
  /// In nats.
  public let logProbability: Double
}

public struct GeneratedToken: Sendable, Equatable {
  public let token: Int32
  /// Where `alternatives` were asked for.
  public let logProbability: Double?
  /// The most likely tokens, most likely first.
  public let alternatives: [TokenProbability]
}

/// How a text ended and what it took.
public struct FinishedGeneration: Sendable, Equatable {
  public enum Reason: Sendable, Equatable {
    case stopToken(Int32)
    case maximumTokens
    /// The model's context is full.
    case contextFull
    case cancelled
  }

  public let reason: Reason
  public let promptTokens: Int
  /// Of the prompt, those that were found in the cache.
  public let cachedPromptTokens: Int
  /// Without the stop token.
  public let generatedTokens: Int
}

public enum GenerationEvent: Sendable, Equatable {
  case token(id: UInt64, GeneratedToken)
  case finished(id: UInt64, FinishedGeneration)
}
