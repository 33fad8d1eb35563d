/// A model's shape in a job file: a config.json by path, or its numbers written out under the same names.
public enum WrittenConfiguration {
  case file(SpecScalar)
  /// The text of a config.json, and where in the job file it stands.
  case inline(json: String, place: SpecScalar)

  /// Where errors about it point.
  public var place: SpecScalar {
    switch self {
    case .file(let place), .inline(_, let place): place
    }
  }
}

extension SpecReader {
  /// A model's shape under `key`: a path, or a mapping such as `{vocab_size: 2304, hidden_size: 64, …}` of a Llama.
  /// Nil when it is not there.
  public func configuration(_ key: String) throws -> WrittenConfiguration? {
    guard let written = find(key) else { return nil }
    guard case .mapping = written else { return .file(try required(key, .path, example: "config.json")) }
    let example =
      "vocab_size: 2304, hidden_size: 64, intermediate_size: 192, num_hidden_layers: 4, num_attention_heads: 4"
    let members = try mapping(key, example: example) { try $0.dimensions() }
    let json = members.map { "\"\($0.name)\": \($0.value)" }.joined(separator: ", ")
    return .inline(
      json: "{\"architectures\": [\"LlamaForCausalLM\"], \"model_type\": \"llama\", \"hidden_act\": \"silu\", \(json)}",
      place: SpecScalar(text: "", isQuoted: false, path: path(of: key), position: written.position))
  }

  /// Names and JSON values, in one order: equal shapes are equal texts. Bounds are the checkpoint reader's to check.
  private func dimensions() throws -> [(name: String, value: String)] {
    func size(_ name: String, _ example: String) throws -> (name: String, value: String) {
      (name, String(try required(name, .count, example: example)))
    }
    var members = [
      try size("vocab_size", "2304"), try size("hidden_size", "64"), try size("intermediate_size", "192"),
      try size("num_hidden_layers", "4"),
    ]
    let heads = try required("num_attention_heads", .count, example: "4")
    members.append(("num_attention_heads", String(heads)))
    members.append(("num_key_value_heads", String(try value("num_key_value_heads", .count, default: heads))))
    members.append(("max_position_embeddings", String(try value("max_position_embeddings", .count, default: 2048))))
    members.append(("rope_theta", "\(try value("rope_theta", .number(from: 1), default: 10_000))"))
    members.append(("rms_norm_eps", "\(try value("rms_norm_eps", .number(above: 0, through: 0.1), default: 1e-5))"))
    members.append(
      ("tie_word_embeddings", try value("tie_word_embeddings", .boolean, default: false) ? "true" : "false"))
    return members
  }
}
