import Foundation

extension GGUFFile {
  /// How rotary frequencies are stretched, as `rope_scaling` of a `config.json`; nil when they are not.
  ///
  /// llama.cpp's converter writes Llama 3.1's scaling as a tensor of factors. They are taken for that scaling only when
  /// they equal, element by element, what the published constants give.
  func ropeScaling(_ prefix: String, base: Double, headSize: Int) throws -> JSONValue? {
    let positive = 1e-3...1e6
    let legacy = try metadata.number(prefix + "rope.scale_linear", in: positive)
    let kind = try metadata.string(prefix + "rope.scaling.type") ?? (legacy.map { $0 == 1 } ?? true ? "none" : "linear")
    let factor = try metadata.number(prefix + "rope.scaling.factor", in: positive) ?? legacy
    switch kind {
    case "none": break
    case "linear":
      guard self[GGUFTensorName.ropeFactors] == nil else {
        throw metadata.failure(
          .unsupported, prefix + "rope.scaling.type", "linear, and \(GGUFTensorName.ropeFactors)", "one of both")
      }
      guard let factor, factor != 1 else { return nil }
      return .object([
        .init(key: "rope_type", value: .string("linear")), .init(key: "factor", value: .number(factor.description)),
      ])
    default:
      throw metadata.failure(
        .unsupported, prefix + "rope.scaling.type", kind, "none or linear",
        "Admix does not compute this kind of rope scaling")
    }
    guard let tensor = self[GGUFTensorName.ropeFactors] else { return nil }
    return try llama3Scaling(tensor, base: base, headSize: headSize)
  }

  private func llama3Scaling(_ tensor: Tensor, base: Double, headSize: Int) throws -> JSONValue {
    func failure(_ found: String, _ expected: String) -> CheckpointError {
      CheckpointError(.unsupported, file: path, tensor: tensor.name, found: found, expected: expected)
    }
    guard tensor.shape == [headSize / 2] else {
      throw failure("shape \(tensor.shape)", "[\(headSize / 2)], one factor for each pair of a head")
    }
    var factors = [Float](repeating: 0, count: headSize / 2)
    try factors.withUnsafeMutableBufferPointer { try readFloats(tensor, into: $0) }
    // The slowest pairs are divided by the factor itself.
    let factor = Double(factors.last ?? 1).rounded()
    let (low, high, original) = (1.0, 4.0, 8192.0)
    for (index, found) in factors.enumerated() {
      let wavelength = 2 * Double.pi * pow(base, Double(2 * index) / Double(headSize))
      let smooth = min(1, max(0, (original / wavelength - low) / (high - low)))
      let expected = 1 / ((1 - smooth) / factor + smooth)
      // The factors were computed and stored in fp32.
      guard abs(Double(found) - expected) <= 1e-4 * expected else {
        throw failure(
          "\(found) for pair \(index)", "\(expected), Llama 3's scaling with factor \(factor) over 8192 positions")
      }
    }
    return .object([
      .init(key: "rope_type", value: .string("llama3")), .init(key: "factor", value: .number(factor.description)),
      .init(key: "low_freq_factor", value: .number(low.description)),
      .init(key: "high_freq_factor", value: .number(high.description)),
      .init(key: "original_max_position_embeddings", value: .integer(Int(original))),
    ])
  }
}
