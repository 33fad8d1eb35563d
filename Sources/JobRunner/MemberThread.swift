import GradientExchange
import JobKit
import KernelTable
import WireProtocol

/// What the compute thread holds: the plugin's member, and what is being computed for it. Only that thread touches it.
final class MemberThread {
  var member: (any SteppedMember)?
  var shape: ChunkShape?
  var arithmetic: NodeArithmetic?
  /// Zero between slices.
  private var gradient: FloatBuffer?
  private var computation: SubtreeComputation?
  var isAdvancing = false
  /// The reduced values of the round that was assessed last.
  private var reduced: (round: Round, statistics: [Double], gradient: ReducedRoots)?
  /// Rows evaluated at the weights after `step`: EVALUATE that comes again costs nothing.
  private var evaluated: (step: UInt64, rows: [UInt32: [RowMeasure]]) = (0, [:])

  func loaded() throws -> (member: any SteppedMember, shape: ChunkShape, arithmetic: NodeArithmetic) {
    guard let member, let shape, let arithmetic else { throw PluginMistake("the member is not loaded") }
    return (member, shape, arithmetic)
  }

  // MARK: Computing

  func setComputation(_ round: Round, sliceCount: UInt32, subtrees: [SliceRange]) throws {
    let (_, shape, _) = try loaded()
    if let computation, computation.round == round {
      computation.replaceSubtrees(subtrees)
    } else {
      computation = SubtreeComputation(round: round, sliceCount: sliceCount, shape: shape, subtrees: subtrees)
    }
  }

  func stopComputing() { computation?.stop() }

  /// The round of the slice that was computed; nil when there was none to compute.
  func computeNextSlice(
    observe: (Round, _ chunk: Int, _ slice: UInt32) -> Void, emit: SubtreeComputation.Emit
  ) throws -> Round? {
    guard let computation, !computation.isDone else { return nil }
    let (member, shape, arithmetic) = try loaded()
    let buffer = gradient ?? FloatBuffer(count: shape.parameterCount)
    gradient = buffer
    try computation.computeNextSlice(
      member, gradient: buffer, arithmetic: arithmetic, observe: { observe(computation.round, $0, $1) }, emit: emit)
    return computation.round
  }

  var hasSlices: Bool { computation.map { !$0.isDone } ?? false }

  // MARK: The reduced step

  func assess(_ round: Round, roots: [NodeValues]) throws -> Assessment {
    let (member, _, arithmetic) = try loaded()
    guard let statistics = roots.last else { throw PluginMistake("a step without statistics") }
    let gradient = ReducedRoots(roots: Array(roots.dropLast()), arithmetic: arithmetic)
    reduced = (round, statistics.doubles, gradient)
    do {
      let assessment = try member.assess(step: round.step, statistics: statistics.doubles, gradient: gradient)
      return .usable(workUnits: assessment.workUnits, metrics: assessment.metrics)
    } catch let error as NonFiniteStep {
      return .nonFinite(reason: error.reason)
    }
  }

  func apply(step: UInt64) throws {
    let (member, _, _) = try loaded()
    guard let reduced, reduced.round.step == step else {
      throw PluginMistake("step \(step) is to be applied and was not assessed")
    }
    try member.apply(step: step, statistics: reduced.statistics, gradient: reduced.gradient)
    self.reduced = nil
  }

  // MARK: The state

  private static let parts: [StateChunk.Part] = [.weights, .firstMoment, .secondMoment]

  /// SHA-256 over the SHA-256 of each chunk's weights, first and second moments.
  func stateDigest() throws -> Digest {
    let (member, shape, _) = try loaded()
    return ReducedDigest.joined(
      (0..<shape.gradientChunkCount).map { chunk in
        ReducedDigest.stateChunk(
          Self.parts.map { UnsafeRawBufferPointer(member.stateChunk(chunk, part: $0)) })
      })
  }

  /// A copy of one chunk's parts.
  func stateChunk(_ chunk: Int) throws -> [(part: StateChunk.Part, values: NodeValues)] {
    let (member, shape, _) = try loaded()
    return try Self.parts.map { part in
      let source = UnsafeRawBufferPointer(member.stateChunk(chunk, part: part))
      try checkShape(source.count, chunk: chunk, shape)
      return (part, NodeValues(format: .fp32, count: source.count / 4) { $0.copyMemory(from: source) })
    }
  }

  func write(_ values: NodeValues, chunk: Int, part: StateChunk.Part) throws {
    let (member, shape, _) = try loaded()
    let target = UnsafeMutableRawBufferPointer(member.stateChunk(chunk, part: part))
    try checkShape(target.count, chunk: chunk, shape)
    values.withBytes { target.copyMemory(from: $0) }
  }

  private func checkShape(_ byteCount: Int, chunk: Int, _ shape: ChunkShape) throws {
    let expected = shape.parameters(ofChunk: chunk).count * 4
    guard byteCount == expected else {
      throw PluginMistake("stateChunk(\(chunk)) has \(byteCount) bytes, not \(expected)")
    }
  }

  // MARK: Evaluation

  /// Rows of one EVALUATED: a control frame must hold them.
  private static let measuresPerMessage = 2048

  func evaluate(_ request: Evaluate, progress: (Double) -> Void, emit: ([RowMeasure]) -> Void) throws {
    let (member, _, _) = try loaded()
    if evaluated.step != request.step { evaluated = (request.step, [:]) }
    var batch: [RowMeasure] = []
    var done = 0
    let total = request.rows.reduce(0) { $0 + Int($1.count) }
    for range in request.rows {
      for row in range.lower..<max(range.lower, range.upper) {
        let measures = try evaluated.rows[row] ?? member.evaluate(row: Int(row))
        evaluated.rows[row] = measures
        batch += measures
        done += 1
        progress(Double(done) / Double(max(1, total)))
        if batch.count >= Self.measuresPerMessage {
          emit(batch)
          batch = []
        }
      }
    }
    if !batch.isEmpty { emit(batch) }
  }

  /// Between steps' ends the weights change, and rows with them.
  func forgetEvaluation() { evaluated = (0, [:]) }
}
