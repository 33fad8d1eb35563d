import KernelTable
import Optimizers
import Testing

struct AdamWTests {
  private struct State: Equatable {
    var weights: [Float]
    var first: [Float]
    var second: [Float]

    init(_ count: Int) {
      let random = Philox4x32(seed: 3)
      weights = (0..<count).map { Float(random.normals(UInt64($0)).0) }
      first = [Float](repeating: 0, count: count)
      second = first
    }
  }

  private let optimizer: AdamW
  init() throws {
    optimizer = try AdamW(beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1)
  }

  private func gradient(_ step: Int, _ count: Int) -> [Float] {
    let random = Philox4x32(seed: UInt64(100 + step))
    return (0..<count).map { Float(40 * random.normals(UInt64($0)).0) }
  }

  /// Three updates over `pieces` of the flat range.
  private func run(_ count: Int, decaying: [Range<Int>], pieces: [Range<Int>], _ set: InstructionSet) throws -> State {
    let kernels = try Kernels(set)
    var state = State(count)
    FloatingPointMode.flushing {
      for step in 1...3 {
        let update = optimizer.update(step: step, rate: 1e-2, validTokens: 37, clipFactor: 0.5)
        let gradient = gradient(step, count)
        for piece in pieces {
          gradient.withUnsafeBufferPointer {
            guard let start = $0.baseAddress else { return }
            update.apply(
              to: piece, decaying: decaying, weights: &state.weights, first: &state.first, second: &state.second,
              gradient: start + piece.lowerBound, kernels: kernels)
          }
        }
      }
    }
    return state
  }

  @Test func equalsTheDefinitionInDouble() throws {
    let count = 137
    let decaying = [5..<60, 100..<137]
    let found = try run(count, decaying: decaying, pieces: [0..<count], InstructionSet.allCases[0])
    var (w, m, v) = (
      State(count).weights.map(Double.init), [Double](repeating: 0, count: count), [Double](repeating: 0, count: count)
    )
    for step in 1...3 {
      let g = gradient(step, count).map { Double($0) / 37 * 0.5 }
      let (b1, b2) = (step == 1 ? 0.9 : step == 2 ? 0.81 : 0.729, step == 1 ? 0.95 : step == 2 ? 0.9025 : 0.857375)
      for i in 0..<count {
        m[i] = 0.9 * m[i] + 0.1 * g[i]
        v[i] = 0.95 * v[i] + 0.05 * g[i] * g[i]
        if decaying.contains(where: { $0.contains(i) }) { w[i] -= 1e-2 * 0.1 * w[i] }
        w[i] -= 1e-2 * (m[i] / (1 - b1)) / ((v[i] / (1 - b2)).squareRoot() + 1e-8)
      }
    }
    for i in 0..<count {
      #expect(abs(Double(found.weights[i]) - w[i]) < 1e-6)
      #expect(abs(Double(found.first[i]) - m[i]) < 1e-6)
      #expect(abs(Double(found.second[i]) - v[i]) < 1e-6)
    }
  }

  /// The kernel's own definition in fp32, to the bit, at the edges of its vectors.
  @Test func everyElementIsTheScalarFormulaWhateverTheCount() throws {
    let scalars = AdamWScalars(
      divisor: 37, clip: 0.5, beta1: 0.9, oneMinusBeta1: 0.1, beta2: 0.95, oneMinusBeta2: 0.05, decay: 0.999,
      step: 0.02, rootScale: 3, epsilon: 1e-8)
    for count in [1, 2, 3, 7, 13, 15, 16, 17, 31, 47, 97, 1009] {
      for set in InstructionSet.allCases where set.isSupported {
        var (state, expected) = (State(count), State(count))
        let gradient = gradient(9, count)
        let kernels = try Kernels(set)
        FloatingPointMode.flushing {
          for _ in 0..<2 {
            kernels.adamW(
              count: count, weights: &state.weights, first: &state.first, second: &state.second, gradient: gradient,
              scalars)
            for i in 0..<count {
              let g = gradient[i] / 37 * 0.5
              expected.first[i] = expected.first[i] * 0.9 + g * 0.1
              expected.second[i] = expected.second[i] * 0.95 + g * g * 0.05
              let denominator = expected.second[i].squareRoot() * 3 + 1e-8
              expected.weights[i] = expected.weights[i] * 0.999 - 0.02 * (expected.first[i] / denominator)
            }
          }
        }
        #expect(state == expected, "\(count) on \(set)")
      }
    }
  }

  @Test func anyCutIntoRangesAndAnyBuildGivesTheSameBits() throws {
    let count = 1000
    let decaying = [17..<400, 401..<999]
    let whole = try run(count, decaying: decaying, pieces: [0..<count], InstructionSet.allCases[0])
    let cuts = [0, 1, 16, 17, 33, 400, 401, 777, 1000]
    let pieces = zip(cuts, cuts.dropFirst()).map { $0..<$1 }
    for set in InstructionSet.allCases where set.isSupported {
      #expect(try run(count, decaying: decaying, pieces: pieces.reversed(), set) == whole)
    }
  }

  @Test func clippingScalesToTheMaximumAndOnlyDown() {
    #expect(GradientClipping.norm(chunkSquaredNorms: [9, 16], validTokens: 5) == 1)
    #expect(GradientClipping.factor(norm: 4, maximum: 1) == 0.25)
    #expect(GradientClipping.factor(norm: 0.5, maximum: 1) == 1)
    #expect(GradientClipping.factor(norm: 100, maximum: nil) == 1)
    #expect(GradientClipping.factor(norm: 100, maximum: 0) == 1)
  }

  @Test func aNormThatIsNotANumberIsNotHidden() {
    #expect(GradientClipping.norm(chunkSquaredNorms: [1, .nan], validTokens: 1).isNaN)
  }

  @Test func senselessNumbersAreRefusedByTheirKey() {
    let cases: [(String, () throws -> AdamW)] = [
      ("betas[0]", { try AdamW(beta1: 1) }), ("betas[1]", { try AdamW(beta2: -0.1) }),
      ("epsilon", { try AdamW(epsilon: 0) }), ("weight_decay", { try AdamW(weightDecay: .infinity) }),
    ]
    for (key, make) in cases {
      let error = #expect(throws: RecipeError.self) { try make() }
      #expect(error?.key == key)
    }
  }
}
