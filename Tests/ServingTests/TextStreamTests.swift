import Synchronization
import Testing
import Tokenizers

@testable import Inference
@testable import TextGeneration

struct TextStreamTests {
  private final class Heard: Sendable {
    let events = Mutex<[TextEvent]>([])
    var text: String {
      events.withLock { $0.reduce("") { if case .text(let piece, _) = $1 { $0 + piece } else { $0 } } }
    }
    var reason: TextFinish.Reason? {
      events.withLock { if case .finished(let finish)? = $0.last { finish.reason } else { nil } }
    }
  }

  /// What is heard of a text whose bytes come one a token, and how many of them were taken.
  private func stream(
    _ text: String, bytes: Int = .max, stops: [String] = [], prompt: String = "?", continuesPrompt: Bool = false,
    reason: FinishedGeneration.Reason = .maximumTokens
  ) -> (heard: Heard, taken: Int) {
    let heard = Heard()
    let tokenizer = ByteTokenizer()
    let request = TextRequest(
      prompt: tokenizer.encode(prompt), maximumTokens: 100, stopStrings: stops, continuesPrompt: continuesPrompt)
    var stream = TextStream(request, tokenizer: tokenizer) { event in heard.events.withLock { $0.append(event) } }
    var taken = 0
    for token in tokenizer.encode(text).prefix(bytes) {
      taken += 1
      guard stream.append(GeneratedToken(token: token, logProbability: nil, alternatives: [])) else { break }
    }
    stream.finish(
      FinishedGeneration(
        reason: stream.isStopped ? .cancelled : reason, promptTokens: 1, cachedPromptTokens: 0, generatedTokens: taken))
    return (heard, taken)
  }

  @Test func piecesAreWholeCharacters() {
    let heard = stream("a世😀").heard
    let pieces = heard.events.withLock { $0.compactMap { if case .text(let piece, _) = $0 { piece } else { nil } } }
    #expect(pieces == ["a", "世", "😀"] && heard.reason == .length)
  }

  @Test func aStopTextEndsItWithTheTokenThatCompletesIt() {
    let (heard, taken) = stream("我说世界！然后", stops: ["世界"])
    #expect(heard.text == "我说" && heard.reason == .stop && taken == 12)
  }

  @Test func aStopTokenALengthAndAClientEndItDifferently() {
    #expect(stream("ab", reason: .stopToken(256)).heard.reason == .stop)
    #expect(stream("ab", reason: .contextFull).heard.reason == .length)
    #expect(stream("ab", reason: .cancelled).heard.reason == .cancelled)
  }

  @Test func whatWasHeldBackComesWithTheEnd() {
    #expect(stream("a EN", stops: ["END"]).heard.text == "a EN")
    // Half a character at the end is told as such.
    #expect(stream("a世", bytes: 3).heard.text == "a\u{FFFD}")
  }

  @Test func aCharacterThatThePromptBeganIsGivenWhole() {
    let tokenizer = ByteTokenizer()
    let heard = Heard()
    let character = tokenizer.encode("世")
    let request = TextRequest(prompt: Array(character.prefix(2)), maximumTokens: 9, continuesPrompt: true)
    var stream = TextStream(request, tokenizer: tokenizer) { event in heard.events.withLock { $0.append(event) } }
    _ = stream.append(GeneratedToken(token: character[2], logProbability: nil, alternatives: []))
    #expect(heard.text == "世")
  }
}
