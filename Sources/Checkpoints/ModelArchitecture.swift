/// The architectures of `config.json` that Admix computes, and what each leaves unsaid.
/// https://github.com/huggingface/transformers/tree/main/src/transformers/models (`llama`, `mistral`, `qwen2`)
enum ModelArchitecture: String, CaseIterable {
  case llama
  /// Llama's computation, but for a window of attention, which has to be out of use.
  case mistral
  case qwen2

  /// The class that transformers makes of it.
  private var className: String {
    switch self {
    case .llama: "LlamaForCausalLM"
    case .mistral: "MistralForCausalLM"
    case .qwen2: "Qwen2ForCausalLM"
    }
  }

  private static let wayOut = "Admix trains Llama, Mistral and Qwen2 models"

  /// - Throws: `CheckpointError` for another architecture, or a field of this one that Admix does not compute.
  init(_ fields: ConfigurationFields) throws {
    let kind = try fields.string("model_type")
    guard let known = Self(rawValue: kind) else {
      throw fields.failure(.unsupported, "model_type", kind, "llama, mistral or qwen2", Self.wayOut)
    }
    self = known
    for architecture in fields.list("architectures") where architecture != .string(className) {
      throw fields.failure(.unsupported, "architectures", architecture.kind, className, Self.wayOut)
    }
    if let activation = try fields.optionalString("hidden_act"), activation != "silu" {
      throw fields.failure(.unsupported, "hidden_act", activation, "silu", Self.wayOut)
    }
    if let dropout = try fields.optionalNumber("attention_dropout", in: 0...1), dropout != 0 {
      throw fields.failure(.unsupported, "attention_dropout", "\(dropout)", "0", "Admix trains without dropout")
    }
    if let quantization = fields.value("quantization_config") {
      throw fields.failure(
        .unsupported, "quantization_config", quantization.kind, "none", "take the model in F32, F16 or BF16")
    }
  }

  /// Llama's default is one key head for each query head; Mistral's is 8 and Qwen2's 32 whatever the heads, so theirs
  /// must be said.
  func keyValueHeadCount(_ fields: ConfigurationFields, headCount: Int) throws -> Int {
    let counts = 1...4096
    switch self {
    case .llama: return try fields.optionalInteger("num_key_value_heads", in: counts) ?? headCount
    case .mistral, .qwen2: return try fields.integer("num_key_value_heads", in: counts)
    }
  }

  /// Qwen2 has its biases and Mistral none whatever the file says, as for transformers; weights that differ are refused
  /// by name.
  func attentionBias(_ fields: ConfigurationFields) throws -> ModelConfiguration.AttentionBias {
    let said = try fields.optionalBool("attention_bias") ?? false
    switch self {
    case .llama: return said ? .all : .absent
    case .mistral: return .absent
    case .qwen2: return .queryKeyValue
    }
  }

  /// Only Llama can have them.
  func feedForwardBias(_ fields: ConfigurationFields) throws -> Bool {
    let said = try fields.optionalBool("mlp_bias") ?? false
    return self == .llama && said
  }

  /// Refuses a window of attention that would hide a position within the model's context. Llama has none, whatever its
  /// file says.
  func refuseSlidingWindow(_ fields: ConfigurationFields, layerCount: Int, contextLength: Int) throws {
    switch self {
    case .llama: return
    case .mistral: try refuseMistralWindow(fields, contextLength: contextLength)
    case .qwen2: try refuseQwen2Window(fields, layerCount: layerCount)
    }
  }

  private static let fullAttentionOnly = "Admix computes full attention only"

  /// Every layer of Mistral's has the window. Without the field it is 4,096, as for transformers; null is none.
  private func refuseMistralWindow(_ fields: ConfigurationFields, contextLength: Int) throws {
    let field = "sliding_window"
    let isGiven = fields.members.contains { $0.key == field }
    let given = try fields.optionalInteger(field, in: 1...1 << 27)
    guard let window = isGiven ? given : 4096, window < contextLength else { return }
    throw fields.failure(
      .unsupported, field, isGiven ? "\(window)" : "nothing, which means \(window)",
      "null, or no less than max_position_embeddings, \(contextLength)",
      "\(Self.fullAttentionOnly): lower max_position_embeddings to \(window), up to which both are the same")
  }

  /// Qwen2's window counts only where it is in use: in the layers that `layer_types` names, or else with
  /// `use_sliding_window` in those from `max_window_layers` on.
  private func refuseQwen2Window(_ fields: ConfigurationFields, layerCount: Int) throws {
    let kinds = fields.list("layer_types")
    for kind in kinds where kind != .string("full_attention") {
      throw fields.failure(.unsupported, "layer_types", kind.kind, "full_attention", Self.fullAttentionOnly)
    }
    let first = try fields.optionalInteger("max_window_layers", in: 0...1 << 27) ?? 28
    guard try fields.optionalBool("use_sliding_window") == true, kinds.isEmpty, first < layerCount else { return }
    throw fields.failure(
      .unsupported, "use_sliding_window", "true, for layers from \(first) of \(layerCount)", "false",
      Self.fullAttentionOnly)
  }
}
