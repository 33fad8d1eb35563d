import KernelTable
import Testing
import Transformer

@testable import Pricing

@Suite("Prices")
struct PricingTests {
  /// 1 TFLOP/s, and nothing else costs anything.
  static let plain = Throughput(
    flops: 1e12, threads: 2, secondsPerParameter: 0, secondsPerPackedByte: 0, isMeasured: true)

  static func work(_ shape: LlamaShape, slices: Int = 8) -> TrainingWork {
    TrainingWork(shape: shape, sequenceLength: 128, globalBatchSize: 32, steps: 60, slices: slices)
  }

  static func stories() throws -> LlamaShape {
    try LlamaShape(
      vocabularySize: 512, dimension: 64, feedForwardDimension: 172, layers: 5, heads: 8, keyValueHeads: 4,
      headDimension: 8, contextLength: 512, tiedEmbeddings: true)
  }

  @Test("Named models have the parameters they are known by")
  func namedShapes() throws {
    let known: [NamedShape: Int] = [
      .smollm2_135m: 134_515_008, .smollm2_360m: 361_821_120, .tinyllama_1_1b: 1_100_048_384,
      .smollm2_1_7b: 1_711_376_384, .llama32_1b: 1_235_814_400, .llama32_3b: 3_212_749_824,
      .llama2_7b: 6_738_415_616, .llama3_8b: 8_030_261_248, .llama3_70b: 70_553_706_496,
    ]
    #expect(known.count == NamedShape.allCases.count)
    for (name, parameters) in known {
      #expect(Self.work(try name.llama()).parameters == parameters, "\(name.rawValue)")
    }
  }

  @Test("Operations: six a weight and token, and attention's seven products over half the row")
  func operations() throws {
    let work = Self.work(try Self.stories())
    #expect(work.parameters == 260_032)
    #expect(work.flopsPerToken == 6 * 260_032 + 7 * 128 * 64 * 5)
    // An embedding of its own is only looked up.
    let llama = Self.work(try NamedShape.llama3_8b.llama())
    #expect(llama.flopsPerToken < 6 * Double(llama.parameters))
  }

  @Test("Bytes a step are those that runs send: a node of each worker but the owner, a root to each but the owner")
  func wireBytes() throws {
    func raw(_ workers: Int, slices: Int = 8) throws -> Double {
      TrainingPrice(
        Self.work(try Self.stories(), slices: slices),
        on: ClusterShape(workers: workers, threads: 2, memoryBytes: 1 << 34, linkBytesPerSecond: nil),
        throughput: Self.plain
      ).rawBytesPerStep.value
    }
    #expect(try raw(1) == 0)
    // A run of two workers sent 1,040,192 bytes a step, 64 of them statistics.
    #expect(try raw(2) == 1_040_128)
    #expect(try raw(4) == 2 * 3 * 520_064)
    // Three workers of eight slices hold 2, 3 and 3 of them: ranges 0–2, 2–5 and 5–8, one, two and two subtrees.
    #expect(try raw(3) == 520_064 * (5 * 2 / 3 + 2))
    // Workers beyond the slices send nothing.
    #expect(try raw(9) == raw(8))
  }

  @Test("Time is operations over speed, shared by workers; a slower link costs more")
  func time() throws {
    func price(_ workers: Int, link: Double?) throws -> TrainingPrice {
      TrainingPrice(
        Self.work(try NamedShape.smollm2_135m.llama()),
        on: ClusterShape(workers: workers, threads: 2, memoryBytes: 24_000_000_000, linkBytesPerSecond: link),
        throughput: Self.plain)
    }
    let one = try price(1, link: nil)
    #expect(one.secondsPerStep.value == 4096 * one.work.flopsPerToken / 1e12)
    #expect(one.secondsPerStep.basis == .measured)
    let two = try price(2, link: 1.25e8)
    #expect(two.computeSecondsPerStep.value == one.computeSecondsPerStep.value / 2)
    #expect(two.secondsPerStep.basis == .estimated)
    #expect(try price(2, link: 1.25e7).secondsPerStep.value > two.secondsPerStep.value)
    // Three workers share eight slices unevenly: the slowest has three.
    #expect(try price(3, link: nil).computeSecondsPerStep.value == one.computeSecondsPerStep.value * 3 / 8)
  }

  @Test("A reference model reads its texts once, forward only, before the steps")
  func reference() throws {
    var work = Self.work(try NamedShape.smollm2_135m.llama())
    func price(_ workers: Int) -> TrainingPrice {
      TrainingPrice(
        work, on: ClusterShape(workers: workers, threads: 2, memoryBytes: 24_000_000_000, linkBytesPerSecond: nil),
        throughput: Self.plain)
    }
    let without = price(1)
    #expect(without.referenceSeconds == nil)
    work.referenceTokens = 60_000
    let with = price(1)
    let seconds = 60_000 * work.flopsPerToken / 3 / 1e12
    #expect(with.referenceSeconds == Figure(seconds, .estimated))
    #expect(abs(with.totalSeconds.value - without.totalSeconds.value - seconds) < 1e-9)
    #expect(with.totalSeconds.basis == .estimated && without.totalSeconds.basis == .measured)
    // Shared by all workers, also by those beyond the slices.
    #expect(abs((price(10).referenceSeconds?.value ?? 0) - seconds / 10) < 1e-9)
  }

  @Test("What does not fit is said: Llama-3 8B needs 177 GB a worker and more, 70B more than a terabyte")
  func memory() throws {
    func price(_ shape: NamedShape) throws -> TrainingPrice {
      TrainingPrice(
        TrainingWork(
          shape: try shape.llama(), sequenceLength: 2048, globalBatchSize: 256, steps: 10, slices: 256),
        on: ClusterShape(workers: 8, threads: 2, memoryBytes: 24_000_000_000, linkBytesPerSecond: 1.25e8),
        throughput: Self.plain)
    }
    #expect(try price(.smollm2_135m).fits)
    #expect(!(try price(.llama3_8b).fits))
    #expect((1.7e11...2.2e11).contains(try price(.llama3_8b).memory.total))
    #expect((1.5e12...1.8e12).contains(try price(.llama3_70b).memory.total))
    let memory = try price(.smollm2_135m).memory
    // The parts are those that the trainer takes.
    #expect(
      memory.weights + memory.moments + memory.gradient + memory.activations
        == Double(LlamaModel.memoryBytes(shape: try NamedShape.smollm2_135m.llama(), tokens: 2048)))
  }

  @Test("A sweep takes its cells in turn, as many at a time as threads and memory allow")
  func sweeps() throws {
    var long = Self.work(try NamedShape.smollm2_135m.llama())
    long.steps = 120
    let short = Self.work(try NamedShape.smollm2_135m.llama())
    func price(_ workers: Int, threads: Int, memory: UInt64) -> SweepPrice {
      SweepPrice(
        SweepWork(cells: [short, short, long], threadsPerCell: 2),
        on: ClusterShape(workers: workers, threads: threads, memoryBytes: memory, linkBytesPerSecond: nil)
      ) { _ in Self.plain }
    }
    let one = price(1, threads: 2, memory: 24_000_000_000)
    let unit = one.cells[0].totalSeconds.value
    #expect(one.sideBySide == 1 && abs(one.totalSeconds.value / unit - 4) < 1e-9)
    #expect(one.totalSeconds.basis == .measured)
    // The long cell comes last and goes to whoever is free first.
    let two = price(1, threads: 4, memory: 24_000_000_000)
    #expect(two.sideBySide == 2 && abs(two.totalSeconds.value / unit - 3) < 1e-9)
    #expect(two.totalSeconds.basis == .estimated && two.memoryBytes == 2 * one.memoryBytes)
    // Memory for one of them only.
    let tight = price(1, threads: 4, memory: 4_000_000_000)
    #expect(tight.sideBySide == 1 && tight.fits)
    #expect(!price(1, threads: 4, memory: 1_000_000_000).fits)
    #expect(price(3, threads: 2, memory: 24_000_000_000).totalSeconds.value == one.cells[2].totalSeconds.value)
  }

  @Test("Links and memory are read in the units that people write, and nothing else")
  func units() {
    #expect(ClusterShape.linkBytesPerSecond("1Gbit") == 1.25e8)
    #expect(ClusterShape.linkBytesPerSecond("2.5Gbit") == 3.125e8)
    #expect(ClusterShape.linkBytesPerSecond("125MB") == 1.25e8)
    #expect(ClusterShape.memoryBytes("24G") == 24_000_000_000)
    #expect(ClusterShape.memoryBytes("24GiB") == 25_769_803_776)
    for text in ["", "1", "Gbit", "-1Gbit", "1e9Gbit", "nanG", "infG", "1,5G", "0G", "99999999999999999999G"] {
      #expect(ClusterShape.linkBytesPerSecond(text) == nil, "\(text)")
      #expect(ClusterShape.memoryBytes(text) == nil, "\(text)")
    }
  }

  @Test("A timing here gives a speed, and stands in for large models with small ones")
  func calibration() throws {
    let timed = try Calibration.measure(for: Self.work(try Self.stories()), threads: 1)
    #expect(timed.flops > 1e8 && timed.flops.isFinite)
    #expect(timed.secondsPerParameter > 0 && timed.secondsPerPackedByte > 0)
    for shape in NamedShape.allCases {
      let stand = try Calibration.shape(standingFor: Self.work(try shape.llama()))
      #expect(ParameterLayout(stand).count < 400_000_000, "\(shape.rawValue)")
      #expect(stand.dimension == min(4096, try shape.llama().dimension))
    }
  }
}
