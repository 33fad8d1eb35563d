import Checkpoints
import Foundation
import TestSupport
import TrainingSupport
import Transformer

/// What PyTorch computed for a model (scripts/fixtures/llama_reference.py).
struct ReferenceFixture: Decodable {
  struct Row: Decodable {
    let tokens: [Int32]
    let targets: [Int32]
    let documentStarts: [Int]

    var tokenRow: TokenRow { TokenRow(tokens: tokens, targets: targets, documentStarts: documentStarts) }
  }

  struct Recipe: Decodable {
    let learning_rate, epsilon, weight_decay, clip_norm: Double
    let betas: [Double]
    let steps: Int
  }

  struct Model: Decodable {
    struct Scaling: Decodable {
      let rope_type: String
      let factor: Double
      let low_freq_factor, high_freq_factor: Double?
      let original_max_position_embeddings: Int?

      var scaling: LlamaShape.RopeScaling? {
        guard rope_type == "llama3" else { return rope_type == "linear" ? .linear(factor: factor) : nil }
        guard let low = low_freq_factor, let high = high_freq_factor, let original = original_max_position_embeddings
        else { return nil }
        return .llama3(
          factor: factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContextLength: original)
      }
    }
    let model_type: String?
    let vocab_size, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads: Int
    let num_key_value_heads, head_dim, max_position_embeddings: Int
    let rms_norm_eps, rope_theta: Double
    let tie_word_embeddings: Bool
    let rope_scaling: Scaling?
    let attention_bias, mlp_bias: Bool?

    func shape() throws -> LlamaShape {
      try LlamaShape(
        vocabularySize: vocab_size, dimension: hidden_size, feedForwardDimension: intermediate_size,
        layers: num_hidden_layers, heads: num_attention_heads, keyValueHeads: num_key_value_heads,
        headDimension: head_dim, contextLength: max_position_embeddings, ropeTheta: rope_theta,
        ropeScaling: rope_scaling?.scaling, normEpsilon: rms_norm_eps, tiedEmbeddings: tie_word_embeddings,
        attentionBias: model_type == "qwen2" ? .queryKeyValue : attention_bias == true ? .all : .absent,
        feedForwardBias: mlp_bias == true)
    }
  }

  let model: Model
  let rows: [Row]
  let rowLosses: [Double]
  let recipe: Recipe
  let stepLosses: [Double]
  /// Of a model whose weights are made by formula.
  let seed: UInt64?
  /// Where whole tensors would be too large for the repository.
  let logits: TensorSummary?
  let gradients: [String: TensorSummary]?
  /// Relative L2 errors of PyTorch's fp32 gradients, where its fp64 ones are the reference.
  let gradientErrors: [String: Double]?

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  static func load(_ name: String, in folder: URL = folder) throws -> ReferenceFixture {
    let data = try Data(contentsOf: folder.appending(path: "\(name).json"))
    return try JSONDecoder().decode(ReferenceFixture.self, from: data)
  }

  /// Little-endian fp32 values of a fixture file.
  static func floats(_ file: String, in folder: URL = folder) throws -> [Float] {
    floats(try Data(contentsOf: folder.appending(path: file), options: .alwaysMapped))
  }

  static func floats(_ data: Data) -> [Float] {
    data.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map {
        Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
      }
    }
  }
}

/// A model that is not in the repository, as a Hugging Face directory.
struct ModelOnDisk {
  let directory: URL

  /// Of the data folder.
  static let stories = ModelOnDisk(directory: TestData.place.appending(path: "models/stories260K/hf"))
  /// What scripts/fixtures/smollm2_directory.py wrote, where ADMIX_SMOLLM2 says.
  static let smollm2 = ProcessInfo.processInfo.environment["ADMIX_SMOLLM2"].map {
    ModelOnDisk(directory: URL(fileURLWithPath: $0))
  }

  var isPresent: Bool { FileManager.default.fileExists(atPath: directory.appending(path: "model.safetensors").path) }

  /// Weights in flat order.
  func weights(_ layout: ParameterLayout) throws -> [Float] {
    var weights = [Float](repeating: 0, count: layout.count)
    let placements = layout.tensors.map { TensorPlacement(name: $0.name, shape: $0.shape, offset: $0.offset) }
    let model = try ModelDirectory.open(directory.path)
    try weights.withUnsafeMutableBufferPointer { try model.loadWeights(placements, into: $0) }
    return weights
  }
}
