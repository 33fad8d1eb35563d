/// How rotary frequencies are stretched beyond the context a model was first trained on.
public enum RopeScaling: Sendable, Hashable {
  /// Positions divided by `factor`.
  case linear(factor: Double)
  /// Llama 3's piecewise scaling: long wavelengths divided by `factor`, short ones kept, a ramp between.
  /// https://github.com/huggingface/transformers/blob/main/src/transformers/modeling_rope_utils.py
  /// (`_compute_llama3_parameters`)
  case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Int)
}

extension RopeScaling {
  /// Reads `rope_scaling`, or `rope_parameters` as transformers 5 writes it. Nil means plain rotary positions.
  init?(_ fields: ConfigurationFields) throws {
    let kind = try fields.optionalString("rope_type")
    let legacyKind = try fields.optionalString("type")
    if let kind, let legacyKind, kind != legacyKind {
      throw fields.failure(.inconsistent, "type", legacyKind, "\(kind), as rope_type says")
    }
    switch kind ?? legacyKind ?? "default" {
    case "default":
      try fields.refuseUnknown(besides: ["rope_type", "type", "rope_theta"])
      return nil
    case "linear":
      try fields.refuseUnknown(besides: ["rope_type", "type", "rope_theta", "factor"])
      self = .linear(factor: try fields.number("factor", in: 1...1e6))
    case "llama3":
      let known = [
        "rope_type", "type", "rope_theta", "factor", "low_freq_factor", "high_freq_factor",
        "original_max_position_embeddings",
      ]
      try fields.refuseUnknown(besides: known)
      let low = try fields.number("low_freq_factor", in: 1e-3...1e6)
      let high = try fields.number("high_freq_factor", in: 1e-3...1e6)
      guard low < high else {
        throw fields.failure(.outOfRange, "high_freq_factor", "\(high)", "more than low_freq_factor, \(low)")
      }
      self = .llama3(
        factor: try fields.number("factor", in: 1...1e6), lowFrequencyFactor: low, highFrequencyFactor: high,
        originalContext: try fields.integer("original_max_position_embeddings", in: 1...1 << 27))
    case let other:
      throw fields.failure(
        .unsupported, "rope_type", other, "default, linear or llama3",
        "Admix does not compute this kind of rope scaling")
    }
  }
}
