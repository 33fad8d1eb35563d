public import KernelTable

/// A model's parameters in flat order, as they are stored. Products widen the matrices that they read, the embedding's
/// rows are widened when they are taken, norms and biases at once: every storage computes what its fp32 values would.
public struct LlamaWeights {
  private let matrices: WeightSource
  /// Norms and biases in fp32, where the matrices are not, and where in it those of each flat offset begin.
  private let norms: FloatBuffer?
  private let normPlaces: [Int: Int]

  /// `layout.count` floats, which must outlive the value.
  public init(_ weights: UnsafePointer<Float>) {
    matrices = .fp32(weights)
    norms = nil
    normPlaces = [:]
  }

  /// `layout.count` bfloat16 values, which must outlive the value. For forward passes: frozen.
  public init(bfloat16 weights: UnsafePointer<UInt16>, layout: ParameterLayout, kernels: Kernels) {
    matrices = .bf16(weights)
    let vectors = layout.tensors.filter { $0.shape.count == 1 }
    let widened = FloatBuffer(count: vectors.reduce(0) { $0 + $1.count })
    var places: [Int: Int] = [:]
    var place = 0
    for vector in vectors {
      kernels.widenBFloat16(count: vector.count, weights + vector.offset, into: widened.start + place)
      places[vector.offset] = place
      place += vector.count
    }
    norms = widened
    normPlaces = places
  }

  /// The matrix at a flat offset.
  func matrix(_ offset: Int) -> WeightSource { matrices + offset }

  /// The norm's weight or the bias at a flat offset.
  func vector(_ offset: Int) -> UnsafePointer<Float> {
    if case .fp32(let weights) = matrices { return weights + offset }
    guard let norms, let place = normPlaces[offset] else {
      preconditionFailure("no vector begins at parameter \(offset)")
    }
    return UnsafePointer(norms.start + place)
  }
}
