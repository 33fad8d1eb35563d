import Glibc
public import KernelTable
public import Results

/// Where a benchmark runs, and where its results go: one JSON object each, as soon as it is measured.
public struct BenchHost {
  public let kernels: Kernels
  public let pool: ThreadPool
  private let report: (JSONNode) -> Void

  /// - Throws: `InstructionSetError` when this processor cannot compute, or `ADMIX_ISA` is none of ours.
  public init(threads: Int, report: @escaping (JSONNode) -> Void) throws {
    kernels = try Kernels.forThisProcessor()
    pool = ThreadPool(threads: threads)
    self.report = report
  }

  /// Reports `figures` between what was run and the load average of the minute, without which no figure means much.
  func report(_ bench: String, _ figures: [Figure]) {
    let run: [Figure] = [
      Figure("bench", .string(bench)), Figure("isa", .string(kernels.instructionSet.rawValue)),
      Figure("threads", .count(pool.threads)),
    ]
    report(.object(run + figures + [Figure("load", .number(loadAverage()))]))
  }

  /// A word that is no figure: a server that is ready.
  func say(_ members: [Figure]) { report(.object(members)) }
}

typealias Figure = JSONNode.Member

/// A file given to a benchmark is not what it has to be.
public struct BenchInputError: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// At most `bytes` of the file at `path`.
func beginning(of path: String, bytes: Int) throws(BenchInputError) -> [UInt8] {
  guard let file = fopen(path, "rb") else { throw BenchInputError("cannot open \(path)") }
  defer { fclose(file) }
  return [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
    count = fread(buffer.baseAddress, 1, bytes, file)
  }
}

extension JSONNode {
  static func count(_ value: Int) -> JSONNode { .integer(Int64(value)) }
}

/// Seconds of the monotonic clock.
func monotonicSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Median seconds of `body`, called at least five times and until `seconds` have passed; the first call warms up.
func medianSeconds(atLeast seconds: Double, _ body: () throws -> Void) rethrows -> Double {
  try body()
  var samples: [Double] = []
  let end = monotonicSeconds() + seconds
  while samples.count < 5 || monotonicSeconds() < end {
    let start = monotonicSeconds()
    try body()
    samples.append(monotonicSeconds() - start)
  }
  return samples.sorted()[samples.count / 2]
}

/// The load average over a minute, as the system gives it.
func loadAverage() -> Double {
  var load = 0.0
  return getloadavg(&load, 1) == 1 ? load : -1
}

/// Seconds that this process' threads have computed so far, apart from the system's share.
func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) * 1e-6
}

/// The largest resident size of this process so far, in bytes.
func peakResidentBytes() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss * 1024
}
