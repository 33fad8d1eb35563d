/// What a tensor of a GGUF file is called in Hugging Face's files, and how its rows have to be put back in order.
/// https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/tensor_mapping.py
struct GGUFTensorName: Hashable {
  enum Rows: Hashable {
    case inOrder
    /// Rows of queries or keys, which llama.cpp's `llama` keeps so that the two of a rotary pair are neighbours, while
    /// Hugging Face keeps the first ones of all pairs of a head before the second ones.
    case interleavedQueries
    case interleavedKeys
  }

  let name: String
  let rows: Rows

  /// Factors of the rotary frequencies: part of the configuration rather than a weight.
  static let ropeFactors = "rope_freqs.weight"

  private static let outer = [
    "token_embd.weight": embeddingName, "output_norm.weight": "model.norm.weight", "output.weight": headName,
  ]

  private static let inner = [
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
  ]

  /// Nil for a tensor that models of this kind do not have.
  init?(_ name: String, architecture: GGUFArchitecture) {
    if let outer = Self.outer[name] {
      self.name = outer
      rows = .inOrder
      return
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "blk", let layer = Int(parts[1]), String(layer) == parts[1], layer >= 0,
      let inner = Self.inner[String(parts[2])], parts[3] == "weight" || parts[3] == "bias"
    else { return nil }
    self.name = "model.layers.\(layer).\(inner).\(parts[3])"
    switch (architecture, parts[2]) {
    case (.llama, "attn_q"): rows = .interleavedQueries
    case (.llama, "attn_k"): rows = .interleavedKeys
    default: rows = .inOrder
    }
  }
}

extension GGUFTensorName {
  /// The file's name for a tensor of Hugging Face's, and the order of its rows; nil for one that has none.
  static func written(_ name: String, architecture: GGUFArchitecture) -> (name: String, rows: Rows)? {
    var found = outer.first { $0.value == name }?.key
    if found == nil, name.hasPrefix("model.layers.") {
      let parts = name.dropFirst("model.layers.".count).split(separator: ".", maxSplits: 1)
      if parts.count == 2, let dot = parts[1].lastIndex(of: "."),
        let short = inner.first(where: { $0.value == parts[1][..<dot] })?.key
      {
        found = "blk.\(parts[0]).\(short)\(parts[1][dot...])"
      }
    }
    guard let found, let known = GGUFTensorName(found, architecture: architecture), known.name == name else {
      return nil
    }
    return (found, known.rows)
  }
}

/// The architectures that are read, as `general.architecture` names them. Mistral models are `llama` there.
enum GGUFArchitecture: String, CaseIterable {
  case llama
  case qwen2

  var modelType: String { rawValue }
  var className: String {
    switch self {
    case .llama: "LlamaForCausalLM"
    case .qwen2: "Qwen2ForCausalLM"
    }
  }
}
