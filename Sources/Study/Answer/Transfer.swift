/// What of a model's config.json and training the rules of transfer ask for.
public struct ModelShape: Sendable, Equatable {
  public var name: String
  public var parameters: Double
  /// `hidden_size`.
  public var width: Int
  /// `num_hidden_layers`.
  public var layers: Int
  public var vocabularySize: Int
  /// Equal for equal tokenizers, such as the SHA-256 of tokenizer.json; nil where it is not at hand.
  public var tokenizerHash: String?
  /// Bytes of text per token on the validation sets; needed only across tokenizers.
  public var bytesPerToken: Double?

  public init(
    name: String, parameters: Double, width: Int, layers: Int, vocabularySize: Int, tokenizerHash: String? = nil,
    bytesPerToken: Double? = nil
  ) {
    self.name = name
    self.parameters = parameters
    self.width = width
    self.layers = layers
    self.vocabularySize = vocabularySize
    self.tokenizerHash = tokenizerHash
    self.bytesPerToken = bytesPerToken
  }
}

public struct TransferOptions: Sendable, Equatable {
  /// Compare losses per byte, so that models with different tokenizers can be compared.
  public var byBytes = false
  /// Let the ratio grow with the model's size as the critical mixture ratio does.
  public var growsRatio = false
  /// Training tokens of small and large run; the step law is for equal ones and scales η by their ratio^0.307.
  public var smallTokens: Double?
  public var largeTokens: Double?

  public init() {}
}

/// A setting of the small model, carried to a large one.
public struct Transfer: Sendable, Equatable {
  public struct Rule: Sendable, Equatable {
    public let name: String
    public let formula: String
    /// κ: what the learning rate is multiplied with.
    public let factor: Double
    public let learningRate: Double
  }

  public let small: ModelShape
  public let large: ModelShape
  public let from: Setting
  /// The carried setting: a point within the band.
  public let chosen: Setting
  /// κ of the chosen point.
  public let factor: Double
  public let rules: [Rule]
  /// From the lowest rule to the highest.
  public let learningRateBand: Interval
  public let why: String
  /// What to run on the large model to see whether the setting held: the chosen one first, then its neighbours.
  public let confirmation: [Setting]
  /// The losses that the large model must not exceed are its own before training times this.
  public let maximumRetainedRise: Double?
  public let byBytes: Bool
  public let warnings: [String]
}

/// Whether a carried setting held on the large model.
public struct Verification: Sendable, Equatable {
  public enum Verdict: String, Sendable {
    case yes, no
    case notTested = "not tested"
  }

  public struct Confirmation: Sendable, Equatable {
    public let setting: Setting
    public let isCarried: Bool
    /// Weighted over the new sets; nil for one that diverged.
    public let newLoss: Double?
    /// The largest relative rise among the retained sets; nil where losses before training are not known.
    public let worstRetainedRise: Double?
    public let worstSet: String?
    public let keepsConstraint: Bool?
  }

  public let verdict: Verdict
  /// What the carried setting costs in new loss over the best confirmation cell that keeps the constraint, as a share;
  /// nil where that is not known.
  public let regret: Double?
  /// Differences below this share are noise: from repeats, or 0.2 % without any.
  public let noise: Double
  public let cells: [Confirmation]
  /// A paragraph: what was predicted, what was found, what to do.
  public let sentences: [String]
  public let notes: [String]
}
