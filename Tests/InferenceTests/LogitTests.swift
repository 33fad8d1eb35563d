import Inference
import KernelTable
import Testing
import TrainingSupport
import Transformer

struct LogitTests {
  @Test func logitsAreThoseOfTrainingBitForBitWhereverThePromptIsCut() throws {
    for (index, shape) in try Models.shapes().enumerated() {
      let weights = counterWeights(ParameterLayout(shape), seed: UInt64(index))
      let tokens = Models.tokens(101, vocabulary: shape.vocabularySize, seed: UInt64(index))
      for kernels in Models.kernels {
        let expected = Models.reference(shape, weights, tokens, kernels)
        for (threads, batchTokens) in [(1, 1), (2, 3), (3, 17), (2, 48), (2, 101)] {
          let pool = ThreadPool(threads: threads)
          let model = Models.inference(
            shape, weights, kernels, pool, .init(cacheBytes: 16 << 20, batchTokens: batchTokens))
          let found = try model.logits(tokens)
          #expect(
            sameBits(found, expected),
            "shape \(index), \(kernels.instructionSet), \(threads) threads, \(batchTokens) tokens at a time")
        }
      }
    }
  }
}
