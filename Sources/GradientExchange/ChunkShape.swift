public import JobKit

/// How a member's gradient and state are cut into chunks.
public struct ChunkShape: Sendable, Equatable {
  public let parameterCount: Int
  public let statisticsCount: Int
  public let format: NodeFormat

  public init(parameterCount: Int, statisticsCount: Int, format: NodeFormat) {
    self.parameterCount = parameterCount
    self.statisticsCount = statisticsCount
    self.format = format
  }

  public init(_ member: any SteppedMember) {
    self.init(
      parameterCount: member.parameterCount, statisticsCount: member.statisticsCount, format: member.rounding.format)
  }

  public var gradientChunkCount: Int { (parameterCount + chunkParameterCount - 1) / chunkParameterCount }

  public func parameters(ofChunk chunk: Int) -> Range<Int> {
    let lower = chunk * chunkParameterCount
    return lower..<min(lower + chunkParameterCount, parameterCount)
  }

  /// Values and format of a chunk's nodes; the chunk after the last is the statistics'.
  public func values(ofChunk chunk: Int) -> (count: Int, format: NodeFormat) {
    chunk < gradientChunkCount ? (parameters(ofChunk: chunk).count, format) : (statisticsCount, .float64)
  }
}
