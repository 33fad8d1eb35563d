import KernelTable
import Testing
import TrainingSupport
import Transformer

struct ShapeTests {
  private func shape(
    vocabulary: Int = 512, dimension: Int = 64, layers: Int = 5, heads: Int = 8, keyValueHeads: Int = 4,
    headDimension: Int = 8, context: Int = 512, theta: Double = 10_000, epsilon: Double = 1e-5, tied: Bool = true,
    bias: LlamaShape.AttentionBias = .absent, feedForwardBias: Bool = false, scaling: LlamaShape.RopeScaling? = nil
  ) throws -> LlamaShape {
    try LlamaShape(
      vocabularySize: vocabulary, dimension: dimension, feedForwardDimension: 172, layers: layers, heads: heads,
      keyValueHeads: keyValueHeads, headDimension: headDimension, contextLength: context, ropeTheta: theta,
      ropeScaling: scaling, normEpsilon: epsilon, tiedEmbeddings: tied, attentionBias: bias,
      feedForwardBias: feedForwardBias)
  }

  @Test func aShapeThatCannotBeComputedIsRefusedByItsField() {
    let reversed = LlamaShape.RopeScaling.llama3(
      factor: 8, lowFrequencyFactor: 4, highFrequencyFactor: 1, originalContextLength: 8192)
    let cases: [(String, () throws -> LlamaShape)] = [
      ("vocab_size", { try shape(vocabulary: 0) }), ("vocab_size", { try shape(vocabulary: Int.max) }),
      ("hidden_size", { try shape(dimension: -64) }), ("num_hidden_layers", { try shape(layers: 1 << 40) }),
      ("num_key_value_heads", { try shape(keyValueHeads: 3) }), ("head_dim", { try shape(headDimension: 7) }),
      ("max_position_embeddings", { try shape(context: 0) }), ("rope_theta", { try shape(theta: .nan) }),
      ("rms_norm_eps", { try shape(epsilon: 0) }), ("head_dim", { try shape(headDimension: 0) }),
      ("vocab_size", { try shape(vocabulary: 1 << 31 + 1) }), ("num_attention_heads", { try shape(heads: 0) }),
      ("rope_scaling.high_freq_factor", { try shape(scaling: reversed) }),
      ("rope_scaling.factor", { try shape(scaling: .linear(factor: 0)) }),
    ]
    for (field, make) in cases {
      let error = #expect(throws: LlamaShapeError.self) { try make() }
      #expect(error?.field == field)
    }
  }

  @Test func flatOrderIsEmbeddingLayersNormHead() throws {
    let layout = ParameterLayout(try shape())
    #expect(layout.count == 260_032)
    #expect(layout.chunkCount == 1 && layout.range(ofChunk: 0) == 0..<260_032)
    #expect(layout.tensors.first?.name == "model.embed_tokens.weight")
    #expect(layout.tensors.last?.name == "model.norm.weight")
    for (a, b) in zip(layout.tensors, layout.tensors.dropFirst()) {
      #expect(a.range.upperBound == b.offset)
    }
    let untied = ParameterLayout(try shape(tied: false))
    #expect(untied.tensors.last?.name == "lm_head.weight" && untied.count == 260_032 + 512 * 64)
    #expect(untied.chunkCount == 2 && untied.range(ofChunk: 1) == 262_144..<292_800)
    #expect(untied.range(ofLayer: 4).upperBound == untied.tensor(named: "model.norm.weight")?.offset)
  }

  @Test func aBiasFollowsItsWeightInTheFlatOrder() throws {
    let plain = ParameterLayout(try shape()).tensors.map(\.name)
    for (bias, feedForward, biased) in [
      (LlamaShape.AttentionBias.queryKeyValue, false, ["q_proj", "k_proj", "v_proj"]),
      (.all, false, ["q_proj", "k_proj", "v_proj", "o_proj"]), (.absent, true, ["gate_proj", "up_proj", "down_proj"]),
    ] {
      let layout = ParameterLayout(try shape(bias: bias, feedForwardBias: feedForward))
      let expected = plain.flatMap { name in
        biased.contains { name.contains($0) } ? [name, name.replacing(".weight", with: ".bias")] : [name]
      }
      #expect(layout.tensors.map(\.name) == expected)
      for (a, b) in zip(layout.tensors, layout.tensors.dropFirst()) {
        #expect(a.range.upperBound == b.offset)
        if b.name.hasSuffix(".bias") { #expect(b.shape == [a.shape[0]]) }
      }
      #expect(layout.range(ofLayer: 4).upperBound == layout.tensor(named: "model.norm.weight")?.offset)
    }
  }

  @Test func onlyMatricesDecay() throws {
    let layout = ParameterLayout(try shape(bias: .all, feedForwardBias: true))
    let decaying = layout.decayingRanges
    for tensor in layout.tensors {
      let covered = decaying.contains { $0.contains(tensor.offset) && $0.contains(tensor.range.upperBound - 1) }
      #expect(covered == (tensor.name.hasSuffix(".weight") && !tensor.name.contains("norm")), "\(tensor.name)")
    }
    for (a, b) in zip(decaying, decaying.dropFirst()) {
      #expect(a.upperBound < b.lowerBound)
    }
  }

  @Test func rowsThatDoNotFitAreRefused() throws {
    let shape = try shape(context: 4)
    let cases: [(TokenRow, TokenRowError)] = [
      (TokenRow(tokens: [], targets: []), .empty),
      (TokenRow(tokens: [1], targets: []), .targetCount(found: 0, expected: 1)),
      (TokenRow(tokens: [1, 512], targets: [1, 1]), .token(512, index: 1, vocabularySize: 512)),
      (TokenRow(tokens: [-1], targets: [1]), .token(-1, index: 0, vocabularySize: 512)),
      (TokenRow(tokens: [1], targets: [-2]), .target(-2, index: 0, vocabularySize: 512)),
      (TokenRow(tokens: [1, 2], targets: [1, 1], documentStarts: [1]), .documentStarts),
      (TokenRow(tokens: [1, 2], targets: [1, 1], documentStarts: [0, 0]), .documentStarts),
      (TokenRow(tokens: [1, 2], targets: [1, 1], documentStarts: [0, 2]), .documentStarts),
      (TokenRow(tokens: [1, 2], targets: [1, 1], documentStarts: []), .documentStarts),
      (
        TokenRow(tokens: [1, 2, 3, 4, 5], targets: [1, 1, 1, 1, 1]),
        .documentTooLong(tokens: 5, contextLength: 4)
      ),
    ]
    for (row, expected) in cases {
      #expect(throws: expected) { try row.check(shape) }
    }
    try TokenRow(tokens: [1, 2, 3, 4, 5], targets: [1, 1, 1, 1, -1], documentStarts: [0, 2]).check(shape)
  }

  @Test func threadsMakeTheSameRandomWeights() throws {
    let layout = ParameterLayout(
      try LlamaShape(
        vocabularySize: 1001, dimension: 66, feedForwardDimension: 1003, layers: 2, heads: 3, keyValueHeads: 1,
        headDimension: 22, contextLength: 8))
    var alone = [Float](repeating: 0, count: layout.count)
    var shared = alone
    layout.initializeRandom(seed: 7, into: &alone)
    layout.initializeRandom(seed: 7, into: &shared, pool: ThreadPool(threads: 3))
    #expect(layout.count > 4 * 65_536 && alone == shared)
  }

  @Test func randomWeightsAreAFunctionOfSeedAndIndex() throws {
    let layout = ParameterLayout(try shape())
    var (a, b) = ([Float](repeating: 0, count: layout.count), [Float](repeating: 0, count: layout.count))
    layout.initializeRandom(seed: 1, into: &a)
    layout.initializeRandom(seed: 2, into: &b)
    #expect(a != b)
    let random = Philox4x32(seed: 1)
    for index in [0, 1, 2, 777, 32_768 + 64 + 3] {
      let (even, odd) = random.normals(UInt64(index / 2))
      #expect(a[index] == Float(0.02 * (index % 2 == 0 ? even : odd)))
    }
    let norm = try #require(layout.tensor(named: "model.norm.weight"))
    #expect(a[norm.range].allSatisfy { $0 == 1 })
    let biased = ParameterLayout(try shape(bias: .queryKeyValue))
    var c = [Float](repeating: 7, count: biased.count)
    biased.initializeRandom(seed: 1, into: &c)
    let bias = try #require(biased.tensor(named: "model.layers.2.self_attn.k_proj.bias"))
    #expect(c[bias.range].allSatisfy { $0 == 0 })
    let embedding = a[0..<32_768].map(Double.init)
    let variance = embedding.reduce(0) { $0 + $1 * $1 } / 32_768
    #expect(abs(variance.squareRoot() - 0.02) < 5e-4)
  }

  @Test func memoryGrowsWithParametersAndTokens() throws {
    let shape = try shape()
    let small = LlamaModel.memoryBytes(shape: shape, tokens: 128)
    #expect(small > 16 * 260_032)
    #expect(LlamaModel.memoryBytes(shape: shape, tokens: 256) > small)
    #expect(LlamaModel.activationBytes(shape: shape, tokens: 128) == small - 16 * 260_032)
  }
}
