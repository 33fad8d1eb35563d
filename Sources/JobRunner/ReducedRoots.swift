import GradientExchange
import JobKit

/// The roots of a step's gradient chunks, as the plugin reads them.
struct ReducedRoots: ReducedGradient {
  let roots: [NodeValues]
  let arithmetic: NodeArithmetic

  var chunkCount: Int { roots.count }

  func withChunk<Result>(_ chunk: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
    try arithmetic.withFloats(of: roots[chunk], body)
  }
}

extension GradientRounding {
  var format: NodeFormat {
    switch self {
    case .fp32: .fp32
    case .bf16: .bf16
    }
  }
}

/// How a member's gradient and state are cut into chunks.
struct ChunkShape: Sendable, Equatable {
  let parameterCount: Int
  let statisticsCount: Int
  let format: NodeFormat

  var gradientChunkCount: Int { (parameterCount + chunkParameterCount - 1) / chunkParameterCount }

  func parameters(ofChunk chunk: Int) -> Range<Int> {
    let lower = chunk * chunkParameterCount
    return lower..<min(lower + chunkParameterCount, parameterCount)
  }

  /// Values and format of a chunk's nodes; the chunk after the last is the statistics'.
  func values(ofChunk chunk: Int) -> (count: Int, format: NodeFormat) {
    chunk < gradientChunkCount ? (parameters(ofChunk: chunk).count, format) : (statisticsCount, .float64)
  }
}
