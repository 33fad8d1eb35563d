/// The trainings of a sweep as far as its price depends on them.
public struct SweepWork: Sendable {
  /// In the order in which they are started; not empty.
  public var cells: [TrainingWork]
  public var threadsPerCell: Int
  /// Of all cells' runners together, where the job file has such a budget.
  public var hoursAllowed: Double?

  public init(cells: [TrainingWork], threadsPerCell: Int) {
    precondition(!cells.isEmpty && threadsPerCell > 0)
    self.cells = cells
    self.threadsPerCell = threadsPerCell
  }
}

/// What a sweep costs on a cluster. A cell trains in one runner, as many side by side on a worker as its threads and
/// its memory allow; gradients stay where they are.
public struct SweepPrice: Sendable {
  public let work: SweepWork
  public let cluster: ClusterShape
  /// Each cell as if it had a worker of its own with `threadsPerCell` threads.
  public let cells: [TrainingPrice]
  /// Cells that a worker trains at a time; 1 where not even one fits.
  public let sideBySide: Int
  /// From the first cell's start to the last one's end: each goes to whoever is free first.
  public let totalSeconds: Figure

  /// - Parameter throughput: of `threadsPerCell` threads, which all workers have.
  public init(_ work: SweepWork, on cluster: ClusterShape, throughput: (TrainingWork) throws -> Throughput) rethrows {
    self.work = work
    self.cluster = cluster
    let threads = min(work.threadsPerCell, cluster.threads)
    let alone = ClusterShape(
      workers: 1, threads: threads, memoryBytes: cluster.memoryBytes, linkBytesPerSecond: cluster.linkBytesPerSecond)
    let cells = try work.cells.map { TrainingPrice($0, on: alone, throughput: try throughput($0)) }
    self.cells = cells
    let largest = cells.map(\.memory.total).max() ?? 0
    let fitting = largest > 0 ? Int(Double(cluster.memoryBytes) / largest) : 1
    sideBySide = max(1, min(cluster.threads / threads, fitting))
    var busyUntil = [Double](repeating: 0, count: min(cells.count, cluster.workers * sideBySide))
    for cell in cells {
      guard let first = busyUntil.indices.min(by: { busyUntil[$0] < busyUntil[$1] }) else { break }
      busyUntil[first] += cell.totalSeconds.value
    }
    // Cells beside each other share caches and the memory's bandwidth, which nobody timed.
    let isAsTimed = sideBySide == 1 && cells.allSatisfy { $0.totalSeconds.basis == .measured }
    totalSeconds = Figure(busyUntil.max() ?? 0, isAsTimed ? .measured : .estimated)
  }

  public var tokens: Int { work.cells.reduce(0) { $0 + $1.tokens } }
  public var flops: Double { work.cells.reduce(0) { $0 + $1.flops } }
  /// Of a worker with all its cells.
  public var memoryBytes: Double { Double(sideBySide) * (cells.map(\.memory.total).max() ?? 0) }
  public var fits: Bool { memoryBytes <= Double(cluster.memoryBytes) }
  /// Cells leave curves and tables, no models: what lies on a disk are the checkpoints of those in training.
  public var checkpointBytes: Figure {
    let one = work.cells.map { Double(12 * $0.parameters) }.max() ?? 0
    return Figure(2 * one * Double(min(work.cells.count, cluster.workers * sideBySide)), .computed)
  }
  /// Of the one set of tokenized texts that all cells share.
  public var corpusBytes: Figure? { cells.first?.corpusBytes }
}
