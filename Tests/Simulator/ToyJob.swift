import GradientExchange
import WireProtocol

/// A model of a few chunks whose training has every property that matters here: the gradient of a slice is a function
/// of state, step and slice; sums round at every node, so the order of additions shows; the state after a step depends
/// on every bit of every sum before it.
struct ToyJob {
  let gradientChunkCount: Int
  let sliceCount: UInt32
  let stepCount: UInt64
  let evaluationRowCount: UInt32
  let initial: [UInt64]

  typealias Sum = SIMD4<Float>

  init(gradientChunkCount: Int, sliceCount: UInt32, stepCount: UInt64, evaluationRowCount: UInt32, salt: UInt64) {
    self.gradientChunkCount = gradientChunkCount
    self.sliceCount = sliceCount
    self.stepCount = stepCount
    self.evaluationRowCount = evaluationRowCount
    initial = (0..<UInt64(gradientChunkCount)).map { Choices.mixed(salt &+ $0 &* 977) }
  }

  // MARK: Arithmetic

  /// Small integers; the statistics chunk (the one after the last) looks at all chunks.
  func leaf(_ state: [UInt64], step: UInt64, chunk: Int, slice: UInt32) -> Sum {
    let base = chunk < state.count ? state[chunk] : state.reduce(1) { Choices.mixed($0 ^ $1) }
    let bits = Choices.mixed(base &+ step &* 0x1_0001 &+ UInt64(slice) &* 0x9E37_79B9)
    func lane(_ shift: UInt64) -> Float { Float(Int((bits >> shift) & 0xFFF) - 2048) }
    return Sum(lane(0), lane(16), lane(32), lane(48))
  }

  /// Rounded to eight bits of fraction as bf16 is, to nearest with ties to even: far from associative.
  static func added(_ left: Sum, _ right: Sum) -> Sum {
    let sum = left + right
    var rounded = Sum()
    for lane in 0..<4 {
      let bits = sum[lane].bitPattern
      let nearest = bits &+ 0x7FFF &+ ((bits >> 16) & 1)
      rounded[lane] = Float(bitPattern: nearest & 0xFFFF_0000)
    }
    return rounded
  }

  func node(_ state: [UInt64], step: UInt64, chunk: Int, _ range: SliceRange) -> Sum {
    if range.count == 1 { return leaf(state, step: step, chunk: chunk, slice: range.lower) }
    let (left, right) = CanonicalTree.children(of: range)
    return ToyJob.added(
      node(state, step: step, chunk: chunk, left), node(state, step: step, chunk: chunk, right))
  }

  static func bits(_ sum: Sum) -> UInt64 {
    (0..<4).reduce(7) { Choices.mixed($0 &* 31 &+ UInt64(sum[$1].bitPattern)) }
  }

  func applied(_ state: [UInt64], step: UInt64, roots: [Sum]) -> [UInt64] {
    let statistics = ToyJob.bits(roots[gradientChunkCount])
    return state.indices.map { Choices.mixed(state[$0] ^ ToyJob.bits(roots[$0]) &+ statistics &+ step) }
  }

  static func digest(_ words: [UInt64]) -> Digest {
    var bytes: [UInt8] = []
    for lane in 0..<UInt64(4) {
      var word = words.reduce(lane &+ 1) { Choices.mixed($0 &* 3 ^ $1) }
      for _ in 0..<8 {
        bytes.append(UInt8(truncatingIfNeeded: word))
        word >>= 8
      }
    }
    return Digest(bytes) ?? .zero
  }

  func stepDigest(_ roots: [Sum]) -> Digest { ToyJob.digest(roots.map(ToyJob.bits)) }

  /// One row has two measures and the next one, so that rows differ.
  func measures(_ state: [UInt64], row: UInt32) -> [RowMeasure] {
    let bits = Choices.mixed(state.reduce(UInt64(row)) { Choices.mixed($0 ^ $1) })
    // Thirds, so that a sum in another order has other bits.
    let first = RowMeasure(row: row, measure: 0, sum: Double(bits & 0xFFFF) / 3, weight: 10, byteCount: 11)
    guard row % 2 == 0 else { return [first] }
    return [first, RowMeasure(row: row, measure: 1, sum: Double(bits >> 48) / 7, weight: 5, byteCount: 6)]
  }

  func evaluation(_ state: [UInt64]) -> [MeasureTotal] {
    var totals = (0..<UInt16(2)).map { MeasureTotal(measure: $0, sum: 0, weight: 0, byteCount: 0) }
    for measure in (0..<evaluationRowCount).flatMap({ measures(state, row: $0) }) {
      let old = totals[Int(measure.measure)]
      totals[Int(measure.measure)] = MeasureTotal(
        measure: measure.measure, sum: old.sum + measure.sum, weight: old.weight + measure.weight,
        byteCount: old.byteCount + measure.byteCount)
    }
    return totals
  }

  // MARK: Reference

  /// What one worker alone computes, without any protocol: the states after every step, and the chain digests.
  func reference() -> (states: [[UInt64]], chains: [Digest]) {
    var states = [initial]
    var chains = [Digest.zero]
    for step in 1...stepCount {
      let state = states[states.count - 1]
      let roots = (0...gradientChunkCount).map {
        node(state, step: step, chunk: $0, SliceRange(0, sliceCount))
      }
      states.append(applied(state, step: step, roots: roots))
      chains.append(chains[chains.count - 1].chained(with: stepDigest(roots)))
    }
    return (states, chains)
  }
}
