import KernelTable
import Optimizers
import Testing
import TrainingSupport
import Transformer

/// What must not change a bit of losses, gradients and weights.
struct InvarianceTests {
  private let fixture: ReferenceFixture
  private let shape: LlamaShape
  private let weights: [Float]
  private let rows: [TokenRow]

  init() throws {
    fixture = try ReferenceFixture.load("tiny")
    shape = try fixture.model.shape()
    weights = try ReferenceFixture.floats("tiny.weights.f32")
    rows = fixture.rows.map(\.tokenRow)
  }

  /// The same model with the head tied to the embedding: two gradients meet in one tensor there.
  private func tied() throws -> (LlamaShape, [Float]) {
    let shape = try LlamaShape(
      vocabularySize: shape.vocabularySize, dimension: shape.dimension,
      feedForwardDimension: shape.feedForwardDimension, layers: shape.layers, heads: shape.heads,
      keyValueHeads: shape.keyValueHeads, headDimension: shape.headDimension, contextLength: shape.contextLength,
      ropeTheta: shape.ropeTheta, tiedEmbeddings: true)
    return (shape, Array(weights.prefix(ParameterLayout(shape).count)))
  }

  /// A model with every bias, and the plain and the tied one: what must hold of all.
  private func models() throws -> [(LlamaShape, [Float])] {
    let biased = try LlamaShape(
      vocabularySize: shape.vocabularySize, dimension: shape.dimension,
      feedForwardDimension: shape.feedForwardDimension, layers: shape.layers, heads: shape.heads,
      keyValueHeads: shape.keyValueHeads, headDimension: shape.headDimension, contextLength: shape.contextLength,
      attentionBias: .all, feedForwardBias: true)
    return [(shape, weights), try tied(), (biased, counterWeights(ParameterLayout(biased), seed: 8))]
  }

  private struct Outcome: Equatable {
    let losses: [RowLoss]
    let gradientHash: UInt64
  }

  private func outcome(_ training: Training, _ rows: [TokenRow]) -> Outcome {
    let losses = training.accumulate(rows)
    return Outcome(losses: losses, gradientHash: fnv(training.gradient))
  }

  @Test func threadsBuildsAndMicrobatchesDoNotMatter() throws {
    for (shape, weights) in try models() {
      let expected = outcome(try Training(shape, weights: weights, threads: 1, microbatch: 10_000), rows)
      for set in availableSets {
        for threads in [1, 2, 3, 7] {
          for microbatch in [1, 100, 200, 10_000] {
            let training = try Training(
              shape, weights: weights, threads: threads, instructionSet: set, microbatch: microbatch)
            #expect(
              outcome(training, rows) == expected,
              "\(set), \(threads) threads, \(microbatch) tokens a microbatch, tied \(shape.tiedEmbeddings)")
          }
        }
      }
    }
  }

  @Test func layersComputedAgainGiveTheSameBits() throws {
    for (shape, weights) in try models() {
      let expected = outcome(try Training(shape, weights: weights, threads: 1, microbatch: 10_000), rows)
      for set in availableSets {
        for microbatch in [1, 200, 10_000] {
          let training = try Training(
            shape, weights: weights, threads: 3, instructionSet: set, microbatch: microbatch, recomputes: true)
          #expect(outcome(training, rows) == expected, "\(set), \(microbatch) tokens a microbatch")
        }
      }
    }
    #expect(
      LlamaModel.activationBytes(shape: shape, tokens: 512, recomputes: true)
        < LlamaModel.activationBytes(shape: shape, tokens: 512))
  }

  @Test func ignoredTargetsAmongOthersDoNotMatterToTheirTokens() throws {
    // Every third target ignored: each token's loss stays what it is, and so does their sum.
    let row = rows[0]
    var masked = row
    for index in row.targets.indices where index % 3 == 1 { masked.targets[index] = -1 }
    let model = try Training(shape, weights: weights).model
    let sum = row.targets.indices.reduce(0.0) { sum, index in
      guard masked.targets[index] >= 0 else { return sum }
      var one = row
      one.targets = row.targets.indices.map { $0 == index ? row.targets[$0] : -1 }
      return sum + model.losses(weights: weights, rows: [one])[0].sum
    }
    let found = model.losses(weights: weights, rows: [masked])[0]
    #expect(found.sum == sum)
    #expect(found.validTokens == masked.validTokens)
  }

  @Test func bfloat16WeightsComputeWhatTheirFloatsCompute() throws {
    for (shape, weights) in try models() {
      let stored = weights.map { UInt16($0.bitPattern >> 16) }
      let widened = stored.map { Float(bitPattern: UInt32($0) << 16) }
      let expected = try Training(shape, weights: widened, threads: 1).model
      for set in availableSets {
        for threads in [1, 3] {
          let training = try Training(shape, weights: widened, threads: threads, instructionSet: set)
          stored.withUnsafeBufferPointer { stored in
            let frozen = LlamaWeights(
              bfloat16: stored.baseAddress!, layout: training.model.layout, kernels: training.kernels)
            #expect(
              training.model.losses(weights: frozen, rows: rows) == expected.losses(weights: widened, rows: rows))
            #expect(
              fnv(training.model.logits(weights: frozen, row: rows[0]))
                == fnv(expected.logits(weights: widened, row: rows[0])))
          }
        }
      }
    }
  }

  @Test func buffersKeptFromLargerRowsDoNotMatter() throws {
    let training = try Training(shape, weights: weights)
    let fresh = try Training(shape, weights: weights)
    training.accumulate(rows)
    training.gradient = [Float](repeating: 0, count: training.gradient.count)
    #expect(outcome(training, [rows[2]]) == outcome(fresh, [rows[2]]))
  }

  @Test func aRowsLossDoesNotDependOnItsCompany() throws {
    let training = try Training(shape, weights: weights)
    let together = training.accumulate(rows)
    for (row, loss) in zip(rows, together) {
      #expect(training.model.losses(weights: weights, rows: [row]) == [loss])
    }
    #expect(training.model.losses(weights: weights, rows: rows.reversed()) == together.reversed())
  }

  @Test func aDocumentsLossDoesNotDependOnWhereItIsPacked() throws {
    let model = try Training(shape, weights: weights).model
    let document = Array(rows[1].tokens.prefix(53))
    let targets = Array(document.dropFirst()) + [-1]
    let alone = model.losses(weights: weights, rows: [TokenRow(tokens: document, targets: targets)])
    for offset in [1, 15, 16, 48, 70] {
      let before = (0..<offset).map { Int32($0 * 5 % 96) }
      let packed = TokenRow(
        tokens: before + document + [1, 2, 3],
        targets: [Int32](repeating: -1, count: offset) + targets + [-1, -1, -1],
        documentStarts: [0, offset, offset + document.count])
      #expect(model.losses(weights: weights, rows: [packed]) == alone, "packed at \(offset)")
    }
  }

  @Test func theGradientOfASumIsAddedOnTop() throws {
    let training = try Training(shape, weights: weights)
    training.accumulate([rows[0]])
    let first = training.gradient
    training.accumulate([rows[1]])
    let fresh = try Training(shape, weights: weights)
    fresh.accumulate([rows[1]])
    let off = zip(zip(first, fresh.gradient), training.gradient).reduce(Float(0)) {
      max($0, abs($1.0.0 + $1.0.1 - $1.1))
    }
    #expect(off < 1e-3)
  }

  @Test func readyRangesCoverTheGradientOnceInOrderAndAreFinal() throws {
    for (shape, weights) in try models() {
      let kernels = try Kernels.forThisProcessor()
      let model = LlamaModel(
        shape: shape, pool: ThreadPool(threads: 2), kernels: kernels, maximumTokensPerMicrobatch: 100)
      let layout = model.layout
      let gradient = FloatBuffer(count: layout.count)
      var ranges: [Range<Int>] = []
      var copies: [[Float]] = []
      _ = model.accumulateGradient(weights: weights, gradient: gradient.start, rows: rows) { range in
        ranges.append(range)
        copies.append(range.map { gradient.start[$0] })
      }
      let norm = try #require(layout.tensor(named: "model.norm.weight")).range
      let embedding = try #require(layout.tensor(named: "model.embed_tokens.weight")).range
      var expected = [norm] + (0..<shape.layers).reversed().map(layout.range(ofLayer:)) + [embedding]
      if let head = layout.tensor(named: "lm_head.weight") { expected.insert(head.range, at: 0) }
      #expect(ranges == expected)
      #expect(
        ranges.sorted { $0.lowerBound < $1.lowerBound }.reduce(0) { $1.lowerBound == $0 ? $1.upperBound : -1 }
          == layout.count)
      for (range, copy) in zip(ranges, copies) {
        #expect(range.map { gradient.start[$0] } == copy, "\(range) changed after it was called ready")
      }
    }
  }

  @Test func aRowWithoutValidTargetsHasNoLossAndNoGradient() throws {
    let training = try Training(shape, weights: weights)
    let row = TokenRow(tokens: [1, 2, 3], targets: [-1, -1, -1])
    #expect(training.accumulate([row]) == [RowLoss(sum: 0, validTokens: 0)])
    #expect(training.gradient.allSatisfy { $0 == 0 })
  }

  @Test func weightsThatAreNotANumberShowInTheLoss() throws {
    var broken = weights
    broken[ParameterLayout(shape).range(ofLayer: 1).lowerBound] = .nan
    let training = try Training(shape, weights: broken)
    #expect(training.accumulate([rows[0]])[0].sum.isNaN)
  }
}
