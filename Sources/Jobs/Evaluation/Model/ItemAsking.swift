import Chat
import Templates
import Tokenizers

/// Asks the model what items ask: likelihoods of all items at once, so that what they share is computed once, or texts,
/// many at a time.
struct ItemAsking {
  struct Outcome {
    var answers: [Answer]
    /// A prompt was longer than the context and lost its beginning.
    var isTruncated = false
  }

  let task: TaskDefinition
  let model: EvaluatedModel

  /// New tokens when the task does not say, as in lm-evaluation-harness.
  static let maximumTokens = 256

  func answers(_ items: [Item], progress: (Int, Int) -> Void) throws -> [Outcome] {
    guard
      var tokens = RequestTokens(
        model.tokenizer, contextLength: model.scoring.contextLength, chat: model.chat?.format.encoder)
    else {
      throw EvaluationError(
        "the tokenizer", problem: "has neither a token that begins a text nor one that ends it",
        remedy: "A text without a context needs one to begin with")
    }
    if task.outputType == .generateUntil { return try texts(items, &tokens, progress) }
    return try likelihoods(items, &tokens, progress)
  }

  // MARK: likelihoods

  private func likelihoods(
    _ items: [Item], _ tokens: inout RequestTokens, _ progress: (Int, Int) -> Void
  ) throws -> [Outcome] {
    var scored: [ScoredTokens] = []
    // Which of `scored` belong to each request of each item.
    var places: [[Range<Int>]] = []
    var outcomes: [Outcome] = []
    for item in items {
      let before = tokens.truncated
      places.append(
        try item.requests.map { request in
          let first = scored.count
          switch request {
          case .loglikelihood(let context, let continuation):
            guard let pair = tokens.scored(context: context, continuation: continuation) else {
              throw EvaluationError(
                "task \(task.name)", row: item.number + 1,
                problem:
                  "the answer \(continuation.debugDescription.prefix(60)) has no token, or more than the model's "
                  + "context of \(model.scoring.contextLength)", remedy: "")
            }
            scored.append(pair)
          case .rolling(let text): scored += tokens.rolling(text)
          case .generate: preconditionFailure("a text is generated, not scored")
          }
          return first..<scored.count
        })
      outcomes.append(Outcome(answers: [], isTruncated: tokens.truncated > before))
    }
    let count = scored.count
    let found = try model.scoring.loglikelihoods(scored) { progress($0, count) }
    for (number, item) in items.enumerated() {
      outcomes[number].answers = zip(item.requests, places[number]).map { request, range in
        if case .rolling = request { return .rolling(found[range].reduce(0) { $0 + $1.sum }) }
        return .loglikelihood(found[range.lowerBound])
      }
    }
    return outcomes
  }

  // MARK: texts

  private func texts(
    _ items: [Item], _ tokens: inout RequestTokens, _ progress: (Int, Int) -> Void
  ) throws -> [Outcome] {
    guard let generation = task.generation else { preconditionFailure("a generating task without its parameters") }
    let context = model.scoring.contextLength
    let most = generation.maximumTokens ?? Self.maximumTokens
    guard most < context else {
      throw EvaluationError(
        "task \(task.name)", problem: "it generates up to \(most) tokens, and the model's context has \(context)",
        remedy: "Lower generation_kwargs.max_gen_toks in a task of your own that includes this one")
    }
    let ending = Set([model.tokenizer.endOfText].compactMap { $0 })
    let isSampled = generation.samples && generation.temperature ?? 1 > 0
    var requests: [GeneratedTokensRequest] = []
    var outcomes: [Outcome] = []
    for item in items {
      let before = tokens.truncated
      guard case .generate(let text)? = item.requests.first else { preconditionFailure("not a text to continue") }
      let prompt = tokens.prompt(text, maximumTokens: most)
      outcomes.append(Outcome(answers: [], isTruncated: tokens.truncated > before))
      for repetition in 0..<task.repeats {
        var request = GeneratedTokensRequest(prompt: prompt, maximumTokens: most, stopTokens: ending)
        if isSampled {
          request.temperature = generation.temperature ?? 1
          request.topP = generation.topP ?? 1
          // transformers takes the best 50 when nothing is said.
          request.topK = generation.topK ?? 50
          request.seed = UInt64(ExampleChooser.seed)
          request.item = UInt64(item.number) << 16 | UInt64(repetition)
        }
        requests.append(request)
      }
    }
    let stops = generation.until.filter { !$0.isEmpty }
    // A stop is looked for in the last tokens alone: as many as its bytes could be, and some for what precedes it.
    let window = (stops.map(\.utf8.count).max() ?? 0) + 8
    let generated = try model.scoring.generate(requests) { _, new in
      guard !stops.isEmpty else { return false }
      let end = try continued(Array(new.suffix(window)))
      return stops.contains { end.pythonSplit($0, limit: 1).count > 1 }
    } progress: {
      progress($0, requests.count)
    }
    for number in items.indices {
      let mine = generated[number * task.repeats..<(number + 1) * task.repeats]
      outcomes[number].answers = [.texts(try mine.map { try text(of: $0, cutAt: stops) })]
    }
    return outcomes
  }

  /// The text before the first stop.
  private func text(of tokens: [Int32], cutAt stops: [String]) throws -> String {
    stops.reduce(try continued(tokens)) { text, stop in text.pythonSplit(stop, limit: 1)[0] }
  }

  /// What the tokens add to a text. A tokenizer that puts a space before a text takes one off when it decodes; here the
  /// text goes on, and the space is the model's.
  private func continued(_ tokens: [Int32]) throws -> String {
    guard model.tokenizer.addsLeadingSpace, let anchor = model.tokenizer.encode("a").last else {
      return try model.tokenizer.decode(tokens)
    }
    let before = try model.tokenizer.decode([anchor])
    let whole = try model.tokenizer.decode([anchor] + tokens)
    return String(decoding: whole.utf8.dropFirst(before.utf8.count), as: UTF8.self)
  }
}
