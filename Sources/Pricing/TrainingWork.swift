public import Transformer

/// A training as far as its price depends on it.
public struct TrainingWork: Sendable {
  public var shape: LlamaShape
  public var sequenceLength: Int
  /// Rows a step.
  public var globalBatchSize: Int
  public var steps: Int
  public var slices: Int
  /// Of a gradient's value on the wire before it is packed: 4 for fp32, 2 for bf16.
  public var bytesPerGradient: Int
  /// Input positions of all validation sets together, and how often they are evaluated.
  public var evaluationTokens: Int
  public var evaluations: Int
  /// Input positions that a reference model reads once before the first step; nil where there is none, or where the
  /// texts that decide it are not at hand.
  public var referenceTokens: Int?
  public var checkpointsKept: Int
  /// The compressed or plain text files; nil when they are not at hand.
  public var textBytes: UInt64?

  public init(
    shape: LlamaShape, sequenceLength: Int, globalBatchSize: Int, steps: Int, slices: Int, bytesPerGradient: Int = 2,
    evaluationTokens: Int = 0, evaluations: Int = 2, checkpointsKept: Int = 2, textBytes: UInt64? = nil
  ) {
    precondition(globalBatchSize % slices == 0, "\(slices) slices of \(globalBatchSize) rows")
    self.shape = shape
    self.sequenceLength = sequenceLength
    self.globalBatchSize = globalBatchSize
    self.steps = steps
    self.slices = slices
    self.bytesPerGradient = bytesPerGradient
    self.evaluationTokens = evaluationTokens
    self.evaluations = evaluations
    self.checkpointsKept = checkpointsKept
    self.textBytes = textBytes
  }

  public var parameters: Int { ParameterLayout(shape).count }
  public var tokensPerStep: Int { globalBatchSize * sequenceLength }
  public var tokens: Int { steps * tokensPerStep }
  public var rowsPerSlice: Int { globalBatchSize / slices }
  /// As the trainer cuts slices: rows worth their overhead.
  public var tokensPerMicrobatch: Int { min(max(2048, sequenceLength), rowsPerSlice * sequenceLength) }

  /// Multiplications and additions of one token, forward and backward. Products cost two operations a weight forward
  /// and four backward; an embedding that is only looked up costs none. Causal attention has two products forward and
  /// five backward over, on average, half the row; shorter documents have less.
  public var flopsPerToken: Double {
    let lookedUp = shape.tiedEmbeddings ? 0 : shape.vocabularySize * shape.dimension
    let attention = 7 * Double(sequenceLength) * Double(shape.heads * shape.headDimension) * Double(shape.layers)
    return 6 * Double(parameters - lookedUp) + attention
  }

  public var trainingFlops: Double { Double(tokens) * flopsPerToken }
  /// Forward only: a third of training's.
  public var evaluationFlops: Double { Double(evaluations * evaluationTokens) * flopsPerToken / 3 }
  /// Forward only, too; nil as `referenceTokens` is.
  public var referenceFlops: Double? { referenceTokens.map { Double($0) * flopsPerToken / 3 } }
  /// Of all that is computed.
  public var flops: Double { trainingFlops + evaluationFlops + (referenceFlops ?? 0) }
}
