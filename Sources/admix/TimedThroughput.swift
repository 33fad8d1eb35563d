import Foundation
import Pricing
import Results
import Transformer

/// The speed that prices follow from: given, kept from less than an hour ago, or timed now.
struct TimedThroughput {
  /// Operations a second, given on the command line.
  let given: Double?
  private(set) var used: [Throughput] = []

  init(given: Double?) { self.given = given }

  private static let goodFor = 3600.0

  /// Of `threads` threads at a shape like the work's; of as many as there are here when that is fewer.
  mutating func throughput(for work: TrainingWork, threads: Int) throws -> Throughput {
    let throughput = try found(work, threads)
    if !used.contains(throughput) { used.append(throughput) }
    return throughput
  }

  private func found(_ work: TrainingWork, _ threads: Int) throws -> Throughput {
    if let given {
      // What the update and packing take of memory-bound hosts like the one of docs/BENCHMARKS.md.
      return Throughput(
        flops: given, threads: threads, secondsPerParameter: 1e-9, secondsPerPackedByte: 1.5e-9, isMeasured: false)
    }
    let threadsHere = min(threads, Machine.processorCount)
    let key =
      "\(threadsHere) \(work.shape.dimension) \(work.shape.feedForwardDimension) \(work.shape.layers) "
      + "\(work.shape.vocabularySize) \(work.sequenceLength) \(work.tokensPerMicrobatch)"
    if let kept = kept(key, threads: threadsHere) { return kept }
    Console.shared.progress("timing a small training on \(threadsHere) threads")
    let timed = try Calibration.measure(for: work, threads: threadsHere)
    Console.shared.endProgress()
    keep(timed, key)
    return timed
  }

  private static var path: String { Machine.defaultCacheDirectory(worker: "throughput.json") }

  private func kept(_ key: String, threads: Int) -> Throughput? {
    guard let text = readText(Self.path), let entry = JSONNode(parsing: text)?[key], let time = entry["time"]?.double,
      (0..<Self.goodFor).contains(Date().timeIntervalSince1970 - time), let flops = entry["flops"]?.double,
      let parameter = entry["seconds_per_parameter"]?.double, let byte = entry["seconds_per_packed_byte"]?.double
    else { return nil }
    return Throughput(
      flops: flops, threads: threads, secondsPerParameter: parameter,
      secondsPerPackedByte: byte, isMeasured: true)
  }

  /// That it cannot be kept costs some seconds the next time, and nothing else.
  private func keep(_ timed: Throughput, _ key: String) {
    let entry: JSONNode = [
      "time": .number(Date().timeIntervalSince1970), "flops": .number(timed.flops),
      "seconds_per_parameter": .number(timed.secondsPerParameter),
      "seconds_per_packed_byte": .number(timed.secondsPerPackedByte),
    ]
    let all = readText(Self.path).flatMap(JSONNode.init(parsing:)) ?? [:]
    let folder = URL(fileURLWithPath: Self.path).deletingLastPathComponent()
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try? replaceFile(Self.path, with: all.merged(with: .object([JSONNode.Member(key, entry)])).text() + "\n")
  }
}
