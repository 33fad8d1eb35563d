import Inference
import Results
import TextGeneration
import Tokenizers

/// How answers are written: chat completions or completions, whole or in chunks.
struct CompletionFormat: Sendable {
  enum Kind: Sendable { case chat, text }

  let kind: Kind
  let id: String
  let created: Int64
  let model: String
  let tokenizer: any Tokenizer
  /// The request asked for log-probabilities.
  let tellsProbabilities: Bool

  private func head(isChunk: Bool) -> [JSONNode.Member] {
    let object =
      switch kind {
      case .chat: isChunk ? "chat.completion.chunk" : "chat.completion"
      case .text: "text_completion"
      }
    return [
      .init("id", .string(id)), .init("object", .string(object)), .init("created", .integer(created)),
      .init("model", .string(model)),
    ]
  }

  func whole(_ texts: [FinishedText]) -> JSONNode {
    let choices = texts.enumerated().map { index, text -> JSONNode in
      let reason = JSONNode.string(Self.reason(text.finish))
      let probabilities = tellsProbabilities ? self.probabilities(text.tokens) : .null
      return switch kind {
      case .chat:
        [
          "index": .integer(Int64(index)),
          "message": ["role": "assistant", "content": .string(text.text), "refusal": .null],
          "logprobs": probabilities, "finish_reason": reason,
        ]
      case .text:
        [
          "index": .integer(Int64(index)), "text": .string(text.text), "logprobs": probabilities,
          "finish_reason": reason,
        ]
      }
    }
    return .object(
      head(isChunk: false) + [
        .init("choices", .array(choices)), .init("usage", usage(texts.compactMap(\.finish))),
      ])
  }

  /// The first chunk of a choice of a chat says who speaks.
  func opening(_ choice: Int) -> JSONNode? {
    guard kind == .chat else { return nil }
    return chunk(choice, ["role": "assistant", "content": ""], tokens: [], reason: nil)
  }

  func piece(_ choice: Int, _ text: String, _ tokens: [TokenText]) -> JSONNode {
    switch kind {
    case .chat: chunk(choice, ["content": .string(text)], tokens: tokens, reason: nil)
    case .text: chunk(choice, .string(text), tokens: tokens, reason: nil)
    }
  }

  func closing(_ choice: Int, _ finish: TextFinish) -> JSONNode {
    chunk(choice, kind == .chat ? [:] : "", tokens: [], reason: Self.reason(finish))
  }

  /// The last chunk, with the usage and no choices.
  func usageChunk(_ finishes: [TextFinish]) -> JSONNode {
    .object(head(isChunk: true) + [.init("choices", []), .init("usage", usage(finishes))])
  }

  private func chunk(_ choice: Int, _ content: JSONNode, tokens: [TokenText], reason: String?) -> JSONNode {
    let node: JSONNode = [
      "index": .integer(Int64(choice)), kind == .chat ? "delta" : "text": content,
      "logprobs": tellsProbabilities && !tokens.isEmpty ? probabilities(tokens) : .null,
      "finish_reason": reason.map(JSONNode.string) ?? .null,
    ]
    return .object(head(isChunk: true) + [.init("choices", [node])])
  }

  private static func reason(_ finish: TextFinish?) -> String {
    switch finish?.reason {
    case .stop?: "stop"
    case .length?: "length"
    case .cancelled?, nil: "cancelled"
    }
  }

  private func usage(_ finishes: [TextFinish]) -> JSONNode {
    // The prompt is one, however many texts continue it.
    let prompt = finishes.first?.promptTokens ?? 0
    let generated = finishes.reduce(0) { $0 + $1.generatedTokens }
    return [
      "prompt_tokens": .integer(Int64(prompt)), "completion_tokens": .integer(Int64(generated)),
      "total_tokens": .integer(Int64(prompt + generated)),
      "prompt_tokens_details": ["cached_tokens": .integer(Int64(finishes.first?.cachedPromptTokens ?? 0))],
    ]
  }

  private func probabilities(_ tokens: [TokenText]) -> JSONNode {
    switch kind {
    case .chat:
      [
        "content": .array(
          tokens.map { token in
            .object(
              entry(token.token, token.logProbability) + [
                .init(
                  "top_logprobs", .array(token.alternatives.map { .object(entry($0.token, $0.logProbability)) }))
              ])
          })
      ]
    case .text:
      [
        "tokens": .array(tokens.map { .string(spelling(of: $0.token).text) }),
        "token_logprobs": .array(tokens.map { .number($0.logProbability) }),
        "top_logprobs": .array(
          tokens.map { token in
            .object(token.alternatives.map { .init(spelling(of: $0.token).text, .number($0.logProbability)) })
          }),
      ]
    }
  }

  private func entry(_ token: Int32, _ logProbability: Double) -> [JSONNode.Member] {
    let spelling = spelling(of: token)
    return [
      .init("token", .string(spelling.text)), .init("logprob", .number(logProbability)),
      .init("bytes", spelling.bytes.map { .array($0.map { .integer(Int64($0)) }) } ?? .null),
    ]
  }

  private func spelling(of token: Int32) -> TokenSpelling {
    TokenSpelling(of: token, in: tokenizer, marksParts: kind == .text)
  }
}
