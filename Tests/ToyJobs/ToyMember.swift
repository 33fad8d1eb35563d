import Glibc
public import JobKit
public import WireProtocol

/// Σ over slices of (weight − target(slice)) · scale, with momentum: enough to make bits depend on everything.
public final class ToyMember: SteppedMember {
  public let parameterCount: Int
  public let rounding: GradientRounding
  public let statisticsCount = 2
  private let settings: ToySettings
  private let state: [UnsafeMutableBufferPointer<Float>]
  /// Where the final state is written; nil when nobody wants it.
  private let outputDirectory: String?

  public init(_ settings: ToySettings, checkpoint: [UInt8]? = nil, outputDirectory: String? = nil) {
    self.settings = settings
    self.outputDirectory = outputDirectory
    parameterCount = settings.parameterCount
    rounding = settings.rounding
    let count = settings.parameterCount
    state = (0..<3).map { _ in .allocate(capacity: count) }
    for part in state { part.initialize(repeating: 0) }
    for index in 0..<count { state[0][index] = ToyMember.noise(UInt64(index) ^ settings.seed) }
    if let checkpoint, checkpoint.count == 3 * 4 * count {
      for (part, values) in state.enumerated() {
        UnsafeMutableRawBufferPointer(values).copyBytes(from: checkpoint[part * 4 * count..<(part + 1) * 4 * count])
      }
    }
  }

  deinit { for part in state { part.deallocate() } }

  /// Between −1 and 1, with all mantissa bits in use.
  @inline(__always) static func noise(_ x: UInt64) -> Float {
    var z = x &* 0x9e37_79b9_7f4a_7c15 &+ 0x1234_5678_9abc_def1
    z = (z ^ (z >> 29)) &* 0xbf58_476d_1ce4_e5b9
    return Float(Int32(truncatingIfNeeded: z >> 20)) * 0x1p-31
  }

  public func computeSlice(
    step: UInt64, slice: Int, gradient: UnsafeMutablePointer<Float>, ready: (Range<Int>) -> Void
  ) throws -> [Double] {
    var loss = 0.0
    let weights = state[0]
    // As a backward pass: the last parameters are final first, in pieces that straddle chunks.
    var upper = parameterCount
    while upper > 0 {
      let lower = max(0, upper - 100_000)
      for index in lower..<upper {
        let target = ToyMember.noise(UInt64(index) ^ UInt64(slice) &* 7_919 ^ step &* 104_729)
        let difference = weights[index] - target
        gradient[index] += difference * 0.5
        loss += Double(difference) * Double(difference)
      }
      if settings.pauseMilliseconds > 0 { usleep(settings.pauseMilliseconds * 1000) }
      ready(lower..<upper)
      upper = lower
    }
    return [1, loss]
  }

  public func assess(step: UInt64, statistics: [Double], gradient: any ReducedGradient) throws -> StepAssessment {
    if step == settings.nonFiniteStep { throw NonFiniteStep(reason: "the toy's loss at step \(step) is nan") }
    var squares = 0.0
    for chunk in 0..<gradient.chunkCount {
      gradient.withChunk(chunk) { values in for value in values { squares += Double(value) * Double(value) } }
    }
    return StepAssessment(
      metrics: [Metric("loss", statistics[1] / statistics[0]), Metric("squares", squares)],
      workUnits: UInt64(statistics[0]))
  }

  public func apply(step: UInt64, statistics: [Double], gradient: any ReducedGradient) throws {
    let scale = 0.1 / Float(statistics[0])
    for chunk in 0..<gradient.chunkCount {
      gradient.withChunk(chunk) { values in
        let start = chunk * chunkParameterCount
        for (index, value) in values.enumerated() {
          state[1][start + index] = 0.9 * state[1][start + index] + value * scale
          state[2][start + index] = 0.99 * state[2][start + index] + value * value * scale
          state[0][start + index] -= state[1][start + index]
        }
      }
    }
  }

  public func evaluate(row: Int) throws -> [RowMeasure] {
    let index = row * 31 % parameterCount
    return [RowMeasure(row: UInt32(row), measure: 0, sum: Double(state[0][index]), weight: 1, byteCount: 4)]
  }

  public func stateChunk(_ chunk: Int, part: StateChunk.Part) -> UnsafeMutableBufferPointer<Float> {
    let lower = chunk * chunkParameterCount
    let upper = min(lower + chunkParameterCount, parameterCount)
    return UnsafeMutableBufferPointer(rebasing: state[Int(part.rawValue)][lower..<upper])
  }

  public func stateCopied(step: UInt64) throws {}

  public func writeCheckpoint(step: UInt64, chain: Digest, to directory: String) throws {
    if settings.failsToSave { throw ToyFailure(description: "no space left on the toy's disk") }
    mkdir(directory, 0o755)
    mkdir(directory + "/more", 0o755)
    try ToyFiles.write(state.flatMap { Array(UnsafeRawBufferPointer($0)) }, directory + "/weights")
    try ToyFiles.write(Array("\(step) \(chain.hex)".utf8), directory + "/more/step")
  }

  public func finish(_ finish: Finish, chain: Digest) throws -> ShardResult {
    var outputs: [OutputTree] = []
    if let outputDirectory {
      mkdir(outputDirectory, 0o755)
      try ToyFiles.write(state.flatMap { Array(UnsafeRawBufferPointer($0)) }, outputDirectory + "/state")
      outputs = [OutputTree(name: "state", directory: outputDirectory)]
    }
    return ShardResult(outputs: outputs, result: "{\"step\":\(finish.step),\"chain\":\"\(chain.hex)\"}")
  }
}
