import JobKit
import KernelTable
import Testing
import Transformer

@testable import TrainingJobs

/// A runner looks at its host's memory before it takes any.
struct MemoryTests {
  private let shape = Result {
    try LlamaShape(
      vocabularySize: 128_256, dimension: 4096, feedForwardDimension: 14_336, layers: 32, heads: 32, keyValueHeads: 8,
      headDimension: 128, contextLength: 8192)
  }
  private let recipe = Recipe(
    steps: 1, sequenceLength: 8192, globalBatchSize: 8, learningRate: 1e-5, schedule: .cosine, warmupSteps: 0,
    minimumRateRatio: 0.1, weightDecay: 0.1, betas: [0.9, 0.95], epsilon: 1e-8, clipNorm: 1, seed: 1,
    arithmetic: .fp32, slices: 8, exchange: "bf16", recomputation: nil)

  @Test func aModelThatDoesNotFitIsRefusedWithTheFigures() throws {
    let shape = try shape.get()
    let parameters = ParameterLayout(shape).count
    #expect(TrainedModel.stateBytes(shape: shape, recipe: recipe) > 16 * UInt64(parameters))
    let memory = try HostMemory.now(limit: "24000000000")
    let error = #expect(throws: HostUnfit.self) {
      try TrainedModel.requireMemory(shape: shape, recipe: recipe, memory: memory)
    }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("a model of \(parameters) parameters makes every worker hold "), "\(text)")
    #expect(text.contains("and this host has ") && text.contains("use a host with more memory"), "\(text)")
  }

  @Test func oneThatFitsIsNot() throws {
    var memory = try HostMemory.now(limit: nil)
    memory.availableBytes = TrainedModel.stateBytes(shape: try shape.get(), recipe: recipe)
    try TrainedModel.requireMemory(shape: try shape.get(), recipe: recipe, memory: memory)
    memory.availableBytes -= 1
    #expect(throws: HostUnfit.self) {
      try TrainedModel.requireMemory(shape: try shape.get(), recipe: recipe, memory: memory)
    }
  }
}
