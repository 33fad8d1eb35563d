public import WireProtocol

/// The plugin's side of a stepped phase: a copy of the state (weights and moments) and the arithmetic on it.
///
/// The runner calls it from one thread at a time, its compute thread. The state is cut into chunks of
/// `chunkParameterCount` consecutive parameters; gradients travel and are reduced chunk by chunk.
public protocol SteppedMember: AnyObject {
  /// Parameters in the flat order.
  var parameterCount: Int { get }
  /// How gradients are rounded wherever they are kept or sent: part of the recipe.
  var rounding: GradientRounding { get }
  /// Doubles that every slice reports beside its gradient; summed along the same tree.
  var statisticsCount: Int { get }

  /// Adds the gradient of slice `slice` of step `step` into `gradient` (`parameterCount` floats, zero on entry), calls
  /// `ready` with flat ranges as they become final, and returns the slice's statistics.
  func computeSlice(
    step: UInt64, slice: Int, gradient: UnsafeMutablePointer<Float>, ready: (Range<Int>) -> Void
  ) throws -> [Double]

  /// The step's metrics from its reduced gradient and statistics; throws `NonFiniteStep` when it has no usable result.
  func assess(step: UInt64, statistics: [Double], gradient: any ReducedGradient) throws -> StepAssessment

  /// Applies the step to the state. Called only after `assess` of the same step, with the same values.
  func apply(step: UInt64, statistics: [Double], gradient: any ReducedGradient) throws

  /// What evaluation row `row` contributes; a row beyond the last one that exists contributes one measure of weight 0.
  func evaluate(row: Int) throws -> [RowMeasure]

  /// The memory of one part of one chunk of the state, for copying it to and from peers and hashing it.
  func stateChunk(_ chunk: Int, part: StateChunk.Part) -> UnsafeMutableBufferPointer<Float>
  /// All chunks have been overwritten with a peer's state after `step`.
  func stateCopied(step: UInt64) throws

  /// Writes a checkpoint directory for the state after `step`. `chain` is stored in it.
  func writeCheckpoint(step: UInt64, chain: Digest, to directory: String) throws
  /// Writes the final outputs.
  func finish(_ finish: Finish, chain: Digest) throws -> ShardResult
}

/// 262,144 parameters: one mebibyte of fp32, the largest body of a bulk frame.
public let chunkParameterCount = 262_144

/// How a gradient is rounded before it is added to another one or sent.
public enum GradientRounding: String, Sendable, CaseIterable {
  case fp32
  case bf16
}

/// The rounded sum of all slices' gradients, by chunks.
public protocol ReducedGradient {
  var chunkCount: Int { get }
  /// Calls `body` with the chunk's values as fp32, valid during the call. May be called from several threads at once.
  func withChunk<Result>(_ chunk: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result
}

/// What PREPARED says of a step.
public struct StepAssessment: Sendable {
  public let metrics: [Metric]
  public let workUnits: UInt64
  public init(metrics: [Metric], workUnits: UInt64) {
    self.metrics = metrics
    self.workUnits = workUnits
  }
}

/// This host cannot do the work, others may: the runner ends, and the job goes on without it where it can.
public struct HostUnfit: Error, Sendable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// A loss or a gradient norm that is not a finite number.
public struct NonFiniteStep: Error, Sendable {
  public let reason: String
  public init(reason: String) { self.reason = reason }
}
