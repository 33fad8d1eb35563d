/// The architectures of `config.json` that Admix computes, and what each leaves unsaid.
/// https://github.com/huggingface/transformers/tree/main/src/transformers/models (`llama`, `qwen2`)
enum ModelArchitecture: String, CaseIterable {
  case llama
  case qwen2

  /// The class that transformers makes of it.
  private var className: String {
    switch self {
    case .llama: "LlamaForCausalLM"
    case .qwen2: "Qwen2ForCausalLM"
    }
  }

  private static let wayOut = "Admix trains Llama and Qwen2 models"

  /// - Throws: `CheckpointError` for another architecture, or a field of this one that Admix does not compute.
  init(_ fields: ConfigurationFields) throws {
    let kind = try fields.string("model_type")
    guard let known = Self(rawValue: kind) else {
      throw fields.failure(.unsupported, "model_type", kind, "llama or qwen2", Self.wayOut)
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

  /// Llama's default is one key head for each query head; Qwen2's is 32 whatever the heads, so it must be said.
  func keyValueHeadCount(_ fields: ConfigurationFields, headCount: Int) throws -> Int {
    let counts = 1...4096
    switch self {
    case .llama: return try fields.optionalInteger("num_key_value_heads", in: counts) ?? headCount
    case .qwen2: return try fields.integer("num_key_value_heads", in: counts)
    }
  }

  /// Qwen2 has its biases whatever the file says, as for transformers; weights that do not are refused by name.
  func attentionBias(_ fields: ConfigurationFields) throws -> ModelConfiguration.AttentionBias {
    let said = try fields.optionalBool("attention_bias") ?? false
    switch self {
    case .llama: return said ? .all : .absent
    case .qwen2: return .queryKeyValue
    }
  }

  /// Qwen2 has none.
  func feedForwardBias(_ fields: ConfigurationFields) throws -> Bool {
    let said = try fields.optionalBool("mlp_bias") ?? false
    return self == .llama && said
  }

  /// Qwen2's window counts only where it is in use: in the layers that `layer_types` names, or else with
  /// `use_sliding_window` in those from `max_window_layers` on. Llama has none, whatever its file says.
  func refuseSlidingWindow(_ fields: ConfigurationFields, layerCount: Int) throws {
    guard self == .qwen2 else { return }
    let wayOut = "Admix computes full attention only"
    let kinds = fields.list("layer_types")
    for kind in kinds where kind != .string("full_attention") {
      throw fields.failure(.unsupported, "layer_types", kind.kind, "full_attention", wayOut)
    }
    let first = try fields.optionalInteger("max_window_layers", in: 0...1 << 27) ?? 28
    guard try fields.optionalBool("use_sliding_window") == true, kinds.isEmpty, first < layerCount else { return }
    throw fields.failure(
      .unsupported, "use_sliding_window", "true, for layers from \(first) of \(layerCount)", "false", wayOut)
  }
}
