import ArgumentParser
import Benchmarks
import Results

/// Times parts of the product by themselves. What was measured is in docs/BENCHMARKS.md.
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Times the compute core, inference and the exchange on this machine.",
    discussion: """
      A figure from a busy machine says little: each comes with the load average of the minute. \
      ADMIX_ISA forces a build of the kernels.
      """,
    subcommands: [Gemm.self, Attention.self, AdamW.self, Train.self, Exchange.self, Decode.self, Score.self])

  struct Gemm: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "gemm", abstract: "Matrix products of a SmolLM2 layer over 1024 tokens.")
    @OptionGroup var options: BenchOptions
    @OptionGroup var duration: BenchDuration

    func run() throws { try options.measure { $0.benchProducts(seconds: duration.seconds) } }
  }

  struct Attention: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "attention", abstract: "Causal attention with SmolLM2's heads, forward and backward.")
    @OptionGroup var options: BenchOptions
    @OptionGroup var duration: BenchDuration

    func run() throws { try options.measure { $0.benchAttention(seconds: duration.seconds) } }
  }

  struct AdamW: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "adamw", abstract: "The gradient's norm and the update of 4.2 million parameters.")
    @OptionGroup var options: BenchOptions
    @OptionGroup var duration: BenchDuration

    func run() throws { try options.measure { try $0.benchAdamW(seconds: duration.seconds) } }
  }

  struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train", abstract: "Whole training steps: forward, backward, clipping, AdamW.")
    @OptionGroup var options: BenchOptions
    @Option(help: "The model's shape: \(shapeNames).", transform: shape(named:)) var shape = BenchShape.smollm2
    @Option(help: "Rows of a step.") var rows = 1
    @Option(help: "Tokens of a row.") var length = 1024
    @Option(help: "Steps.") var steps = 5
    @Option(
      help: "A file of fp32 parameters in flat order (default: random weights).",
      completion: .file())
    var weights: String?
    @Flag(help: "Do a step for each line of standard input.") var serve = false
    @Flag(help: "Losses alone, without gradients: what evaluation and validation do.") var forward = false
    @Flag(help: "Keep the stream between layers only, and compute layers again on the way back.")
    var recompute = false

    func validate() throws {
      for (name, value) in [("rows", rows), ("length", length), ("steps", steps)] {
        try checkCount(name, value)
      }
    }

    func run() throws {
      var train = TrainBenchOptions()
      (train.shape, train.rows, train.length, train.steps) = (shape, rows, length, steps)
      (train.weights, train.serves) = (weights, serve)
      (train.forwardOnly, train.recomputes) = (forward, recompute)
      try options.measure { try TrainBench(train, on: $0).run() }
    }
  }
}

extension Bench {
  struct Exchange: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "exchange",
      abstract: "Encoding, decoding, adding and hashing a step's gradient, in gigabytes a thread and second.")
    @OptionGroup var options: BenchOptions
    @OptionGroup var duration: BenchDuration
    @Option(
      help: "A Hugging Face directory (default: random weights of SmolLM2's shape).", completion: .directory)
    var model: String?
    @Option(help: "A text that the gradient is of (default: made-up tokens).", completion: .file()) var text: String?
    @Option(help: "Rows of the step.") var rows = 1
    @Option(help: "Tokens of a row.") var length = 512

    func validate() throws {
      for (name, value) in [("rows", rows), ("length", length)] { try checkCount(name, value) }
    }

    func run() throws {
      var exchange = ExchangeBenchOptions()
      (exchange.model, exchange.text, exchange.rows, exchange.length) = (model, text, rows, length)
      exchange.seconds = duration.seconds
      try options.measure { try ExchangeBench(exchange, on: $0).run() }
    }
  }
}

private let shapeNames = BenchShape.allCases.map(\.rawValue).joined(separator: ", ")

@Sendable private func shape(named name: String) throws -> BenchShape {
  guard let shape = BenchShape(rawValue: name) else {
    throw ValidationError("--shape takes one of \(shapeNames), found \(name)")
  }
  return shape
}

/// What every benchmark takes.
struct BenchOptions: ParsableArguments {
  @Option(help: "Threads.") var threads = 2
  @Flag(help: "Print JSON, one object a line, as soon as it is measured.") var json = false

  func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads takes a number from 1 to 1024, found \(threads)")
    }
  }

  /// Runs `body` and prints what it reports: lines of JSON, or a table when all of it is there.
  func measure(_ body: (BenchHost) throws -> Void) throws {
    let table = BenchTable()
    let host = try BenchHost(threads: threads) { record in
      if json { Console.shared.print(record.text()) } else { table.add(record) }
    }
    try body(host)
    Console.shared.print(table.lines)
  }
}

struct BenchDuration: ParsableArguments {
  @Option(help: "Seconds for each measurement at least.") var seconds = 0.5

  func validate() throws {
    guard seconds > 0, seconds <= 600 else {
      throw ValidationError("--seconds takes a number above 0, at most 600, found \(seconds)")
    }
  }
}

func checkCount(_ name: String, _ value: Int) throws {
  guard (1...65_536).contains(value) else {
    throw ValidationError("--\(name) takes a number from 1 to 65536, found \(value)")
  }
}

/// Records of a benchmark as a table for people: a column for each figure, those that never change in a line above.
final class BenchTable {
  private var records: [[JSONNode.Member]] = []

  func add(_ record: JSONNode) {
    if case .object(let members) = record { records.append(members) }
  }

  var lines: [String] {
    guard let first = records.first else { return [] }
    let isAlone = records.count == 1
    let (varying, fixed) = split(first.map(\.key)) { key in
      isAlone || Set(records.map { text($0.first { $0.key == key }?.value) }).count > 1
    }
    var table = Table(varying.map { (title: $0, alignment: .right) })
    for record in records {
      table.add(varying.map { key in text(record.first { $0.key == key }?.value) })
    }
    let common = fixed.map { key in "\(key) \(text(first.first { $0.key == key }?.value))" }
    return (common.isEmpty ? [] : [common.joined(separator: ", ")]) + table.lines
  }

  private func split(_ keys: [String], by test: (String) -> Bool) -> ([String], [String]) {
    (keys.filter(test), keys.filter { !test($0) })
  }

  /// Four digits are more than a benchmark knows.
  private func text(_ value: JSONNode?) -> String {
    switch value {
    case .string(let text): text
    case .number(let number) where number.isFinite: fourDigits(number)
    case nil: "-"
    case let value?: value.text()
    }
  }

  private func fourDigits(_ number: Double) -> String {
    guard number != 0 else { return "0" }
    var scale = 1.0
    while abs(number) * scale < 1000, scale < 1e12 { scale *= 10 }
    let rounded = (number * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int64(rounded))" : "\(rounded)"
  }
}
