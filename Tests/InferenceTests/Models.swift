import Inference
import KernelTable
import TrainingSupport
import Transformer

/// Random models of odd shapes, the builds this processor runs, and pools of different sizes.
enum Models {
  static let kernels: [Kernels] = InstructionSet.allCases.filter(\.isSupported).compactMap { try? Kernels($0) }

  static func shape(
    vocabulary: Int = 131, dimension: Int = 36, feedForward: Int = 52, layers: Int = 2, heads: Int = 4,
    keyValueHeads: Int = 2, headDimension: Int = 10, context: Int = 256, tied: Bool = true,
    bias: LlamaShape.AttentionBias = .absent, feedForwardBias: Bool = false
  ) throws -> LlamaShape {
    try LlamaShape(
      vocabularySize: vocabulary, dimension: dimension, feedForwardDimension: feedForward, layers: layers,
      heads: heads, keyValueHeads: keyValueHeads, headDimension: headDimension, contextLength: context,
      tiedEmbeddings: tied, attentionBias: bias, feedForwardBias: feedForwardBias)
  }

  /// Shapes at the edges of panels, tiles and groups of heads.
  static func shapes() throws -> [LlamaShape] {
    [
      try shape(), try shape(vocabulary: 64, dimension: 32, feedForward: 64, heads: 2, keyValueHeads: 2, headDimension: 16),
      try shape(vocabulary: 97, dimension: 17, feedForward: 33, heads: 6, keyValueHeads: 1, headDimension: 6, tied: false),
      try shape(dimension: 40, heads: 3, keyValueHeads: 3, headDimension: 34, bias: .queryKeyValue),
      try shape(heads: 9, keyValueHeads: 3, headDimension: 8, tied: false, bias: .all, feedForwardBias: true),
    ]
  }

  static func tokens(_ count: Int, vocabulary: Int, seed: UInt64) -> [Int32] {
    let random = Philox4x32(seed: seed)
    return (0..<count).map {
      Int32(random.block(SIMD4(UInt32($0), 7, 0, 0))[0] % UInt32(vocabulary))
    }
  }

  static func inference(
    _ shape: LlamaShape, _ weights: [Float], _ kernels: Kernels, _ pool: ThreadPool,
    _ options: InferenceModel.Options = .init(cacheBytes: 64 << 20, batchTokens: 64)
  ) -> InferenceModel {
    InferenceModel(
      InferenceWeights(floats: weights, shape: shape, kernels: kernels, pool: pool), kernels: kernels, pool: pool,
      options: options)
  }

  /// What training computes for the whole text, [tokens, vocabulary].
  static func reference(_ shape: LlamaShape, _ weights: [Float], _ tokens: [Int32], _ kernels: Kernels) -> [Float] {
    LlamaModel(shape: shape, pool: ThreadPool(threads: 2), kernels: kernels, maximumTokensPerMicrobatch: 512)
      .logits(weights: weights, row: TokenRow(tokens: tokens, targets: tokens.map { _ in -1 }))
  }
}

func sameBits(_ one: some Collection<Float>, _ other: some Collection<Float>) -> Bool {
  one.count == other.count && zip(one, other).allSatisfy { $0.bitPattern == $1.bitPattern }
}
