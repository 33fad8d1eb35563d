/// How fast a host computes, packs and updates.
public struct Throughput: Sendable, Equatable {
  /// Operations of training a second, with `threads` threads.
  public var flops: Double
  public var threads: Int
  /// The gradient's norm and AdamW, a parameter.
  public var secondsPerParameter: Double
  /// Rounding, packing and unpacking, a raw byte sent.
  public var secondsPerPackedByte: Double
  /// Whether it was timed here at a shape like the job's.
  public var isMeasured: Bool

  public init(
    flops: Double, threads: Int, secondsPerParameter: Double, secondsPerPackedByte: Double, isMeasured: Bool
  ) {
    self.flops = flops
    self.threads = threads
    self.secondsPerParameter = secondsPerParameter
    self.secondsPerPackedByte = secondsPerPackedByte
    self.isMeasured = isMeasured
  }

  /// With another number of threads than was timed: in proportion, which is the best case.
  func flopsPerSecond(threads other: Int) -> Figure {
    Figure(flops * Double(other) / Double(threads), basis(threads: other))
  }

  func basis(threads other: Int) -> Figure.Basis { isMeasured && other == threads ? .measured : .estimated }
}
