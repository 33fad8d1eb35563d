/// How the next token is chosen. Parameters act in the order of Hugging Face's processors: repetition, presence and
/// frequency penalties, temperature, top_k, top_p, min_p.
public struct Sampling: Sendable, Hashable {
  /// 0 takes the most likely token, of equally likely ones the lowest.
  public var temperature: Float
  /// Only the most likely `topK` tokens; 0 for all.
  public var topK: Int
  /// Only the most likely tokens that together have this probability; 1 for all.
  public var topP: Float
  /// Only tokens at least this share as likely as the most likely one; 0 for all.
  public var minP: Float
  /// Logits of tokens seen are divided by it where positive, else multiplied (Keskar et al., arXiv 1909.05858).
  public var repetitionPenalty: Float
  /// Subtracted from the logits of tokens that were generated.
  public var presencePenalty: Float
  /// Subtracted once for each time a token was generated.
  public var frequencyPenalty: Float

  public init(
    temperature: Float = 1, topK: Int = 0, topP: Float = 1, minP: Float = 0, repetitionPenalty: Float = 1,
    presencePenalty: Float = 0, frequencyPenalty: Float = 0
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.repetitionPenalty = repetitionPenalty
    self.presencePenalty = presencePenalty
    self.frequencyPenalty = frequencyPenalty
  }

  public static let greedy = Sampling(temperature: 0)

  var penalizes: Bool { repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0 }

  /// - Throws: `InferenceError.parameter` naming the field as requests spell it, what was found and what is expected.
  public func check() throws(InferenceError) {
    func require(_ field: String, _ value: Float, _ range: ClosedRange<Float>) throws(InferenceError) {
      guard range.contains(value) else {
        throw .parameter(
          field: field, found: "\(value)", expected: "a number from \(range.lowerBound) to \(range.upperBound)")
      }
    }
    try require("temperature", temperature, 0...100)
    try require("top_p", topP, Float.leastNormalMagnitude...1)
    try require("min_p", minP, 0...1)
    try require("repetition_penalty", repetitionPenalty, 0.01...100)
    try require("presence_penalty", presencePenalty, -2...2)
    try require("frequency_penalty", frequencyPenalty, -2...2)
    guard topK >= 0 else {
      throw .parameter(field: "top_k", found: "\(topK)", expected: "0 (all tokens) or a positive whole number")
    }
  }
}
