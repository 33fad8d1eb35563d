import Foundation
import TestSupport
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
      let factor, low_freq_factor, high_freq_factor: Double
      let original_max_position_embeddings: Int
    }
    let vocab_size, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads: Int
    let num_key_value_heads, head_dim, max_position_embeddings: Int
    let rms_norm_eps, rope_theta: Double
    let tie_word_embeddings: Bool
    let rope_scaling: Scaling?

    func shape() throws -> LlamaShape {
      try LlamaShape(
        vocabularySize: vocab_size, dimension: hidden_size, feedForwardDimension: intermediate_size,
        layers: num_hidden_layers, heads: num_attention_heads, keyValueHeads: num_key_value_heads,
        headDimension: head_dim, contextLength: max_position_embeddings, ropeTheta: rope_theta,
        ropeScaling: rope_scaling.map {
          .init(
            factor: $0.factor, lowFrequencyFactor: $0.low_freq_factor, highFrequencyFactor: $0.high_freq_factor,
            originalContextLength: $0.original_max_position_embeddings)
        }, normEpsilon: rms_norm_eps, tiedEmbeddings: tie_word_embeddings)
    }
  }

  let model: Model
  let rows: [Row]
  let rowLosses: [Double]
  let recipe: Recipe
  let stepLosses: [Double]

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  static func load(_ name: String) throws -> ReferenceFixture {
    let data = try Data(contentsOf: folder.appending(path: "\(name).json"))
    return try JSONDecoder().decode(ReferenceFixture.self, from: data)
  }

  /// Little-endian fp32 values of a fixture file.
  static func floats(_ file: String) throws -> [Float] {
    floats(try Data(contentsOf: folder.appending(path: file)))
  }

  static func floats(_ data: Data) -> [Float] {
    let bytes = [UInt8](data)
    return stride(from: 0, to: bytes.count - 3, by: 4).map { i in
      Float(
        bitPattern: UInt32(bytes[i]) | UInt32(bytes[i + 1]) << 8 | UInt32(bytes[i + 2]) << 16
          | UInt32(bytes[i + 3]) << 24)
    }
  }
}

/// stories260K of the data folder, which is not in the repository.
enum StoriesModel {
  static let file = TestData.place.appending(path: "models/stories260K/hf/model.safetensors")

  static var isPresent: Bool { FileManager.default.fileExists(atPath: file.path) }

  /// Weights in flat order.
  static func weights(_ layout: ParameterLayout) throws -> [Float] {
    struct Entry: Decodable {
      let data_offsets: [Int]?
    }
    let data = try Data(contentsOf: file)
    let headerLength = Int(data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    let header = try JSONDecoder().decode([String: Entry].self, from: data.dropFirst(8).prefix(headerLength))
    let body = data.dropFirst(8 + headerLength)
    var weights: [Float] = []
    for tensor in layout.tensors {
      guard let offsets = header[tensor.name]?.data_offsets else { throw CocoaError(.fileReadCorruptFile) }
      weights += ReferenceFixture.floats(body.dropFirst(offsets[0]).prefix(offsets[1] - offsets[0]))
    }
    return weights
  }
}
