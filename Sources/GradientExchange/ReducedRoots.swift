public import JobKit

/// The roots of a step's gradient chunks, as the plugin reads them.
public struct ReducedRoots: ReducedGradient {
  public let roots: [NodeValues]
  public let arithmetic: NodeArithmetic

  public init(roots: [NodeValues], arithmetic: NodeArithmetic) {
    self.roots = roots
    self.arithmetic = arithmetic
  }

  public var chunkCount: Int { roots.count }

  public func withChunk<Result>(_ chunk: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result
  {
    try arithmetic.withFloats(of: roots[chunk], body)
  }
}

extension GradientRounding {
  public var format: NodeFormat {
    switch self {
    case .fp32: .fp32
    case .bf16: .bf16
    }
  }
}
