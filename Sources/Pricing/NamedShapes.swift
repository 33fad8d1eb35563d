public import Transformer

/// Models that can be priced by name, without any file.
public enum NamedShape: String, CaseIterable, Sendable {
  case smollm2_135m = "smollm2-135m"
  case smollm2_360m = "smollm2-360m"
  case tinyllama_1_1b = "tinyllama-1.1b"
  case smollm2_1_7b = "smollm2-1.7b"
  case llama32_1b = "llama3.2-1b"
  case llama32_3b = "llama3.2-3b"
  case llama2_7b = "llama2-7b"
  case llama3_8b = "llama3-8b"
  case llama3_70b = "llama3-70b"

  /// As the models' own config.json have it.
  /// - Throws: `LlamaShapeError`, never for these.
  public func llama() throws -> LlamaShape {
    func shape(
      _ vocabulary: Int, _ dimension: Int, _ feedForward: Int, _ layers: Int, _ heads: Int, _ keyValueHeads: Int,
      context: Int, theta: Double, tied: Bool
    ) throws -> LlamaShape {
      try LlamaShape(
        vocabularySize: vocabulary, dimension: dimension, feedForwardDimension: feedForward, layers: layers,
        heads: heads, keyValueHeads: keyValueHeads, headDimension: dimension / heads, contextLength: context,
        ropeTheta: theta, tiedEmbeddings: tied)
    }
    return switch self {
    case .smollm2_135m: try shape(49_152, 576, 1536, 30, 9, 3, context: 8192, theta: 1e5, tied: true)
    case .smollm2_360m: try shape(49_152, 960, 2560, 32, 15, 5, context: 8192, theta: 1e5, tied: true)
    case .tinyllama_1_1b: try shape(32_000, 2048, 5632, 22, 32, 4, context: 2048, theta: 1e4, tied: false)
    case .smollm2_1_7b: try shape(49_152, 2048, 8192, 24, 32, 32, context: 8192, theta: 1.3e5, tied: true)
    case .llama32_1b: try shape(128_256, 2048, 8192, 16, 32, 8, context: 131_072, theta: 5e5, tied: true)
    case .llama32_3b: try shape(128_256, 3072, 8192, 28, 24, 8, context: 131_072, theta: 5e5, tied: true)
    case .llama2_7b: try shape(32_000, 4096, 11_008, 32, 32, 32, context: 4096, theta: 1e4, tied: false)
    case .llama3_8b: try shape(128_256, 4096, 14_336, 32, 32, 8, context: 8192, theta: 5e5, tied: false)
    case .llama3_70b: try shape(128_256, 8192, 28_672, 80, 64, 8, context: 8192, theta: 5e5, tied: false)
    }
  }
}
