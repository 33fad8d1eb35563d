/// A linear layer's forward product: output[T, width] = input · weight[width, in]ᵀ.
public struct Projection {
  let weight: WeightSource
  let width: Int
  let output: UnsafeMutablePointer<Float>

  public init(_ weight: WeightSource, width: Int, into output: UnsafeMutablePointer<Float>) {
    self.weight = weight
    self.width = width
    self.output = output
  }
}

/// A linear layer's gradient on its way back: the part of dInput that comes through weight[width, in] from
/// dOutput[T, width].
public struct BackProjection {
  let dOutput: UnsafePointer<Float>
  let width: Int
  let weight: WeightSource

  public init(_ dOutput: UnsafePointer<Float>, width: Int, weight: WeightSource) {
    self.dOutput = dOutput
    self.width = width
    self.weight = weight
  }
}

/// The gradient of weight[width, in]: dWeight += dOutput[T, width]ᵀ · input.
public struct WeightGradient {
  let dOutput: UnsafePointer<Float>
  let width: Int
  let dWeight: UnsafeMutablePointer<Float>

  public init(_ dOutput: UnsafePointer<Float>, width: Int, into dWeight: UnsafeMutablePointer<Float>) {
    self.dOutput = dOutput
    self.width = width
    self.dWeight = dWeight
  }
}

// Products that share an operand or a sum, with the bits that `multiply` gives for one after the other.
extension Kernels {
  /// The outputs of several linear layers over one input[T, inputWidth], which is packed once.
  public func project(
    tokens: Int, inputWidth: Int, _ input: UnsafePointer<Float>, _ projections: [Projection], pool: ThreadPool
  ) {
    precondition(tokens >= 0 && inputWidth > 0 && projections.allSatisfy { $0.width > 0 }, "a projection's shape")
    guard tokens > 0 else { return }
    guard isShared(tokens, inputWidth, projections.map(\.width)) else {
      for p in projections {
        multiply(
          .nt, m: tokens, n: p.width, k: inputWidth, input, p.weight, into: p.output, accumulate: false, pool: pool)
      }
      return
    }
    SharedProduct(
      kernels: self, pool: pool, rows: [tokens], columns: projections.map(\.width), depths: [inputWidth],
      left: { _, _ in .init(base: input, rowStride: inputWidth, depthStride: 1) },
      right: { _, j in .init(base: projections[j].weight, rowStride: inputWidth, depthStride: 1) },
      target: { _, j in (projections[j].output, projections[j].width) }
    ).run(accumulate: false)
  }

  /// dInput[T, inputWidth] = the sum over several linear layers of one input, in their order.
  public func backProject(
    tokens: Int, inputWidth: Int, _ parts: [BackProjection], into dInput: UnsafeMutablePointer<Float>,
    pool: ThreadPool
  ) {
    precondition(tokens >= 0 && inputWidth > 0 && parts.allSatisfy { $0.width > 0 }, "a projection's shape")
    guard tokens > 0 else { return }
    guard isShared(tokens, inputWidth, parts.map(\.width)) else {
      for (index, p) in parts.enumerated() {
        multiply(
          .nn, m: tokens, n: inputWidth, k: p.width, p.dOutput, p.weight, into: dInput, accumulate: index > 0,
          pool: pool)
      }
      return
    }
    SharedProduct(
      kernels: self, pool: pool, rows: [tokens], columns: [inputWidth], depths: parts.map(\.width),
      left: { p, _ in .init(base: parts[p].dOutput, rowStride: parts[p].width, depthStride: 1) },
      right: { p, _ in .init(base: parts[p].weight, rowStride: 1, depthStride: inputWidth) },
      target: { _, _ in (dInput, inputWidth) }
    ).run(accumulate: false)
  }

  /// Adds to the gradients of several linear layers' weights over one input[T, inputWidth], tokens in order.
  public func addWeightGradients(
    tokens: Int, inputWidth: Int, _ input: UnsafePointer<Float>, _ gradients: [WeightGradient], pool: ThreadPool
  ) {
    precondition(tokens >= 0 && inputWidth > 0 && gradients.allSatisfy { $0.width > 0 }, "a projection's shape")
    guard tokens > 0 else { return }
    guard isShared(tokens, inputWidth, gradients.map(\.width)) else {
      for g in gradients {
        multiply(
          .tn, m: g.width, n: inputWidth, k: tokens, g.dOutput, input, into: g.dWeight, accumulate: true, pool: pool)
      }
      return
    }
    SharedProduct(
      kernels: self, pool: pool, rows: gradients.map(\.width), columns: [inputWidth], depths: [tokens],
      left: { _, i in .init(base: gradients[i].dOutput, rowStride: 1, depthStride: gradients[i].width) },
      right: { _, _ in .init(base: .fp32(input), rowStride: 1, depthStride: inputWidth) },
      target: { i, _ in (gradients[i].dWeight, inputWidth) }
    ).run(accumulate: true)
  }

  /// Whether a group has the work that sharing its packing takes.
  private func isShared(_ tokens: Int, _ width: Int, _ others: [Int]) -> Bool {
    2 * tokens * width * others.reduce(0, +) >= sharedPackingWork
  }
}
