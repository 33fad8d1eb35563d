import Checkpoints
import GradientExchange
import KernelTable
import Results
import Tokenizers
import TrainingJobs
import Transformer

/// What the exchange is timed on.
public struct ExchangeBenchOptions: Sendable {
  /// A Hugging Face directory; without it a random model of SmolLM2's shape.
  public var model: String?
  /// A text file for the gradient's rows, read with the model's tokenizer; without it made-up tokens.
  public var text: String?
  public var rows = 1
  public var length = 512
  public var seconds = 0.5

  public init() {}
}

/// The exchange's work on one step's gradient: encoding, decoding, adding and hashing its chunks.
public final class ExchangeBench {
  private let options: ExchangeBenchOptions
  private let host: BenchHost
  private let arithmetic: NodeArithmetic
  private let gradient: FloatBuffer
  private let source: [Figure]

  /// Computes the gradient.
  ///
  /// - Throws: `CheckpointError`, `TokenizerError`, `LlamaShapeError` or `BenchInputError` for what cannot be read.
  public init(_ options: ExchangeBenchOptions, on host: BenchHost) throws {
    self.options = options
    self.host = host
    arithmetic = NodeArithmetic(kernels: host.kernels)
    let directory = try options.model.map { try ModelDirectory.open($0) }
    let shape =
      try directory.map { try LlamaShape($0.configuration) } ?? BenchShape.smollm2.llama(contextLength: 8192)
    guard options.length <= shape.contextLength else {
      throw BenchInputError("--length \(options.length) is more than the model's \(shape.contextLength) positions")
    }
    let model = LlamaModel(
      shape: shape, pool: host.pool, kernels: host.kernels, maximumTokensPerMicrobatch: 2048)
    let weights = FloatBuffer(count: model.layout.count)
    if let directory {
      try directory.loadWeights(
        model.layout.placements, into: UnsafeMutableBufferPointer(start: weights.start, count: weights.count))
    } else {
      model.layout.initializeRandom(seed: 1, into: weights.start, pool: host.pool)
    }
    let rows = try Self.rows(options, shape)
    gradient = FloatBuffer(count: model.layout.count)
    let losses = model.accumulateGradient(weights: weights.start, gradient: gradient.start, rows: rows)
    let valid = losses.reduce(0) { $0 + $1.validTokens }
    source = [
      Figure("weights", .string(options.model ?? "random, SmolLM2's shape")),
      Figure("tokens", .string(options.text ?? "made up")), Figure("rows", .count(rows.count)),
      Figure("length", .count(options.length)),
      Figure("loss", .number(losses.reduce(0) { $0 + $1.sum } / Double(max(1, valid)))),
    ]
  }

  public func run() throws {
    for format in [NodeFormat.fp32, .bf16] { try run(format) }
  }

  /// Every chunk once a round, dealt to the threads; figures are per thread and second, of uncompressed bytes.
  private func run(_ format: NodeFormat) throws {
    let arithmetic = arithmetic
    let chunks = FloatingPointMode.flushing {
      stride(from: 0, to: gradient.count, by: parametersPerChunk).map { start in
        arithmetic.rounded(
          gradient.start + start, count: min(parametersPerChunk, gradient.count - start), to: format)
      }
    }
    let codec = arithmetic.codec
    let encoded = chunks.map { codec.encode($0) }
    for (chunk, payload) in zip(chunks, encoded) {
      let decoded = try codec.decode(
        payload.payload, encoding: payload.encoding, format: format, count: chunk.count)
      guard decoded == chunk else { throw BenchInputError("a chunk of \(format) came back with other bits") }
    }
    let raw = chunks.reduce(0) { $0 + $1.byteCount }
    let packed = encoded.reduce(0) { $0 + $1.payload.count }
    /// Gigabytes a thread and second of `body` over all chunks.
    func speed(_ body: (Int) -> Void) -> JSONNode {
      let seconds = medianSeconds(atLeast: options.seconds) { host.pool.run(chunks.count, body) }
      return .number(Double(raw) / seconds / 1e9 / Double(host.pool.threads))
    }
    host.report(
      "exchange",
      source + [
        Figure("format", .string("\(format)")), Figure("raw_bytes", .count(raw)),
        Figure("encoded_bytes", .count(packed)), Figure("ratio", .number(Double(raw) / Double(packed))),
        Figure("encode_gigabytes_per_second", speed { _ = codec.encode(chunks[$0]) }),
        Figure(
          "decode_gigabytes_per_second",
          speed { chunk in
            let payload = encoded[chunk]
            // It was decoded above.
            _ = try? codec.decode(
              payload.payload, encoding: payload.encoding, format: format, count: chunks[chunk].count)
          }),
        Figure("add_gigabytes_per_second", speed { _ = arithmetic.sum(chunks[$0], chunks[$0]) }),
        Figure("hash_gigabytes_per_second", speed { _ = ReducedDigest.chunk(chunks[$0]) }),
      ])
  }

  /// Consecutive pieces of the text, or tokens by the rule of `TrainBench`.
  private static func rows(_ options: ExchangeBenchOptions, _ shape: LlamaShape) throws -> [TokenRow] {
    guard let text = options.text else {
      return TrainBench.rows(options.rows, length: options.length, vocabularySize: shape.vocabularySize)
    }
    guard let directory = options.model else { throw BenchInputError("--text needs --model, for its tokenizer") }
    let tokenizer = try loadTokenizer(modelDirectory: directory).tokenizer
    try tokenizer.checkFits(vocabSize: shape.vocabularySize)
    let needed = options.rows * (options.length + 1)
    // No tokenizer of ours makes a token of more than 64 bytes on average.
    let tokens = tokenizer.encode(try beginning(of: text, bytes: 64 * needed))
    guard tokens.count >= needed else {
      throw BenchInputError("\(text) has \(tokens.count) tokens, \(needed) are needed: lower --rows or --length")
    }
    return (0..<options.rows).map { row in
      let stream = tokens[row * (options.length + 1)..<(row + 1) * (options.length + 1)]
      return TokenRow(tokens: Array(stream.dropLast()), targets: Array(stream.dropFirst()))
    }
  }
}
