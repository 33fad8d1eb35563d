internal import GradientExchange
internal import Transformer
internal import WireProtocol

/// A number and where it comes from.
public struct Figure: Sendable, Equatable {
  public enum Basis: String, Sendable {
    /// Follows from the job and the model's shape.
    case computed
    /// Follows from what was timed on this host.
    case measured
    /// Scaled, assumed or taken from elsewhere.
    case estimated
  }
  public let value: Double
  public let basis: Basis
  public init(_ value: Double, _ basis: Basis) {
    self.value = value
    self.basis = basis
  }
}

/// What a training costs on a cluster: memory of each worker, disk, bytes on the wire, time.
public struct TrainingPrice: Sendable {
  public struct Memory: Sendable {
    public let weights: Double
    public let moments: Double
    public let gradient: Double
    public let activations: Double
    /// Gradients that are reduced, that wait, and that are being packed.
    public let exchange: Double
    public var total: Double { weights + moments + gradient + activations + exchange }
  }

  public let work: TrainingWork
  public let cluster: ClusterShape
  public let memory: Memory
  /// Bytes of the checkpoints that are kept, one being written, and the final model.
  public let checkpointBytes: Figure
  /// Bytes of prepared text; nil when the text is not at hand.
  public let corpusBytes: Figure?
  /// Bytes that all workers send a step, before packing and packed.
  public let rawBytesPerStep: Figure
  public let sentBytesPerStep: Figure
  public let computeSecondsPerStep: Figure
  public let updateSecondsPerStep: Figure
  /// Packing and transfer that computing does not hide.
  public let exchangeSecondsPerStep: Figure
  public let evaluationSeconds: Figure
  /// The reference model's pass over all texts, shared by the workers; nil where there is none or it cannot be known.
  public let referenceSeconds: Figure?

  /// Workers beyond the slices have nothing to do.
  public var busyWorkers: Int { min(cluster.workers, work.slices) }
  public var fits: Bool { memory.total <= Double(cluster.memoryBytes) }

  public var secondsPerStep: Figure {
    let parts = [computeSecondsPerStep, updateSecondsPerStep, exchangeSecondsPerStep]
    return Figure(parts.reduce(0) { $0 + $1.value }, Self.weakest(parts))
  }

  public var totalSeconds: Figure {
    Figure(
      Double(work.steps) * secondsPerStep.value + evaluationSeconds.value + (referenceSeconds?.value ?? 0),
      Self.weakest([secondsPerStep, evaluationSeconds] + [referenceSeconds].compactMap { $0 }))
  }

  public var tokensPerSecond: Figure {
    Figure(Double(work.tokensPerStep) / secondsPerStep.value, secondsPerStep.basis)
  }

  private static func weakest(_ figures: [Figure]) -> Figure.Basis {
    figures.contains { $0.basis == .estimated } ? .estimated : .measured
  }

  public init(_ work: TrainingWork, on cluster: ClusterShape, throughput: Throughput) {
    self.work = work
    self.cluster = cluster
    let parameters = Double(work.parameters)
    let gradientBytes = Double(work.bytesPerGradient) * parameters
    memory = Memory(
      weights: 4 * parameters, moments: 8 * parameters, gradient: 4 * parameters,
      activations: Double(LlamaModel.activationBytes(shape: work.shape, tokens: work.tokensPerMicrobatch)),
      exchange: 3 * gradientBytes)
    // Weights and both moments each; the final model once more.
    checkpointBytes = Figure(12 * parameters * Double(work.checkpointsKept + 1) + 4 * parameters, .computed)
    // Four bytes a token, three to four bytes of text a token, as much again for 13-grams.
    corpusBytes = work.textBytes.map { Figure(Double($0) * 2.5, .estimated) }

    let busy = min(cluster.workers, work.slices)
    let nodes = Self.nodesSent(slices: work.slices, workers: busy)
    let raw = busy > 1 ? gradientBytes * (nodes + Double(busy - 1)) : 0
    rawBytesPerStep = Figure(raw, .computed)
    let ratio = work.bytesPerGradient == 2 ? Self.ratioBF16 : Self.ratioFP32
    let sent = raw / ratio
    sentBytesPerStep = Figure(sent, .estimated)

    let flopsPerSecond = throughput.flopsPerSecond(threads: cluster.threads)
    let slicesOfOne = (work.slices + busy - 1) / busy
    let tokensOfOne = Double(slicesOfOne * work.rowsPerSlice * work.sequenceLength)
    computeSecondsPerStep = Figure(tokensOfOne * work.flopsPerToken / flopsPerSecond.value, flopsPerSecond.basis)
    updateSecondsPerStep = Figure(
      parameters * throughput.secondsPerParameter, throughput.basis(threads: cluster.threads))
    evaluationSeconds = Figure(
      work.evaluationFlops / Double(busy) / flopsPerSecond.value, flopsPerSecond.basis)
    referenceSeconds = work.referenceFlops.map {
      Figure($0 / Double(cluster.workers) / flopsPerSecond.value, .estimated)
    }

    // Packing takes a thread of its own, which shares the processors; and of what a host sends and receives the part
    // that comes with the last slice's backward pass travels meanwhile.
    let packing = busy > 1 ? raw / Double(busy) * throughput.secondsPerPackedByte : 0
    let sliceSeconds = computeSecondsPerStep.value / Double(max(1, slicesOfOne))
    let transfer = cluster.linkBytesPerSecond.map { sent / Double(busy) / $0 } ?? 0
    let hidden = min(transfer * 0.5, sliceSeconds * 2 / 3)
    let messages = busy > 1 ? Self.stepLatency : 0
    exchangeSecondsPerStep = Figure(
      busy > 1 ? packing + transfer - hidden + messages : 0, busy > 1 ? .estimated : .computed)
  }

  /// docs/BENCHMARKS.md: 11.4 and 27.4 bits a value of real gradients.
  private static let ratioBF16 = 1.40
  private static let ratioFP32 = 1.17
  /// Plan, prepared, commit and apply of a step, with the journal's write.
  private static let stepLatency = 0.004

  /// Nodes that travel to chunks' owners, a chunk: of every worker but the owner the maximal subtrees of its range,
  /// averaged over owners, since chunks are dealt to all workers.
  static func nodesSent(slices: Int, workers: Int) -> Double {
    guard workers > 1 else { return 0 }
    let counts = (0..<workers).map { worker in
      let lower = slices * worker / workers
      let upper = slices * (worker + 1) / workers
      return subtrees(SliceRange(0, UInt32(slices)), of: SliceRange(UInt32(lower), UInt32(upper)))
    }
    return Double(counts.reduce(0, +) * (workers - 1)) / Double(workers)
  }

  /// Maximal nodes below `node` that lie in `range`.
  private static func subtrees(_ node: SliceRange, of range: SliceRange) -> Int {
    if range.lower <= node.lower, node.upper <= range.upper { return 1 }
    if node.upper <= range.lower || range.upper <= node.lower || node.count < 2 { return 0 }
    let (left, right) = CanonicalTree.children(of: node)
    return subtrees(left, of: range) + subtrees(right, of: range)
  }
}
