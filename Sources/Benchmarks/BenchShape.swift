public import Transformer

/// The models that training is timed with.
public enum BenchShape: String, CaseIterable, Sendable {
  /// SmolLM2-135M's.
  case smollm2
  /// 6.5 million parameters or so.
  case small
  /// Two layers of an 8B Llama's, with a small vocabulary.
  case wide

  /// - Throws: `LlamaShapeError`, never for these.
  public func llama(contextLength: Int) throws -> LlamaShape {
    switch self {
    case .smollm2:
      try LlamaShape(
        vocabularySize: 49_152, dimension: 576, feedForwardDimension: 1536, layers: 30, heads: 9, keyValueHeads: 3,
        headDimension: 64, contextLength: contextLength, tiedEmbeddings: true)
    case .small:
      try LlamaShape(
        vocabularySize: 8192, dimension: 256, feedForwardDimension: 704, layers: 6, heads: 8, keyValueHeads: 4,
        headDimension: 32, contextLength: contextLength, tiedEmbeddings: true)
    case .wide:
      try LlamaShape(
        vocabularySize: 1024, dimension: 4096, feedForwardDimension: 14_336, layers: 2, heads: 32, keyValueHeads: 8,
        headDimension: 128, contextLength: contextLength, tiedEmbeddings: true)
    }
  }
}
