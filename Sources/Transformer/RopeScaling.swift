extension LlamaShape {
  /// `rope_scaling`: how rotary frequencies are stretched beyond the context a model was first trained on.
  /// https://github.com/huggingface/transformers/blob/main/src/transformers/modeling_rope_utils.py
  public enum RopeScaling: Sendable, Equatable {
    /// Positions divided by `factor` (`rope_type: linear`; Chen et al., arXiv 2306.15595).
    case linear(factor: Double)
    /// Llama 3.1's (`rope_type: llama3`): wavelengths beyond original/low slowed by `factor`, those below original/high
    /// kept, between them a blend.
    case llama3(
      factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)

    func check() throws(LlamaShapeError) {
      switch self {
      case .linear(let factor):
        try LlamaShape.check("rope_scaling.factor", factor, 1e-3...1e6)
      case .llama3(let factor, let low, let high, let original):
        try LlamaShape.check("rope_scaling.factor", factor, 1e-3...1e6)
        try LlamaShape.check("rope_scaling.low_freq_factor", low, 1e-3...1e6)
        try LlamaShape.check("rope_scaling.high_freq_factor", high, 1e-3...1e6)
        guard high > low else {
          throw LlamaShapeError(
            field: "rope_scaling.high_freq_factor", found: "\(high)", expected: "more than low_freq_factor, \(low)")
        }
        guard original >= 1 && original <= Limit.context else {
          throw LlamaShapeError(
            field: "rope_scaling.original_max_position_embeddings", found: "\(original)",
            expected: "a whole number from 1 to \(Limit.context)")
        }
      }
    }

    /// The stretched frequency, rounded where transformers rounds.
    func stretched(_ frequency: Float) -> Float {
      switch self {
      case .linear(let factor):
        return frequency / Float(factor)
      case .llama3(let factor, let low, let high, let originalContextLength):
        let original = Double(originalContextLength)
        let wavelength = Float(2 * Double.pi) / frequency
        if Double(wavelength) > original / low { return frequency / Float(factor) }
        if Double(wavelength) < original / high { return frequency }
        let smooth = (Float(original) / wavelength - Float(low)) / Float(high - low)
        return (1 - smooth) * frequency / Float(factor) + smooth * frequency
      }
    }
  }
}
