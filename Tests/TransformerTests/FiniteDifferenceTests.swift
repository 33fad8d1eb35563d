import KernelTable
import Testing
import TrainingSupport
import Transformer

/// Losses and gradients against the naive twin in Double: PyTorch could share a mistake of ours, calculus cannot.
struct FiniteDifferenceTests {
  private func check(
    tied: Bool = false, scaling: LlamaShape.RopeScaling? = nil, bias: LlamaShape.AttentionBias = .absent,
    feedForwardBias: Bool = false
  ) throws {
    let shape = try LlamaShape(
      vocabularySize: 11, dimension: 6, feedForwardDimension: 7, layers: 2, heads: 4, keyValueHeads: 2,
      headDimension: 4, contextLength: 64, ropeTheta: 100, ropeScaling: scaling, tiedEmbeddings: tied,
      attentionBias: bias, feedForwardBias: feedForwardBias)
    let layout = ParameterLayout(shape)
    let random = Philox4x32(seed: 77)
    let weights = (0..<layout.count).map { Float(0.4 * random.normals(UInt64($0)).0 + 0.1) }
    let row = TokenRow(
      tokens: [1, 5, 3, 10, 0, 7, 7, 2, 9], targets: [5, 3, -1, 0, 7, 7, 2, 9, 4], documentStarts: [0, 4, 5])
    let training = try Training(shape, weights: weights)
    let loss = training.accumulate([row])[0].sum
    let twin = NaiveLlama(shape)
    let wide = weights.map(Double.init)
    #expect(abs(loss - twin.loss(wide, row)) < 1e-5)

    let step = 1e-5
    for tensor in layout.tensors {
      var (difference, size) = (0.0, 0.0)
      // Five parameters of each tensor, spread over it.
      for place in 0..<5 {
        let index = tensor.offset + tensor.count * place / 5
        var (up, down) = (wide, wide)
        up[index] += step
        down[index] -= step
        let slope = (twin.loss(up, row) - twin.loss(down, row)) / (2 * step)
        let error = Double(training.gradient[index]) - slope
        difference += error * error
        size += slope * slope
      }
      #expect(difference.squareRoot() <= 1e-4 * size.squareRoot() + 1e-6, "\(tensor.name)")
    }
  }

  @Test func gradientsAreTheSlopesOfTheLoss() throws {
    try check()
    try check(tied: true)
    try check(scaling: .llama3(factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 16))
    try check(scaling: .linear(factor: 3))
  }

  @Test func gradientsOfBiasesAreTheSlopesOfTheLoss() throws {
    try check(bias: .queryKeyValue)
    try check(tied: true, bias: .all, feedForwardBias: true)
  }
}
