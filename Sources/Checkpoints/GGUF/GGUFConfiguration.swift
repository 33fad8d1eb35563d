extension GGUFFile {
  /// - Throws: `CheckpointError` naming what the file is, when it is no whole model of an architecture that is read.
  func architecture() throws -> GGUFArchitecture {
    let known = GGUFArchitecture.allCases.map(\.rawValue).joined(separator: ", ")
    let key = "general.architecture"
    guard let name = try metadata.string(key) else {
      throw metadata.failure(.missingField, key, "nothing", "one of \(known)")
    }
    if let kind = try metadata.string("general.type"), kind != "model" {
      throw metadata.failure(
        .unsupported, "general.type", kind, "model", "give the model itself, not an adapter or a part of it")
    }
    guard let architecture = GGUFArchitecture(rawValue: name) else {
      throw metadata.failure(
        .unsupported, key, name, "one of \(known)", "Admix reads Llama, Mistral and Qwen2 models")
    }
    if let count = try metadata.integer("split.count", in: 0...Int(UInt16.max)), count > 1 {
      throw metadata.failure(
        .unsupported, "split.count", "\(count) files", "the whole model in one",
        "join them with `llama-gguf-split --merge` of llama.cpp")
    }
    if let version = try metadata.integer("general.quantization_version", in: 0...Int(UInt32.max)), version != 2 {
      throw metadata.failure(
        .unsupported, "general.quantization_version", "\(version)", "2", "convert the model again with llama.cpp")
    }
    return architecture
  }

  /// The configuration as a Hugging Face `config.json` says it: the same text for the same file, so that what is
  /// written beside trained weights does not depend on who read it.
  func configurationJSON(_ architecture: GGUFArchitecture, vocabulary: GGUFVocabulary?) throws -> [UInt8] {
    let prefix = architecture.rawValue + "."
    func required<Value>(_ key: String, _ value: Value?) throws -> Value {
      guard let value else {
        throw metadata.failure(.missingField, prefix + key, "nothing", "this key, for the model's shape")
      }
      return value
    }
    func size(_ key: String) throws -> Int? { try metadata.integer(prefix + key, in: 1...1 << 27) }
    let contextLength = try required("context_length", size("context_length"))
    try refuseExtensions(prefix, contextLength: contextLength)
    let hiddenSize = try required("embedding_length", size("embedding_length"))
    let heads = try required("attention.head_count", size("attention.head_count"))
    let headSize = try headSize(prefix, hiddenSize: hiddenSize, heads: heads)
    let base = try metadata.number(prefix + "rope.freq_base", in: 1...1e12) ?? 10_000
    var members: [(String, JSONValue)] = [
      ("architectures", .array([.string(architecture.className)])),
      ("model_type", .string(architecture.modelType)),
      ("hidden_act", .string("silu")),
      ("vocab_size", .integer(try vocabularySize(prefix, vocabulary))),
      ("hidden_size", .integer(hiddenSize)),
      ("intermediate_size", .integer(try required("feed_forward_length", size("feed_forward_length")))),
      ("num_hidden_layers", .integer(try required("block_count", size("block_count")))),
      ("num_attention_heads", .integer(heads)),
      ("num_key_value_heads", .integer(try size("attention.head_count_kv") ?? heads)),
      ("head_dim", .integer(headSize)),
      ("max_position_embeddings", .integer(contextLength)),
      (
        "rms_norm_eps",
        .number(
          try required(
            "attention.layer_norm_rms_epsilon",
            metadata.number(prefix + "attention.layer_norm_rms_epsilon", in: 0...0.1)
          ).description)
      ),
      ("rope_theta", .number(base.description)),
      ("tie_word_embeddings", .bool(self["output.weight"] == nil)),
      ("torch_dtype", .string("float32")),
    ]
    if let scaling = try ropeScaling(prefix, base: base, headSize: headSize) {
      members.append(("rope_scaling", scaling))
    }
    if let id = vocabulary?.beginningOfTextID { members.append(("bos_token_id", .integer(id))) }
    if let id = vocabulary?.endOfTextID { members.append(("eos_token_id", .integer(id))) }
    let document = JSONValue.object(members.map { .init(key: $0.0, value: $0.1) })
    return Array((document.text(indent: 2) + "\n").utf8)
  }

  /// Keys that would change the computation, refused rather than passed over.
  private func refuseExtensions(_ prefix: String, contextLength: Int) throws {
    let counts = 0...Int(UInt32.max)
    let experts = prefix + "expert_count"
    if let count = try metadata.integer(experts, in: counts), count > 0 {
      throw metadata.failure(.unsupported, experts, "\(count)", "none", "Admix computes dense models only")
    }
    let window = prefix + "attention.sliding_window"
    if let size = try metadata.integer(window, in: counts), size > 0, size < contextLength {
      throw metadata.failure(
        .unsupported, window, "\(size)", "none, or no less than context_length, \(contextLength)",
        "Admix computes full attention only")
    }
  }

  /// Rows of the embedding; what the file says of the vocabulary elsewhere has to agree.
  private func vocabularySize(_ prefix: String, _ vocabulary: GGUFVocabulary?) throws -> Int {
    guard let embedding = self["token_embd.weight"], embedding.shape.count == 2 else {
      throw CheckpointError(
        .missingTensor, file: path, tensor: "token_embd.weight", found: "no such tensor of two dimensions",
        expected: "the embedding")
    }
    let rows = embedding.shape[0]
    let claimed = try metadata.integer(prefix + "vocab_size", in: 0...Int(UInt32.max))
    if let claimed, claimed != rows {
      throw metadata.failure(
        .inconsistent, prefix + "vocab_size", "\(claimed)", "\(rows), the rows of the embedding token_embd.weight",
        "the file is not whole or was put together from two models: take another copy")
    }
    if let vocabulary, vocabulary.tokens.count != rows {
      throw metadata.failure(
        .inconsistent, "tokenizer.ggml.tokens", "\(vocabulary.tokens.count) tokens",
        "\(rows), the rows of the embedding token_embd.weight",
        "the tokenizer belongs to another model: take another copy of the file")
    }
    return rows
  }

  private func headSize(_ prefix: String, hiddenSize: Int, heads: Int) throws -> Int {
    let sizes = 1...4096
    let given = try metadata.integer(prefix + "attention.key_length", in: sizes)
    guard let size = given ?? (hiddenSize % heads == 0 ? hiddenSize / heads : nil) else {
      throw metadata.failure(
        .outOfRange, prefix + "attention.head_count", "\(heads)",
        "a divisor of embedding_length, \(hiddenSize), or attention.key_length")
    }
    for key in ["attention.value_length", "rope.dimension_count"] {
      guard let other = try metadata.integer(prefix + key, in: sizes), other != size else { continue }
      throw metadata.failure(
        .unsupported, prefix + key, "\(other)", "\(size), the size of a head",
        "Admix computes heads of one size, turned whole")
    }
    return size
  }
}
