import Checkpoints
import Foundation
import Inference
import KernelTable
import Testing
import TrainingJobs
import TrainingSupport
import Transformer

/// Weights that stay as small as they are stored compute what their floats compute.
struct StoredModelTests {
  private func expectTrainingsBits(_ path: String, tokens count: Int) throws {
    let source = try openModel(path)
    let shape = try LlamaShape(source.configuration)
    let layout = ParameterLayout(shape)
    var floats = [Float](repeating: 0, count: layout.count)
    try floats.withUnsafeMutableBufferPointer { try source.loadWeights(layout.placements, into: $0) }
    let tokens = Models.tokens(count, vocabulary: shape.vocabularySize, seed: 2)
    let pool = ThreadPool(threads: 2)
    for kernels in Models.kernels {
      let model = InferenceModel(
        try InferenceWeights(source, shape: shape, kernels: kernels, pool: pool), kernels: kernels, pool: pool,
        options: .init(batchTokens: 7))
      #expect(
        sameBits(try model.logits(tokens), Models.reference(shape, floats, tokens, kernels)),
        "\(path), \(model.weights.storage), \(kernels.instructionSet)")
    }
  }

  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "CheckpointTests/Fixtures").path

  @Test func filesOfFloatsGiveTrainingsBits() throws {
    for name in ["tiny", "gguf/tiny-llama.gguf", "gguf/tiny-qwen2.gguf"] {
      try expectTrainingsBits(Self.fixtures + "/" + name, tokens: 24)
    }
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["ADMIX_TEST_SMOLLM2"] != nil))
  func aQuantizedModelGivesTheBitsOfItsFloats() throws {
    try expectTrainingsBits(try #require(ProcessInfo.processInfo.environment["ADMIX_TEST_SMOLLM2"]), tokens: 40)
  }

  @Test func bfloat16InMemoryGivesTheBitsOfItsFloats() throws {
    let shape = try Models.shape(bias: .queryKeyValue)
    let halves = counterWeights(ParameterLayout(shape), seed: 8).map { UInt16($0.bitPattern >> 16) }
    let floats = halves.map { Float(bitPattern: UInt32($0) << 16) }
    let tokens = Models.tokens(50, vocabulary: shape.vocabularySize, seed: 2)
    let pool = ThreadPool(threads: 2)
    for kernels in Models.kernels {
      let weights = InferenceWeights(bfloat16: halves, shape: shape, kernels: kernels, pool: pool)
      let model = InferenceModel(weights, kernels: kernels, pool: pool, options: .init(batchTokens: 9))
      #expect(sameBits(try model.logits(tokens), Models.reference(shape, floats, tokens, kernels)))
    }
  }
}
