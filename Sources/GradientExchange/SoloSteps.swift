public import JobKit
import KernelTable
public import WireProtocol

/// Steps of a member that is alone, in one thread: no PLAN, no frames, no COMMIT. Slices, rounding, tree and digests
/// are those of a gang, so the state after step t has the same bits and the same chain. The calling thread must flush
/// denormals, as a runner's compute thread does.
public final class SoloSteps {
  public private(set) var step: UInt64
  /// The chain digest after `step`.
  public private(set) var chain: Digest
  private let member: any SteppedMember
  private let sliceCount: UInt32
  private let shape: ChunkShape
  private let arithmetic: NodeArithmetic
  /// Zero between slices.
  private let gradient: FloatBuffer

  /// `step` and `chain` are those of the checkpoint that the member holds; 0 and zero at the start.
  public init(
    _ member: any SteppedMember, sliceCount: UInt32, arithmetic: NodeArithmetic, step: UInt64 = 0, chain: Digest = .zero
  ) {
    precondition(sliceCount > 0)
    self.member = member
    self.sliceCount = sliceCount
    self.arithmetic = arithmetic
    self.step = step
    self.chain = chain
    shape = ChunkShape(member)
    gradient = FloatBuffer(count: max(1, shape.parameterCount))
  }

  /// Computes, assesses and applies the next step. `observe` hears of each slice before it is computed.
  ///
  /// - Throws: `NonFiniteStep` when the step has no usable result: the member is then as it was before.
  public func advance(observe: (_ slice: UInt32) -> Void = { _ in }) throws -> StepAssessment {
    let next = step + 1
    let roots = try reducedRoots(of: next, observe)
    guard let statistics = roots.last?.doubles else { throw PluginMistake("a step without statistics") }
    let reduced = ReducedRoots(roots: Array(roots.dropLast()), arithmetic: arithmetic)
    let assessment = try member.assess(step: next, statistics: statistics, gradient: reduced)
    try member.apply(step: next, statistics: statistics, gradient: reduced)
    chain = chain.chained(with: ReducedDigest.joined(roots.map(ReducedDigest.chunk)))
    step = next
    return assessment
  }

  private func reducedRoots(of step: UInt64, _ observe: (UInt32) -> Void) throws -> [NodeValues] {
    let all = SliceRange(0, sliceCount)
    let computation = SubtreeComputation(
      round: Round(step: step), sliceCount: sliceCount, shape: shape, subtrees: [all])
    var roots = [NodeValues?](repeating: nil, count: shape.gradientChunkCount + 1)
    var slice: UInt32 = 0
    while !computation.isDone {
      observe(slice)
      try computation.computeNextSlice(
        member, gradient: gradient, arithmetic: arithmetic, observe: { _, _ in },
        emit: { key, values in roots[Int(key.chunk)] = values })
      slice += 1
    }
    return try roots.enumerated().map { chunk, values in
      guard let values else { throw PluginMistake("chunk \(chunk) of step \(step) has no root") }
      return values
    }
  }
}
