/// The shape of a Llama-family decoder, checked: what exists can be computed.
/// Field names follow `config.json` where the two differ only in style.
public struct LlamaShape: Sendable, Equatable {
  /// Rows of the embedding (`vocab_size`).
  public let vocabularySize: Int
  /// Width of the residual stream (`hidden_size`).
  public let dimension: Int
  /// Width of the gated feed-forward (`intermediate_size`).
  public let feedForwardDimension: Int
  /// Decoder layers (`num_hidden_layers`).
  public let layers: Int
  /// Query heads (`num_attention_heads`).
  public let heads: Int
  /// Key and value heads (`num_key_value_heads`); divides `heads`.
  public let keyValueHeads: Int
  /// Width of a head (`head_dim`), even.
  public let headDimension: Int
  /// Longest document in tokens (`max_position_embeddings`).
  public let contextLength: Int
  /// Base of the rotary frequencies (`rope_theta`).
  public let ropeTheta: Double
  /// How the frequencies are stretched, nil for not at all (`rope_scaling`).
  public let ropeScaling: RopeScaling?
  /// ε of the norms (`rms_norm_eps`).
  public let normEpsilon: Double
  /// The head's weight is the embedding (`tie_word_embeddings`).
  public let tiedEmbeddings: Bool
  /// Which projections of attention add a bias.
  public let attentionBias: AttentionBias
  /// Whether gate, up and down add a bias (`mlp_bias`).
  public let feedForwardBias: Bool

  public enum AttentionBias: Sendable, Equatable {
    case absent
    /// Those of queries, keys and values: Qwen2.
    case queryKeyValue
    /// Those and the output's: Llama with `attention_bias`.
    case all
  }

  /// - Throws: `LlamaShapeError` naming the field (as `config.json` spells it), what was found and what is expected.
  public init(
    vocabularySize: Int, dimension: Int, feedForwardDimension: Int, layers: Int, heads: Int, keyValueHeads: Int,
    headDimension: Int, contextLength: Int, ropeTheta: Double = 10_000, ropeScaling: RopeScaling? = nil,
    normEpsilon: Double = 1e-5, tiedEmbeddings: Bool = false, attentionBias: AttentionBias = .absent,
    feedForwardBias: Bool = false
  ) throws(LlamaShapeError) {
    let sizes = [
      ("vocab_size", vocabularySize, Limit.vocabulary), ("hidden_size", dimension, Limit.width),
      ("intermediate_size", feedForwardDimension, Limit.width), ("num_hidden_layers", layers, Limit.layers),
      ("num_attention_heads", heads, Limit.heads), ("num_key_value_heads", keyValueHeads, Limit.heads),
      ("head_dim", headDimension, Limit.headDimension), ("max_position_embeddings", contextLength, Limit.context),
    ]
    for (field, found, limit) in sizes where found < 1 || found > limit {
      throw LlamaShapeError(field: field, found: "\(found)", expected: "a whole number from 1 to \(limit)")
    }
    guard heads % keyValueHeads == 0 else {
      throw LlamaShapeError(
        field: "num_key_value_heads", found: "\(keyValueHeads)", expected: "a divisor of num_attention_heads, \(heads)")
    }
    guard headDimension % 2 == 0 else {
      throw LlamaShapeError(
        field: "head_dim", found: "\(headDimension)", expected: "an even number: rotary pairs the halves")
    }
    try Self.check("rope_theta", ropeTheta, 1e-3...1e12)
    try Self.check("rms_norm_eps", normEpsilon, 1e-12...1)
    try ropeScaling?.check()
    self.vocabularySize = vocabularySize
    self.dimension = dimension
    self.feedForwardDimension = feedForwardDimension
    self.layers = layers
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.headDimension = headDimension
    self.contextLength = contextLength
    self.ropeTheta = ropeTheta
    self.ropeScaling = ropeScaling
    self.normEpsilon = normEpsilon
    self.tiedEmbeddings = tiedEmbeddings
    self.attentionBias = attentionBias
    self.feedForwardBias = feedForwardBias
  }

  /// Width of all query heads.
  public var queryWidth: Int { heads * headDimension }
  /// Width of all key heads, and of all value heads.
  public var keyWidth: Int { keyValueHeads * headDimension }

  /// Far above any published model, and low enough that no product of two of them and the layers overflows Int.
  enum Limit {
    static let vocabulary = 1 << 24
    static let width = 1 << 20
    static let layers = 1 << 12
    static let heads = 1 << 12
    static let headDimension = 1 << 12
    /// Angles up to here are reduced exactly enough by `BitwiseMath`.
    static let context = 1 << 20
  }

  static func check(
    _ field: String, _ value: Double, _ range: ClosedRange<Double>
  ) throws(LlamaShapeError) {
    guard range.contains(value) else {
      throw LlamaShapeError(
        field: field, found: "\(value)", expected: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
  }
}

/// A field of a model's configuration that Admix cannot compute with.
public struct LlamaShapeError: Error, Equatable, CustomStringConvertible {
  /// As `config.json` spells it.
  public let field: String
  public let found: String
  public let expected: String

  public var description: String { "\(field) is \(found); expected \(expected)" }
}
