import Inference
import Tokenizers

/// One text on its way from tokens to characters.
struct TextStream {
  let request: TextRequest
  let sink: @Sendable (TextEvent) -> Void
  private var decoder: any StreamingTextDecoder
  private var stops: StopStrings
  /// A stop text was found: what the model still says is not passed on.
  private(set) var isStopped = false

  init(_ request: TextRequest, tokenizer: any Tokenizer, sink: @escaping @Sendable (TextEvent) -> Void) {
    self.request = request
    self.sink = sink
    decoder = tokenizer.makeStreamingDecoder()
    stops = StopStrings(request.stopStrings)
    if request.continuesPrompt { for token in request.prompt { _ = try? decoder.append(token) } }
  }

  /// Passes on what the token completes. False once the text is over.
  mutating func append(_ token: GeneratedToken) -> Bool {
    guard !isStopped else { return false }
    // Ids of a padded embedding have no text.
    let piece = (try? decoder.append(token.token)) ?? ""
    let (text, stopped) = stops.append(piece)
    let tokens = token.logProbability.map {
      [TokenText(token: token.token, logProbability: $0, alternatives: token.alternatives)]
    }
    if !text.isEmpty || tokens != nil { sink(.text(text, tokens: tokens ?? [])) }
    isStopped = stopped
    return !stopped
  }

  mutating func finish(_ finish: FinishedGeneration) {
    var stopped = isStopped
    if !isStopped {
      var rest = ""
      let (text, isStop) = stops.append(decoder.finish())
      rest += text
      stopped = isStop
      if !isStop { rest += stops.finish() }
      if !rest.isEmpty { sink(.text(rest, tokens: [])) }
    }
    let reason: TextFinish.Reason =
      switch finish.reason {
      case _ where stopped: .stop
      case .stopToken: .stop
      case .maximumTokens, .contextFull: .length
      case .cancelled: .cancelled
      }
    sink(
      .finished(
        TextFinish(
          reason: reason, promptTokens: finish.promptTokens, cachedPromptTokens: finish.cachedPromptTokens,
          generatedTokens: finish.generatedTokens)))
  }
}
