import KernelTable
public import Transformer

/// Weights as scripts/fixtures/counter_random.py makes them: parameter i of the flat order is a function of (seed, i),
/// and exact in fp32. Matrices are uniform with a power of two near 1 / √inputs as bound, norms 1 ± 1/4, biases ± 1/4.
public func counterWeights(_ layout: ParameterLayout, seed: UInt64) -> [Float] {
  let random = Philox4x32(seed: seed)
  var weights: [Float] = []
  weights.reserveCapacity(layout.count)
  for tensor in layout.tensors {
    let inputs = tensor.shape.count == 2 ? tensor.shape[1] : 0
    let bound = Float(sign: .plus, exponent: -((Int.bitWidth - inputs.leadingZeroBitCount) / 2), significand: 1)
    for index in tensor.range {
      let words = random.block(SIMD4(UInt32(truncatingIfNeeded: index / 4), 0, 0, 0))
      let unit = Float(Int32(words[index % 4] >> 8) - (1 << 23)) * 0x1p-23
      switch (inputs, tensor.name.hasSuffix(".bias")) {
      case (1..., _): weights.append(unit * bound)
      case (_, true): weights.append(unit * 0.25)
      case (_, false): weights.append(1 + unit * 0.25)
      }
    }
  }
  return weights
}

/// What stands for a tensor in a fixture: its L2 norm and its products with random directions. Why that suffices to
/// bound the error of all elements: `summary` in scripts/fixtures/counter_random.py.
public struct TensorSummary: Codable, Sendable {
  public let norm: Double
  public let projections: [Double]

  /// Directions of every tensor.
  public static let directions = 32
  private static let key: UInt64 = 20260
  private static let sampleKey: UInt64 = 20261

  public init(_ values: some RandomAccessCollection<Float>) {
    let random = Philox4x32(seed: Self.key)
    let scale = 3.0.squareRoot()
    var squares = 0.0
    var sums = [SIMD4<Double>](repeating: SIMD4(), count: Self.directions / 4)
    for (index, value) in values.enumerated() {
      let wide = Double(value)
      squares += wide * wide
      if value == 0 { continue }
      for block in sums.indices {
        let words = random.block(SIMD4(UInt32(truncatingIfNeeded: index), UInt32(block), 0, 0))
        sums[block] += wide * (((SIMD4<Double>(words) + 0.5) * 0x1p-31 - 1) * scale)
      }
    }
    norm = squares.squareRoot()
    projections = sums.flatMap { sum in (0..<4).map { sum[$0] } }
  }

  /// The root mean square of the projections' differences, over the other's norm: the test statistic. It estimates the
  /// relative L2 error of the tensor.
  public func deviation(from reference: TensorSummary) -> Double {
    guard projections.count == Self.directions, reference.projections.count == Self.directions else {
      return .infinity
    }
    let squares = zip(projections, reference.projections).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return (squares / Double(Self.directions)).squareRoot() / reference.norm
  }

  /// Places of a sample of `count` elements of `size`.
  public static func samplePlaces(_ count: Int, of size: Int) -> [Int] {
    let random = Philox4x32(seed: sampleKey)
    return (0..<count).map { index in
      let word = random.block(SIMD4(UInt32(truncatingIfNeeded: index), 0, 0, 0))[0]
      return Int((UInt64(word) * UInt64(size)) >> 32)
    }
  }
}
