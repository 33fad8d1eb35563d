import ArgumentParser
import Foundation
import JobFiles
import JobKit
import Pricing
import Results
import TrainingJobs
import Transformer

struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what a training will cost, before anything is started.",
    discussion: """
      FILE is a job file, a model's directory or config.json, or a name: \
      \(NamedShape.allCases.map(\.rawValue).joined(separator: ", ")). Without a job file the recipe comes from \
      --tokens, --sequence-length and --batch. Weights and texts need not be there.

      Speed is timed here for a few seconds, at the job's own width, and kept for an hour; a figure is marked measured \
      only if it follows from that. Without --link the workers share this machine, as `admix run` starts them; with it \
      each has a host of its own like this one.
      """)

  @Argument(help: "A job file, a model's directory or config.json, or a model's name.") var file: String
  @Option(help: "Where relative paths start (default: the job file's folder).", completion: .directory)
  var base: String?
  @Option(help: "Price the job for this model instead: a name, a directory or a config.json.") var shape: String?
  @Option(help: "Workers.") var workers = 1
  @Option(help: "Threads of each worker (default: this machine's processors, divided where workers share it).")
  var threads: Int?
  @Option(help: "Memory of each worker, such as 24G (default: this machine's, divided where workers share it).")
  var memory: String?
  @Option(help: "Speed of each host's link, such as 1Gbit.") var link: String?
  @Option(help: "Training speed of one worker in GFLOP/s, instead of timing it.") var throughput: Double?
  @Option(help: "Without a job file: tokens to train on.") var tokens = "1B"
  @Option(help: "Without a job file: tokens of a row.") var sequenceLength = 2048
  @Option(help: "Without a job file: rows of a step.") var batch = 256
  @Flag(help: "Exit with 1 if the training does not fit.") var check = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard (1...100_000).contains(workers) else { throw ValidationError("--workers takes a number from 1 to 100000") }
    if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads takes a number from 1 to 1024") }
    if let memory, ClusterShape.memoryBytes(memory) == nil {
      throw ValidationError("--memory is `\(memory)`, expected such as 24G, 64GiB or 1T")
    }
    if let link, ClusterShape.linkBytesPerSecond(link) == nil {
      throw ValidationError("--link is `\(link)`, expected such as 100Mbit, 1Gbit or 125MB")
    }
    if let throughput, !(throughput > 0 && throughput < 1e9) {
      throw ValidationError("--throughput takes GFLOP/s above 0")
    }
    guard (2...1_048_576).contains(sequenceLength) else {
      throw ValidationError("--sequence-length takes a number from 2 to 1048576")
    }
    guard (1...1_048_576).contains(batch) else { throw ValidationError("--batch takes a number from 1 to 1048576") }
    guard wholeNumber(tokens) != nil else { throw ValidationError("--tokens is `\(tokens)`, expected such as 500M") }
  }

  func run() throws {
    let works = try PlanReading(self).works()
    let cluster = self.cluster
    var timed = TimedThroughput(threads: cluster.threads, given: throughput.map { $0 * 1e9 })
    let prices = try works.map { work in
      (name: work.name, price: TrainingPrice(work.work, on: cluster, throughput: try timed.throughput(for: work.work)))
    }
    let page = PlanPage(prices: prices, timed: timed, sharesHost: link == nil)
    if json {
      Console.shared.print(page.object.text(indented: true))
    } else {
      Console.shared.print(page.lines)
    }
    if check, prices.contains(where: { !$0.price.fits }) { throw ExitCode(ExitStatus.jobFailed.rawValue) }
  }

  private var cluster: ClusterShape {
    let sharing = link == nil ? workers : 1
    return ClusterShape(
      workers: workers, threads: threads ?? max(1, Machine.processorCount / sharing),
      memoryBytes: memory.flatMap(ClusterShape.memoryBytes) ?? ProcessInfo.processInfo.physicalMemory / UInt64(sharing),
      linkBytesPerSecond: link.flatMap(ClusterShape.linkBytesPerSecond))
  }

  /// `500M`, `2B`, `1000000`.
  func wholeNumber(_ text: String) -> Int? {
    let powers: [Character: Double] = ["k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12]
    let power = text.last.flatMap { powers[$0] }
    guard let value = Double(power == nil ? text : String(text.dropLast())), value > 0 else { return nil }
    return Int(exactly: (value * (power ?? 1)).rounded())
  }
}

/// Turns what the command line names into trainings to price.
struct PlanReading {
  let command: Plan
  init(_ command: Plan) { self.command = command }

  func works() throws -> [(name: String, work: TrainingWork)] {
    let path = command.file
    if path.hasSuffix(".yaml") || path.hasSuffix(".yml") { return try jobFile(path) }
    let shape = try shape(named: command.shape ?? path)
    let rows = command.batch
    let tokens = command.wholeNumber(command.tokens) ?? 0
    let perStep = rows * command.sequenceLength
    var slices = 1
    while slices < 256, rows % (2 * slices) == 0, rows / (2 * slices) * command.sequenceLength >= 1024 { slices *= 2 }
    let work = TrainingWork(
      shape: shape, sequenceLength: command.sequenceLength, globalBatchSize: rows, steps: (tokens - 1) / perStep + 1,
      slices: slices)
    return [(path, work)]
  }

  private func jobFile(_ path: String) throws -> [(name: String, work: TrainingWork)] {
    let file = try JobFile(readingFrom: path)
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var context = PricingContext(base: command.base ?? folder, shape: try command.shape.map(shape(named:)))
    guard case .sequence(let stages, _, _)? = file.specification["stages"] else {
      return [(path, try work(file.specification, context))]
    }
    var works: [(name: String, work: TrainingWork)] = []
    for case .mapping(let stage) in stages {
      let name = text(stage["name"]) ?? "stage \(works.count + 1)"
      // The pipeline's name is none of the training's keys.
      let priced = try work(stage, context)
      context.stages[name] = priced.shape
      works.append((name, priced))
    }
    return works
  }

  private func work(_ mapping: SpecMapping, _ context: PricingContext) throws -> TrainingWork {
    let job = text(mapping["job"]) ?? ""
    guard job == CPTJob().name else {
      throw SpecError(
        position: mapping["job"]?.position ?? mapping.position, path: "job", problem: "`\(job)` is not priced yet",
        remedy: "`admix plan` prices trainings (`job: \(CPTJob().name)`) and pipelines of them")
    }
    return try CPTJob().work(mapping, context: context)
  }

  private func text(_ value: SpecValue?) -> String? {
    if case .scalar(let scalar)? = value { scalar.text } else { nil }
  }

  private func shape(named name: String) throws -> LlamaShape {
    if let named = NamedShape(rawValue: name.lowercased()) { return try named.llama() }
    guard FileManager.default.fileExists(atPath: name) else {
      let names = NamedShape.allCases.map(\.rawValue)
      let near = nearest(to: name.lowercased(), among: names).map { "Did you mean `\($0)`? " } ?? ""
      throw CommandFailure(
        .usage,
        "`\(printable(name))` is no file and no model known by name. \(near)Known: \(names.joined(separator: ", "))")
    }
    do {
      return try CPTJob.shape(atPath: name)
    } catch {
      throw CommandFailure(.usage, "\(error)")
    }
  }
}
