import KernelTable
import Testing

/// The builds this processor can run, and pools of the thread counts that must not matter.
enum Machines {
  static let kernels: [Kernels] = InstructionSet.allCases.filter(\.isSupported).compactMap { try? Kernels($0) }
  static let pools = [1, 2, 3, 7].map { ThreadPool(threads: $0) }

  /// Runs `compute` on every build with every pool; all must give the same bits, which are returned.
  static func equalBits(
    _ what: String, location: SourceLocation = #_sourceLocation, _ compute: (Kernels, ThreadPool) -> [Float]
  ) -> [Float] {
    var first: [Float]?
    for kernels in kernels {
      for pool in pools {
        let found = FloatingPointMode.flushing { compute(kernels, pool) }
        if let first {
          let same = first.count == found.count && zip(first, found).allSatisfy { $0.bitPattern == $1.bitPattern }
          #expect(
            same, "\(what): other bits on \(kernels.instructionSet) with \(pool.threads) threads",
            sourceLocation: location)
        } else {
          first = found
        }
      }
    }
    return first ?? []
  }
}

/// Deterministic values around 0.
func values(_ count: Int, seed: UInt64, scale: Double = 1) -> [Float] {
  let random = Philox4x32(seed: seed)
  return (0..<count).map { Float(scale * random.normals(UInt64($0)).0) }
}

/// A copy of `initial` handed to `body` between two walls of sentinels, which must stand afterwards.
func fenced(
  _ initial: [Float], location: SourceLocation = #_sourceLocation, _ body: (UnsafeMutablePointer<Float>) -> Void
) -> [Float] {
  let wall = [Float](repeating: 12345.678, count: 48)
  var memory = wall + initial + wall
  memory.withUnsafeMutableBufferPointer {
    if let start = $0.baseAddress { body(start + wall.count) }
  }
  #expect(
    Array(memory.prefix(48)) == wall && Array(memory.suffix(48)) == wall, "wrote outside its output",
    sourceLocation: location)
  return Array(memory[48..<48 + initial.count])
}

func fenced(
  zeros count: Int, location: SourceLocation = #_sourceLocation, _ body: (UnsafeMutablePointer<Float>) -> Void
) -> [Float] {
  fenced([Float](repeating: 0, count: count), location: location, body)
}

/// Largest |found − expected| over max(1, |expected|).
func deviation(_ found: [Float], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  return zip(found, expected).reduce(0) { worst, pair in
    let error = abs(Double(pair.0) - pair.1) / max(1, abs(pair.1))
    return error.isNaN ? .infinity : max(worst, error)
  }
}

/// Sizes at the edges of lanes, tiles and blocks: one, primes, one less and one more.
let oddSizes = [1, 2, 3, 5, 7, 11, 13, 15, 16, 17, 31, 32, 33, 47, 61, 97]
