import Corpora
import Foundation
import KernelTable
import Testing
import TrainingSupport
import Transformer

@testable import TrainingJobs

/// What TRL's trainers compute in fp32 on the same tokens and weights, by `scripts/fixtures/trl_reference.py`.
@Suite("Losses and gradients equal TRL's")
struct TRLTests {
  struct Fixture: Decodable {
    struct Sequence: Decodable {
      let tokens: [Int32]
      let learned: [Bool]
    }
    struct SFT: Decodable {
      let sequences: [Sequence]
      let loss: Double
      let gradients: [String: TensorSummary]
    }
    struct DPO: Decodable {
      struct Pair: Decodable {
        let sequences: [Sequence]
        let loss: Double
        let rewards: [Double]
        let logps: [Double]
      }
      let beta: Double
      let smoothing: Double
      let pairs: [Pair]
      let loss: Double
      let gradients: [String: TensorSummary]
    }
    let referenceScale: Float
    let sft: SFT
    let dpo: [DPO]
  }

  private let fixture: Fixture
  private let shape: LlamaShape
  private let weights: [Float]

  init() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    fixture = try JSONDecoder().decode(
      Fixture.self, from: Data(contentsOf: tests.appendingPathComponent("TrainingJobTests/Fixtures/trl.json")))
    // Tests/TransformerTests/Fixtures/tiny.json.
    shape = try LlamaShape(
      vocabularySize: 96, dimension: 32, feedForwardDimension: 76, layers: 2, heads: 4, keyValueHeads: 2,
      headDimension: 10, contextLength: 256, ropeTheta: 500,
      ropeScaling: .llama3(
        factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 32),
      normEpsilon: 1e-6, tiedEmbeddings: false)
    let bytes = try Data(contentsOf: tests.appendingPathComponent("TransformerTests/Fixtures/tiny.weights.f32"))
    weights = bytes.withUnsafeBytes { raw in
      (0..<raw.count / 4).map { Float(bitPattern: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
    }
  }

  private func row(_ sequence: Fixture.Sequence) -> TokenRow {
    packedRow([LearnedTokens(tokens: sequence.tokens, isLearned: sequence.learned)])
  }

  /// Every tensor within 1e-4 of TRL's, relative to its norm, once the sum is divided.
  private func compare(_ gradient: [Float], over divisor: Float, _ expected: [String: TensorSummary]) {
    let layout = ParameterLayout(shape)
    #expect(expected.count == layout.tensors.count)
    for tensor in layout.tensors {
      guard let reference = expected[tensor.name] else {
        Issue.record("the fixture has no \(tensor.name)")
        continue
      }
      let found = TensorSummary(gradient[tensor.range].map { $0 / divisor })
      #expect(found.deviation(from: reference) < 1e-4, "\(tensor.name): \(found.deviation(from: reference))")
    }
  }

  @Test("SFT: the mean over the answers' tokens, packed or not", arguments: [true, false])
  func sft(packed: Bool) throws {
    let expected = fixture.sft
    let training = try Training(shape, weights: weights)
    let texts = expected.sequences.map { LearnedTokens(tokens: $0.tokens, isLearned: $0.learned) }
    let losses = training.accumulate(packed ? [packedRow(texts)] : texts.map { packedRow([$0]) })
    let tokens = losses.reduce(0) { $0 + $1.validTokens }
    #expect(tokens == expected.sequences.reduce(0) { $0 + $1.learned.dropFirst().count { $0 } })
    let loss = losses.reduce(0) { $0 + $1.sum } / Double(tokens)
    #expect(abs(loss - expected.loss) < 1e-4 * expected.loss, "\(loss) for \(expected.loss)")
    compare(training.gradient, over: Float(tokens), expected.gradients)
  }

  @Test("DPO: sigmoid loss, rewards and the gradient through both answers", arguments: [0, 1])
  func dpo(number: Int) throws {
    let expected = fixture.dpo[number]
    let preference = PreferencePayload(
      beta: expected.beta, labelSmoothing: expected.smoothing, referenceTrees: [:])
    let reference = try Training(shape, weights: weights.map { $0 * fixture.referenceScale })
    let rows = expected.pairs.flatMap { $0.sequences.map(row) }
    let known = reference.model.losses(weights: reference.weights, rows: rows)
    let training = try Training(shape, weights: weights)
    func loss(_ pair: Int, _ losses: [RowLoss]) -> PreferenceLoss {
      PreferenceLoss(
        preference, chosen: -losses[0].sum, rejected: -losses[1].sum,
        reference: (-known[2 * pair].sum, -known[2 * pair + 1].sum))
    }
    let losses = training.model.accumulateGradient(
      weights: training.weights, gradient: &training.gradient, rows: rows, group: 2,
      factors: { pair, losses in
        let slope = Float(loss(pair, losses).slope)
        return [-slope, slope]
      })
    for (number, pair) in expected.pairs.enumerated() {
      let found = loss(number, Array(losses[2 * number..<2 * number + 2]))
      #expect(abs(found.loss - pair.loss) < 1e-4 * max(1, pair.loss), "\(found.loss) for \(pair.loss)")
      #expect(abs(found.chosenReward - pair.rewards[0]) < 1e-4 * max(1, abs(pair.rewards[0])))
      #expect(abs(found.rejectedReward - pair.rewards[1]) < 1e-4 * max(1, abs(pair.rewards[1])))
      #expect(abs(losses[2 * number].sum + pair.logps[0]) < 1e-4 * abs(pair.logps[0]))
    }
    compare(training.gradient, over: 1, expected.gradients)
  }
}
