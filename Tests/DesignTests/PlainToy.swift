import JobKit
import ToyJobs
import WireProtocol

/// The toy trained by a plain loop in this thread: no runner, no exchange, no code of theirs. Rounding and the tree are
/// written out again here.
struct PlainToy {
  private let member: ToyMember
  private let rounding: GradientRounding
  private let sliceCount: Int

  init(words: String, seed: UInt64, sliceCount: Int) {
    var settings = ToySettings(payload: Array(words.utf8))
    settings.seed = seed
    settings.pauseMilliseconds = 0
    member = ToyMember(settings)
    rounding = settings.rounding
    self.sliceCount = sliceCount
  }

  private struct Sum: ReducedGradient {
    let values: [Float]
    var chunkCount: Int { (values.count + chunkParameterCount - 1) / chunkParameterCount }
    func withChunk<Result>(_ chunk: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
      let lower = chunk * chunkParameterCount
      return try values.withUnsafeBufferPointer {
        try body(UnsafeBufferPointer(rebasing: $0[lower..<min(lower + chunkParameterCount, $0.count)]))
      }
    }
  }

  /// Weights, first and second moments after `steps` steps, as the toy writes them.
  func state(after steps: UInt64) throws -> [UInt8] {
    for step in 1...steps {
      let (gradient, statistics) = try node(step, 0..<sliceCount)
      let sum = Sum(values: gradient)
      _ = try member.assess(step: step, statistics: statistics, gradient: sum)
      try member.apply(step: step, statistics: statistics, gradient: sum)
    }
    let chunks = (member.parameterCount + chunkParameterCount - 1) / chunkParameterCount
    return StateChunk.Part.allCases.flatMap { part in
      (0..<chunks).flatMap { Array(UnsafeRawBufferPointer(member.stateChunk($0, part: part))) }
    }
  }

  /// A node of the tree that is split at the largest power of two below its count (RFC 6962).
  private func node(_ step: UInt64, _ slices: Range<Int>) throws -> (gradient: [Float], statistics: [Double]) {
    if slices.count == 1 {
      var gradient = [Float](repeating: 0, count: member.parameterCount)
      let statistics = try gradient.withUnsafeMutableBufferPointer { buffer in
        try buffer.baseAddress.map {
          try member.computeSlice(step: step, slice: slices.lowerBound, gradient: $0) { _ in }
        } ?? []
      }
      for index in gradient.indices { gradient[index] = rounded(gradient[index]) }
      return (gradient, statistics)
    }
    var half = 1
    while half * 2 < slices.count { half *= 2 }
    var left = try node(step, slices.lowerBound..<slices.lowerBound + half)
    let right = try node(step, slices.lowerBound + half..<slices.upperBound)
    for index in left.gradient.indices { left.gradient[index] = rounded(left.gradient[index] + right.gradient[index]) }
    for index in left.statistics.indices { left.statistics[index] += right.statistics[index] }
    return left
  }

  /// bf16: to nearest, ties to even.
  private func rounded(_ value: Float) -> Float {
    guard rounding == .bf16 else { return value }
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) & 0xFFFF_0000)
  }
}
