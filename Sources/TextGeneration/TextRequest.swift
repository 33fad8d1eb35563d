public import Inference

/// A prompt to be continued as text.
public struct TextRequest: Sendable {
  /// At least one token.
  public var prompt: [Int32]
  /// At least one; the model's context may end the text before.
  public var maximumTokens: Int
  /// Tokens that end the text.
  public var stopTokens: Set<Int32>
  /// Texts that end the text, and are no part of it.
  public var stopStrings: [String]
  public var sampling: Sampling
  /// The same request with the same seed gives the same text, whatever else is computed beside it.
  public var seed: UInt64
  /// Tells texts of one request apart: the choices of `n`.
  public var item: UInt64
  /// The text goes on in the middle of the prompt's, so that a space in front of it is part of it. Otherwise it is a
  /// text of its own, as an answer is.
  public var continuesPrompt: Bool
  /// With a number: log-probabilities of the chosen tokens, and of this many of the most likely ones.
  public var alternatives: Int?

  public init(
    prompt: [Int32], maximumTokens: Int, stopTokens: Set<Int32> = [], stopStrings: [String] = [],
    sampling: Sampling = .greedy, seed: UInt64 = 0, item: UInt64 = 0, continuesPrompt: Bool = false,
    alternatives: Int? = nil
  ) {
    self.prompt = prompt
    self.maximumTokens = maximumTokens
    self.stopTokens = stopTokens
    self.stopStrings = stopStrings
    self.sampling = sampling
    self.seed = seed
    self.item = item
    self.continuesPrompt = continuesPrompt
    self.alternatives = alternatives
  }
}

/// What becomes of a request, in this order: accepted or refused; pieces of text; finished.
public enum TextEvent: Sendable {
  case accepted
  /// Whole characters, never half of one. Empty pieces come only with `tokens`.
  case text(String, tokens: [TokenText])
  case finished(TextFinish)
  /// The request cannot be computed: nothing else follows.
  case refused(TextRefusal)
}

/// A generated token with its log-probability and those of its rivals, where they were asked for.
public struct TokenText: Sendable, Equatable {
  public let token: Int32
  /// In nats.
  public let logProbability: Double
  public let alternatives: [TokenProbability]
}

/// How a text ended and what it took.
public struct TextFinish: Sendable, Equatable {
  public enum Reason: Sendable, Equatable {
    /// A stop token, or a stop text.
    case stop
    /// `maximumTokens`, or the model's context is full.
    case length
    case cancelled
  }
  public let reason: Reason
  public let promptTokens: Int
  /// Of the prompt, those that were not computed again.
  public let cachedPromptTokens: Int
  public let generatedTokens: Int
}

/// Why a request was not taken.
public enum TextRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  /// The request's own fault: where, and what is expected.
  case unfit(String)
  /// Too many requests wait.
  case busy(waiting: Int)
  /// The engine is being stopped.
  case stopping

  public var description: String {
    switch self {
    case .unfit(let reason): reason
    case .busy(let waiting): "\(waiting) requests wait already; try again in a moment"
    case .stopping: "the server is shutting down"
    }
  }
}
