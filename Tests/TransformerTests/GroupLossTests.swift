import KernelTable
import Testing
import TrainingSupport
import Transformer

/// Losses over groups of rows, as preference learning has them.
struct GroupLossTests {
  private let shape: LlamaShape
  private let weights: [Float]
  private let rows: [TokenRow]
  /// Of a pair's losses: ln(1 + exp(a − b)) and its derivatives.
  private let pairLoss: @Sendable ([Double]) -> Double = { BitwiseMath.log(1 + BitwiseMath.exp($0[0] - $0[1])) }
  private let factors: @Sendable (Int, [RowLoss]) -> [Float] = { _, losses in
    let slope = 1 / (1 + BitwiseMath.exp(losses[1].sum - losses[0].sum))
    return [Float(slope), Float(-slope)]
  }

  init() throws {
    shape = try LlamaShape(
      vocabularySize: 11, dimension: 6, feedForwardDimension: 7, layers: 2, heads: 4, keyValueHeads: 2,
      headDimension: 4, contextLength: 64, ropeTheta: 100, tiedEmbeddings: true)
    let random = Philox4x32(seed: 78)
    weights = (0..<ParameterLayout(shape).count).map { Float(0.4 * random.normals(UInt64($0)).0 + 0.1) }
    func row(_ tokens: [Int32], prompt: Int) -> TokenRow {
      let targets = (1..<tokens.count).map { $0 < prompt ? -1 : tokens[$0] }
      return TokenRow(tokens: Array(tokens.dropLast()), targets: targets)
    }
    rows = [
      row([1, 5, 3, 10, 0, 7], prompt: 3), row([1, 5, 3, 2, 9, 9, 4, 8], prompt: 3),
      row([6, 6, 2, 1], prompt: 1), row([6, 0, 10], prompt: 1),
    ]
  }

  private func gradient(
    threads: Int = 2, set: InstructionSet? = nil, microbatch: Int = 512,
    _ factors: (Int, [RowLoss]) -> [Float]
  ) throws -> (losses: [RowLoss], gradient: [Float]) {
    let training = try Training(shape, weights: weights, threads: threads, instructionSet: set, microbatch: microbatch)
    let losses = training.model.accumulateGradient(
      weights: training.weights, gradient: &training.gradient, rows: rows, group: 2, factors: factors)
    return (losses, training.gradient)
  }

  @Test func gradientsAreTheSlopesOfTheGroupsLosses() throws {
    let (_, gradient) = try gradient(factors)
    let twin = NaiveLlama(shape)
    let wide = weights.map(Double.init)
    func loss(_ weights: [Double]) -> Double {
      stride(from: 0, to: rows.count, by: 2).reduce(0) { sum, first in
        sum + pairLoss([twin.loss(weights, rows[first]), twin.loss(weights, rows[first + 1])])
      }
    }
    let step = 1e-5
    for tensor in ParameterLayout(shape).tensors {
      var (difference, size) = (0.0, 0.0)
      for place in 0..<5 {
        let index = tensor.offset + tensor.count * place / 5
        var (up, down) = (wide, wide)
        up[index] += step
        down[index] -= step
        let slope = (loss(up) - loss(down)) / (2 * step)
        difference += (Double(gradient[index]) - slope) * (Double(gradient[index]) - slope)
        size += slope * slope
      }
      #expect(difference.squareRoot() <= 1e-4 * size.squareRoot() + 1e-6, "\(tensor.name)")
    }
  }

  @Test func threadsBuildsAndMicrobatchesDoNotMatter() throws {
    let expected = try gradient(threads: 1, factors)
    for set in availableSets {
      for threads in [1, 3] {
        for microbatch in [1, 12, 512] {
          let found = try gradient(threads: threads, set: set, microbatch: microbatch, factors)
          #expect(found.losses == expected.losses && fnv(found.gradient) == fnv(expected.gradient))
        }
      }
    }
  }

  @Test func factorsOfOneGiveTheBitsOfThePlainSum() throws {
    let plain = try Training(shape, weights: weights)
    let losses = plain.accumulate(rows)
    let found = try gradient { _, _ in [1, 1] }
    #expect(found.losses == losses && fnv(found.gradient) == fnv(plain.gradient))
  }
}
