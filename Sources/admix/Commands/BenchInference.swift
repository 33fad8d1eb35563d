import ArgumentParser
import Benchmarks

extension Bench {
  struct Decode: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "decode", abstract: "Reading prompts and generating, one text and several at once.")
    @OptionGroup var options: BenchOptions
    @OptionGroup var inference: BenchInferenceOptions
    @Option(help: "Tokens of a prompt.") var prompt = 128
    @Option(help: "Tokens that each text gets.") var tokens = 64
    @Option(help: "Texts at once; may be given several times.") var streams: [Int] = [1, 8]

    func validate() throws {
      for (name, value) in [("prompt", prompt), ("tokens", tokens)] + streams.map({ ("streams", $0) }) {
        try checkCount(name, value)
      }
    }

    func run() throws {
      var bench = inference.bench
      (bench.prompt, bench.tokens, bench.streams) = (prompt, tokens, streams)
      try options.measure { try InferenceBench(bench, on: $0).decode() }
    }
  }

  struct Score: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "score",
      abstract: "Log-likelihoods of four endings for each question after a context that all questions share.")
    @OptionGroup var options: BenchOptions
    @OptionGroup var inference: BenchInferenceOptions
    @Option(help: "Questions.") var items = 16
    @Option(help: "Tokens of the shared context.") var shared = 600
    @Option(help: "Tokens of a question.") var own = 60

    func validate() throws {
      for (name, value) in [("items", items), ("shared", shared), ("own", own)] { try checkCount(name, value) }
    }

    func run() throws {
      var bench = inference.bench
      (bench.items, bench.sharedTokens, bench.ownTokens) = (items, shared, own)
      try options.measure { try InferenceBench(bench, on: $0).score() }
    }
  }
}

struct BenchInferenceOptions: ParsableArguments {
  @Option(help: "A Hugging Face directory or a GGUF file (default: random fp32 weights of SmolLM2's shape).",
    completion: .file())
  var model: String?
  @Option(help: "Rows of a forward pass at most.") var batchTokens = 512
  @Option(help: "Measurements of each kind.") var repetitions = 3

  func validate() throws {
    for (name, value) in [("batch-tokens", batchTokens), ("repetitions", repetitions)] { try checkCount(name, value) }
  }

  var bench: InferenceBenchOptions {
    var bench = InferenceBenchOptions()
    (bench.model, bench.batchTokens, bench.repetitions) = (model, batchTokens, repetitions)
    return bench
  }
}
