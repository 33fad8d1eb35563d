import HTTPTypes
import Inference
import Templates
import TextGeneration

/// What chat completions and completions have in common: OpenAI's fields, and `top_k`, `min_p` and
/// `repetition_penalty`, which other servers of open models take too.
struct TextParameters: Equatable {
  /// Nil leaves it to the context.
  let maximumTokens: Int?
  let sampling: Sampling
  let seed: UInt64?
  let stopStrings: [String]
  let choices: Int
  let isStreaming: Bool
  let includesUsage: Bool

  init(_ fields: RequestFields, limits: ServingLimits) throws(APIError) {
    for (field, reason) in Self.refused {
      if let value = fields.value(field), !Self.isHarmless(value) {
        throw APIError(.badRequest, "unsupported", "\(field): \(reason)", field: field)
      }
    }
    let longest = 1...limits.contextLength
    let new = try fields.integer("max_completion_tokens", in: longest)
    let old = try fields.integer("max_tokens", in: longest)
    maximumTokens = new ?? old
    sampling = Sampling(
      temperature: Float(try fields.number("temperature", in: 0...100) ?? 1),
      topK: try fields.integer("top_k", in: 0...limits.vocabularySize) ?? 0,
      topP: Float(try fields.number("top_p", in: 1e-6...1) ?? 1),
      minP: Float(try fields.number("min_p", in: 0...1) ?? 0),
      repetitionPenalty: Float(try fields.number("repetition_penalty", in: 0.01...100) ?? 1),
      presencePenalty: Float(try fields.number("presence_penalty", in: -2...2) ?? 0),
      frequencyPenalty: Float(try fields.number("frequency_penalty", in: -2...2) ?? 0))
    seed = try fields.integer("seed", in: Int.min...Int.max).map { UInt64(bitPattern: Int64($0)) }
    stopStrings = try fields.texts("stop", atMost: 16)
    guard !stopStrings.contains("") else {
      throw .invalid("stop", found: "an empty text", expected: "texts of at least one character")
    }
    choices = try fields.integer("n", in: 1...limits.choices) ?? 1
    isStreaming = try fields.boolean("stream") ?? false
    includesUsage = try Self.includesUsage(fields)
  }

  /// Fields that would change the answer and are not there: answering as if they had not been sent would be a lie.
  private static let refused = [
    ("tools", "tools are not supported"), ("functions", "functions are not supported"),
    ("response_format", "only plain text is supported; leave it out"),
    ("logit_bias", "biases are not supported"), ("audio", "audio is not supported"),
    ("best_of", "is not supported; ask for `n` choices"), ("suffix", "is not supported"),
  ]

  /// What says no more than leaving the field out does.
  private static func isHarmless(_ value: TemplateValue) -> Bool {
    switch value {
    case .list(let elements): elements.isEmpty
    case .int(1): true
    case .dictionary(let object): if case .string("text")? = object["type"] { true } else { object.count == 0 }
    default: false
    }
  }

  private static func includesUsage(_ fields: RequestFields) throws(APIError) -> Bool {
    switch fields.value("stream_options") {
    case nil: return false
    case .dictionary(let options)?:
      if case .bool(let value)? = options["include_usage"] { return value }
      return false
    case let other?:
      throw .invalid("stream_options", found: RequestFields.name(other), expected: "an object with include_usage")
    }
  }
}

/// What a client may ask for.
struct ServingLimits: Equatable, Sendable {
  let contextLength: Int
  let vocabularySize: Int
  /// Texts of one request.
  let choices = 16
  /// A conversation of a full context takes a few hundred kilobytes; a body above this is no conversation.
  static let bodyBytes = 2 << 20
  /// Clients beyond these wait for another to leave. Few enough for the 1024 open files that processes commonly have.
  static let connections = 512
}
