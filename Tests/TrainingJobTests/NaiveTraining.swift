import Foundation
import JobKit
import KernelTable
import TestSupport
import TrainingJobs
import WireProtocol

/// A training run in one thread of one process, without coordinator, workers, frames or codecs: the tree is a
/// recursion, rounding is four lines. It is what every other way of running a job must agree with.
struct NaiveTraining {
  let member: any SteppedMember
  let stepCount: UInt64
  let sliceCount: Int
  let outputs: String
  private(set) var chain = WireProtocol.Digest.zero
  private(set) var losses: [Double] = []
  /// Slices whose leaves enter the sum in another order than theirs: none but in the test that the order matters.
  var swappedSlices: (Int, Int)?

  /// Plans the job and does its sharded phases in `scratch`.
  init(jobFile: URL, base: URL, scratch: URL, threads: Int, job: any JobType = CPTJob()) throws {
    let run = try InProcessRun(jobFile: jobFile, base: base, scratch: scratch, job: job, threads: threads)
    outputs = scratch.path
    try run.runShards()
    guard let finished = try run.makeMember() else { throw CocoaError(.featureUnsupported) }
    member = finished.member
    stepCount = finished.plan.stepCount
    sliceCount = Int(finished.plan.sliceCount)
  }

  mutating func run(to last: UInt64? = nil) throws {
    for step in 1...(last ?? stepCount) {
      var leaves = try (0..<sliceCount).map { slice in
        var gradient = [Float](repeating: 0, count: member.parameterCount)
        let statistics = try gradient.withUnsafeMutableBufferPointer { buffer in
          try member.computeSlice(step: step, slice: slice, gradient: buffer.baseAddress!, ready: { _ in })
        }
        return Sum(gradient: gradient.map(round), statistics: statistics)
      }
      if let swappedSlices { leaves.swapAt(swappedSlices.0, swappedSlices.1) }
      let root = FloatingPointMode.flushing { sum(leaves[...]) }
      let reduced = PlainGradient(values: root.gradient)
      let assessment = try member.assess(step: step, statistics: root.statistics, gradient: reduced)
      losses.append(assessment.metrics.first { $0.label == "loss" }?.value ?? .nan)
      try member.apply(step: step, statistics: root.statistics, gradient: reduced)
    }
  }

  /// The weights' hash, as the finished job states it.
  func weightsSHA256() throws -> String {
    let result = try member.finish(Finish(step: stepCount, evaluations: []), chain: chain)
    let json = try JSONSerialization.jsonObject(with: Data(result.result.utf8)) as? [String: Any]
    return json?["weights_sha256"] as? String ?? "none"
  }

  private struct Sum {
    var gradient: [Float]
    var statistics: [Double]
  }

  private func sum(_ leaves: ArraySlice<Sum>) -> Sum {
    if leaves.count == 1 { return leaves[leaves.startIndex] }
    var half = 1
    while 2 * half < leaves.count { half *= 2 }
    let left = sum(leaves.prefix(half))
    let right = sum(leaves.dropFirst(half))
    return Sum(
      gradient: zip(left.gradient, right.gradient).map { round($0 + $1) },
      statistics: zip(left.statistics, right.statistics).map(+))
  }

  /// To nearest, ties to even; a denormal counts as zero.
  private func round(_ value: Float) -> Float {
    guard value.isNormal || !value.isFinite else { return value.sign == .minus ? -0.0 : 0 }
    guard member.rounding == .bf16, value.isFinite else { return value }
    let bits = value.bitPattern
    let rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF_0000
    return Float(bitPattern: rounded)
  }
}

private struct PlainGradient: ReducedGradient {
  let values: [Float]
  var chunkCount: Int { (values.count + chunkParameterCount - 1) / chunkParameterCount }

  func withChunk<Result>(_ chunk: Int, _ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
    let first = chunk * chunkParameterCount
    return try values.withUnsafeBufferPointer { all in
      try body(UnsafeBufferPointer(rebasing: all[first..<min(all.count, first + chunkParameterCount)]))
    }
  }
}
