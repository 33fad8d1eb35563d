import CLinux
import GradientExchange
import JobKit
import ToyJobs
import WireProtocol

/// A toy member trained in this thread, its gradients added by a plain recursion over RFC 6962's tree.
struct NaiveRun {
  private let member: ToyMember
  private let arithmetic: NodeArithmetic
  private let sliceCount: UInt32
  private let format: NodeFormat

  init(payload: String, sliceCount: UInt32) throws {
    let settings = ToySettings(payload: Array(payload.utf8))
    member = ToyMember(settings)
    arithmetic = try NodeArithmetic.forThisProcessor()
    self.sliceCount = sliceCount
    format = settings.rounding == .bf16 ? .bf16 : .fp32
  }

  private struct Whole: ReducedGradient {
    let chunks: [[Float]]
    var chunkCount: Int { chunks.count }
    func withChunk<Result>(_ chunk: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
      try chunks[chunk].withUnsafeBufferPointer { try body($0) }
    }
  }

  func state(after steps: UInt64) throws -> Digest {
    let saved = admix_floating_point_save()
    admix_floating_point_set_flush()
    defer { admix_floating_point_restore(saved) }
    for step in 1...steps {
      let root = try node(step, 0, sliceCount)
      let values = arithmetic.withFloats(of: root.gradient) { Array($0) }
      let chunks = stride(from: 0, to: values.count, by: chunkParameterCount).map {
        Array(values[$0..<min($0 + chunkParameterCount, values.count)])
      }
      let gradient = Whole(chunks: chunks)
      _ = try member.assess(step: step, statistics: root.statistics.doubles, gradient: gradient)
      try member.apply(step: step, statistics: root.statistics.doubles, gradient: gradient)
    }
    let chunkCount = (member.parameterCount + chunkParameterCount - 1) / chunkParameterCount
    return ReducedDigest.joined(
      (0..<chunkCount).map { chunk in
        ReducedDigest.stateChunk(
          StateChunk.Part.allCases.map { UnsafeRawBufferPointer(member.stateChunk(chunk, part: $0)) })
      })
  }

  private func node(_ step: UInt64, _ lower: UInt32, _ upper: UInt32) throws -> (
    gradient: NodeValues, statistics: NodeValues
  ) {
    if upper - lower == 1 {
      var gradient = [Float](repeating: 0, count: member.parameterCount)
      let statistics = try gradient.withUnsafeMutableBufferPointer { buffer -> [Double] in
        guard let base = buffer.baseAddress else { return [] }
        return try member.computeSlice(step: step, slice: Int(lower), gradient: base) { _ in }
      }
      return (arithmetic.rounded(gradient, count: gradient.count, to: format), NodeValues(statistics))
    }
    var half: UInt32 = 1
    while half * 2 < upper - lower { half *= 2 }
    let left = try node(step, lower, lower + half)
    let right = try node(step, lower + half, upper)
    return (
      arithmetic.sum(left.gradient, right.gradient), arithmetic.sum(left.statistics, right.statistics)
    )
  }
}
