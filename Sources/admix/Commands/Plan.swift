import ArgumentParser
import Foundation
import JobFiles
import JobKit
import Pricing
import Results

struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says what a training will cost, before anything is started.",
    discussion: """
      FILE is a job file, a model's directory, config.json or GGUF file, or a name: \
      \(NamedShape.allCases.map(\.rawValue).joined(separator: ", ")). Without a job file the recipe comes from \
      --tokens, --sequence-length and --batch. Weights and texts need not be there.

      Speed is timed here for a few seconds, at the job's own width, and kept for an hour; a figure is marked measured \
      only if it follows from that. Without --link the workers share this machine, as `admix run` starts them; with it \
      each has a host of its own like this one.
      """)

  @Argument(help: "A job file, a model's directory, config.json or GGUF file, or a model's name.") var file: String
  @Option(help: "Where relative paths start (default: the job file's folder).", completion: .directory)
  var base: String?
  @Option(help: "Price the job for this model instead: a name, or a model's directory or file.") var shape: String?
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

  init() {}

  /// The plan of a job file that another command was given.
  init(of jobFile: JobFileArgument, options: [String] = []) throws {
    self = try Plan.parse([jobFile.file] + (jobFile.base.map { ["--base", $0] } ?? []) + options)
  }

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
    let page = try page()
    if json {
      Console.shared.print(page.object.text(indented: true))
    } else {
      Console.shared.print(page.lines)
    }
    if check, !page.fits { throw ExitCode(ExitStatus.jobFailed.rawValue) }
  }

  func page() throws -> PlanPage {
    var timed = TimedThroughput(given: throughput.map { $0 * 1e9 })
    let prices = try PlanReading(self).works().map { part in
      PlanPage.Part(name: part.name, price: try price(part.work, &timed))
    }
    return PlanPage(parts: prices, timed: timed, sharesHost: link == nil)
  }

  private func price(_ work: PlannedWork, _ timed: inout TimedThroughput) throws -> PlanPage.Price {
    let cluster = self.cluster
    switch work {
    case .training(let work):
      let throughput = try timed.throughput(for: work, threads: cluster.threads)
      return .training(TrainingPrice(work, on: cluster, throughput: throughput))
    case .sweep(let work):
      let threads = min(work.threadsPerCell, cluster.threads)
      return .sweep(try SweepPrice(work, on: cluster) { try timed.throughput(for: $0, threads: threads) })
    case .unpriced(let job): return .unpriced(job: job)
    }
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
