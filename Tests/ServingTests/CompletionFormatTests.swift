import Hummingbird
import Results
import Testing

@testable import Inference
@testable import Serving
@testable import TextGeneration

/// The rows that clients read.
struct CompletionFormatTests {
  private func format(_ kind: CompletionFormat.Kind, tellsProbabilities: Bool = false) -> CompletionFormat {
    CompletionFormat(
      kind: kind, id: "x-1", created: 5, model: "m", tokenizer: ByteTokenizer(), tellsProbabilities: tellsProbabilities)
  }

  private let finish = TextFinish(reason: .length, promptTokens: 4, cachedPromptTokens: 3, generatedTokens: 2)
  private let token = TokenText(
    token: 97, logProbability: -0.5, alternatives: [TokenProbability(token: 98, logProbability: -1)])

  @Test func anEventIsALineOfDataAndAnEmptyOne() {
    #expect(String(buffer: CompletionHandler.event("{}")) == "data: {}\n\n")
    // Line ends of a text are escaped, so that a row stays a row.
    let row = format(.chat).piece(0, "a\n\nb\r\u{2028}世", []).text()
    #expect(!row.contains("\n") && !row.contains("\r") && row.contains(#""a\n\nb\r"#))
  }

  @Test func chunksOfAChat() {
    let head = #"{"id": "x-1", "object": "chat.completion.chunk", "created": 5, "model": "m", "choices": "#
    let format = format(.chat)
    #expect(
      format.opening(1)?.text()
        == head + #"[{"index": 1, "delta": {"role": "assistant", "content": ""}, "logprobs": null, "#
        + #""finish_reason": null}]}"#)
    #expect(
      format.piece(0, "世", []).text()
        == head + #"[{"index": 0, "delta": {"content": "世"}, "logprobs": null, "finish_reason": null}]}"#)
    #expect(
      format.closing(0, finish).text()
        == head + #"[{"index": 0, "delta": {}, "logprobs": null, "finish_reason": "length"}]}"#)
    #expect(
      format.usageChunk([finish, finish]).text()
        == head + #"[], "usage": {"prompt_tokens": 4, "completion_tokens": 4, "total_tokens": 8, "#
        + #""prompt_tokens_details": {"cached_tokens": 3}}}"#)
  }

  @Test func chunksOfACompletion() {
    let head = #"{"id": "x-1", "object": "text_completion", "created": 5, "model": "m", "choices": "#
    let format = format(.text)
    #expect(format.opening(0) == nil)
    #expect(
      format.piece(0, " a", []).text()
        == head + #"[{"index": 0, "text": " a", "logprobs": null, "finish_reason": null}]}"#)
    #expect(
      format.closing(2, finish).text()
        == head + #"[{"index": 2, "text": "", "logprobs": null, "finish_reason": "length"}]}"#)
  }

  @Test func aWholeAnswerHasItsChoicesAndTheUsageOfAll() {
    let node = format(.chat).whole([
      FinishedText(text: "a", tokens: [], finish: finish), FinishedText(text: "b", tokens: [], finish: finish),
    ])
    #expect(node["object"] == "chat.completion")
    guard case .array(let choices)? = node["choices"] else {
      Issue.record("no choices")
      return
    }
    #expect(choices.map { $0["message"]?["content"] } == ["a", "b"])
    #expect(choices[1]["index"] == .integer(1) && choices[1]["finish_reason"] == "length")
    // One prompt, two texts.
    #expect(node["usage"]?["total_tokens"] == .integer(8))
  }

  @Test func logProbabilitiesAreWrittenAsEachInterfaceHasThem() {
    let chat = format(.chat, tellsProbabilities: true).piece(0, "a", [token])
    #expect(
      chat.text().contains(
        #""logprobs": {"content": [{"token": "a", "logprob": -0.5, "bytes": [97], "#
          + #""top_logprobs": [{"token": "b", "logprob": -1.0, "bytes": [98]}]}]}"#))
    let text = format(.text, tellsProbabilities: true).piece(0, "a", [token])
    #expect(
      text.text().contains(
        #""logprobs": {"tokens": ["a"], "token_logprobs": [-0.5], "top_logprobs": [{"b": -1.0}]}"#))
  }

  @Test func tokensThatAreNoTextAreToldApart() {
    // Parts of characters, the end of the text, a row of the model beyond the tokenizer's ids.
    let others: [(token: Int32, logProbability: Double)] = [(0xE5, -1), (256, -2), (257, -3)]
    let part = TokenText(
      token: 0xE4, logProbability: -0.5, alternatives: others.map { TokenProbability(token: $0, logProbability: $1) })
    let chat = format(.chat, tellsProbabilities: true).piece(0, "", [part])
    #expect(
      chat.text().contains(
        #"{"token": "\\xe4", "logprob": -0.5, "bytes": [228], "top_logprobs": ["#
          + #"{"token": "\\xe5", "logprob": -1.0, "bytes": [229]}, "#
          + #"{"token": "<end>", "logprob": -2.0, "bytes": null}, "#
          + #"{"token": "<|257|>", "logprob": -3.0, "bytes": null}]}"#))
    let text = format(.text, tellsProbabilities: true).piece(0, "", [part])
    #expect(
      text.text().contains(
        #""tokens": ["bytes:\\xe4"], "token_logprobs": [-0.5], "#
          + #""top_logprobs": [{"bytes:\\xe5": -1.0, "<end>": -2.0, "<|257|>": -3.0}]"#))
  }
}

struct PrometheusMetricsTests {
  @Test func everySampleHasItsHelpItsTypeAndItsModel() {
    var statistics = TextEngine.Statistics()
    statistics.generatedTokens = 7
    statistics.busySeconds = 0.25
    let lines = PrometheusMetrics(statistics: statistics, model: "a\"b\\c\nd").text.split(separator: "\n")
    #expect(lines.count % 3 == 0)
    for place in stride(from: 0, to: lines.count, by: 3) {
      let name = lines[place].split(separator: " ")[2]
      #expect(lines[place].hasPrefix("# HELP ") && lines[place + 1].hasPrefix("# TYPE \(name) "))
      #expect(lines[place + 2].hasPrefix(#"\#(name){model="a\"b\\c\nd"} "#))
    }
    #expect(lines.contains { $0 == #"admix_generated_tokens_total{model="a\"b\\c\nd"} 7"# })
    #expect(lines.contains { $0 == #"admix_busy_seconds_total{model="a\"b\\c\nd"} 0.25"# })
  }
}
