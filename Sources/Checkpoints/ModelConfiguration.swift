/// What `config.json` of a Hugging Face Llama, Mistral or Qwen2 says about the model.
///
/// Fields that shape the computation are read, checked and refused by name where Admix does not compute them; all
/// others stay in `json` and travel with the model. Defaults for absent fields are those of transformers'
/// `LlamaConfig`, `MistralConfig` and `Qwen2Config`, except that the sizes must be given.
public struct ModelConfiguration: Sendable, Hashable {
  public let vocabularySize: Int
  public let hiddenSize: Int
  public let intermediateSize: Int
  public let layerCount: Int
  public let headCount: Int
  /// Key and value heads; divides `headCount`.
  public let keyValueHeadCount: Int
  /// Even, as rotary positions turn pairs.
  public let headSize: Int
  /// Positions: `max_position_embeddings`.
  public let contextLength: Int
  public let rmsNormEpsilon: Double
  public let ropeTheta: Double
  public let ropeScaling: RopeScaling?
  /// Whether the head is the embedding.
  public let tieWordEmbeddings: Bool
  public let attentionBias: AttentionBias
  /// Whether the feed-forward's projections add a bias: `mlp_bias`.
  public let feedForwardBias: Bool
  public let bosTokenID: Int?
  /// Any of these ends a text; empty when the file names none.
  public let eosTokenIDs: [Int]
  /// Standard deviation for random initial weights.
  public let initializerRange: Double
  /// The file's bytes as read.
  public let json: [UInt8]

  /// Which projections of attention add a bias.
  public enum AttentionBias: Sendable, Hashable {
    case absent
    /// Queries, keys and values, always: Qwen2.
    case queryKeyValue
    /// Those and the output: Llama's `attention_bias`.
    case all
  }

  /// Far above any real file, far below what would take long to parse.
  static let fileBytesLimit = 1 << 20

  /// Reads and checks the file at `path`.
  ///
  /// - Throws: `CheckpointError` naming the field, what was found and what is expected.
  public init(path: String) throws {
    try self.init(json: ReadableFile(path).contents(limit: Self.fileBytesLimit), file: path)
  }

  /// Reads and checks `json`, which messages say comes from `file`.
  public init(json: [UInt8], file: String) throws {
    guard !json.isEmpty else {
      throw CheckpointError(.truncated, file: file, found: "an empty file", expected: "a model's configuration in JSON")
    }
    let limits = JSONLimits(bytes: Self.fileBytesLimit, depth: 16, values: 100_000)
    let document = try json.withUnsafeBytes { try JSONParser.parse($0, file: file, limits: limits) }
    let fields = try ConfigurationFields(document, file: file)
    let architecture = try ModelArchitecture(fields)
    self.json = json
    vocabularySize = try fields.integer("vocab_size", in: 1...1 << 24)
    hiddenSize = try fields.integer("hidden_size", in: 1...1 << 18)
    intermediateSize = try fields.integer("intermediate_size", in: 1...1 << 20)
    layerCount = try fields.integer("num_hidden_layers", in: 1...4096)
    headCount = try fields.integer("num_attention_heads", in: 1...4096)
    keyValueHeadCount = try architecture.keyValueHeadCount(fields, headCount: headCount)
    guard headCount % keyValueHeadCount == 0 else {
      throw fields.failure(
        .outOfRange, "num_key_value_heads", "\(keyValueHeadCount)", "a divisor of num_attention_heads, \(headCount)")
    }
    headSize = try Self.headSize(fields, hiddenSize: hiddenSize, headCount: headCount)
    contextLength = try fields.integer("max_position_embeddings", in: 1...1 << 27)
    rmsNormEpsilon = try fields.optionalNumber("rms_norm_eps", in: 0...0.1) ?? 1e-6
    (ropeTheta, ropeScaling) = try Self.rope(fields)
    tieWordEmbeddings = try fields.optionalBool("tie_word_embeddings") ?? false
    let tokens = 0...vocabularySize - 1
    attentionBias = try architecture.attentionBias(fields)
    feedForwardBias = try architecture.feedForwardBias(fields)
    try architecture.refuseSlidingWindow(fields, layerCount: layerCount, contextLength: contextLength)
    bosTokenID = try fields.optionalInteger("bos_token_id", in: tokens)
    eosTokenIDs = try fields.list("eos_token_id").map { try fields.integer($0, "eos_token_id", in: tokens) }
    initializerRange = try fields.optionalNumber("initializer_range", in: 0...1) ?? 0.02
  }

  private static func headSize(_ fields: ConfigurationFields, hiddenSize: Int, headCount: Int) throws -> Int {
    let size: Int
    if let given = try fields.optionalInteger("head_dim", in: 2...4096) {
      size = given
    } else {
      guard hiddenSize % headCount == 0 else {
        throw fields.failure(
          .outOfRange, "num_attention_heads", "\(headCount)", "a divisor of hidden_size, \(hiddenSize), or head_dim")
      }
      size = hiddenSize / headCount
    }
    guard size >= 2, size % 2 == 0 else {
      throw fields.failure(.outOfRange, "head_dim", "\(size)", "an even number, as rotary positions turn pairs")
    }
    return size
  }

  /// transformers 4 has `rope_theta` and `rope_scaling`, transformers 5 both in `rope_parameters`.
  private static func rope(_ fields: ConfigurationFields) throws -> (theta: Double, scaling: RopeScaling?) {
    let thetas = 1.0...1e12
    let theta = try fields.optionalNumber("rope_theta", in: thetas)
    if let partial = try fields.optionalNumber("partial_rotary_factor", in: 0...1), partial != 1 {
      throw fields.failure(
        .unsupported, "partial_rotary_factor", "\(partial)", "1", "Admix turns all of each head")
    }
    let legacy = try fields.optionalObject("rope_scaling")
    guard let parameters = try fields.optionalObject("rope_parameters") else {
      return (theta ?? 10_000, try legacy.flatMap { try RopeScaling($0) })
    }
    let scaling = try RopeScaling(parameters)
    if let legacy, try RopeScaling(legacy) != scaling {
      throw fields.failure(.inconsistent, "rope_scaling", "one kind", "the kind of rope_parameters")
    }
    let inner = try parameters.optionalNumber("rope_theta", in: thetas)
    if let theta, let inner, theta != inner {
      throw fields.failure(.inconsistent, "rope_theta", "\(theta)", "\(inner), as rope_parameters says")
    }
    return (inner ?? theta ?? 10_000, scaling)
  }
}
