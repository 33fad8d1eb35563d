import KernelTable
import Transformer

/// Continues many texts at once: requests join and leave between steps, long prompts are read in pieces beside the
/// running texts, and a text is the same whatever runs beside it. No I/O, no clock, no threads of its own: the caller
/// calls `step` for as long as it likes.
///
/// One thread at a time may call it.
public final class Generation {
  private let model: InferenceModel
  private let maximumStreams: Int
  private let prefillTokens: Int
  private var waiting: [GenerationStream] = []
  /// In the order they came; the first of those that still read their prompt reads on.
  private var running: [GenerationStream] = []
  private var ended: [GenerationEvent] = []
  private var ids: Set<UInt64> = []
  private var reservedPages = 0
  private let samplerScratch: FloatBuffer

  /// - Parameters:
  ///   - maximumStreams: texts that run at once; others wait.
  ///   - prefillTokens: prompt tokens that are read in one step beside running texts. More read prompts faster and make
  ///     running texts wait longer for their next token.
  public init(_ model: InferenceModel, maximumStreams: Int = 64, prefillTokens: Int = 128) {
    precondition(maximumStreams > 0 && prefillTokens > 0, "\(maximumStreams) streams, \(prefillTokens) prompt tokens")
    self.model = model
    self.maximumStreams = maximumStreams
    self.prefillTokens = prefillTokens
    samplerScratch = FloatBuffer(count: model.shape.vocabularySize)
  }

  /// Takes a request; its first token comes from a later `step`.
  ///
  /// - Throws: `InferenceError` for an empty or too long prompt, a token outside the vocabulary, parameters out of
  ///   range, an id that runs already, or a text that the cache could never hold.
  public func submit(_ request: GenerationRequest) throws(InferenceError) {
    guard !ids.contains(request.id) else { throw .duplicate(id: request.id) }
    try model.check(request.prompt, "the prompt")
    guard request.maximumTokens > 0 else {
      throw .parameter(field: "max_tokens", found: "\(request.maximumTokens)", expected: "a positive whole number")
    }
    try request.sampling.check()
    if let alternatives = request.alternatives, !(0...model.shape.vocabularySize).contains(alternatives) {
      throw .parameter(
        field: "logprobs", found: "\(alternatives)", expected: "a whole number up to \(model.shape.vocabularySize)")
    }
    let stream = GenerationStream(request, model: model, scratch: samplerScratch)
    guard stream.pagesNeeded <= model.pages.capacity else { throw model.cacheTooSmall(stream.longest) }
    ids.insert(request.id)
    waiting.append(stream)
  }

  /// Ends a text: its place is free at once, `finished` comes with the next step. Unknown ids are ignored: the text may
  /// just have ended.
  public func cancel(_ id: UInt64) {
    if let index = waiting.firstIndex(where: { $0.request.id == id }) {
      finish(waiting.remove(at: index), .cancelled, to: &ended)
    } else if let index = running.firstIndex(where: { $0.request.id == id }) {
      let stream = running.remove(at: index)
      reservedPages -= stream.pagesNeeded
      keep(stream)
      finish(stream, .cancelled, to: &ended)
    }
  }

  /// Nothing to do: no text runs or waits, and every event was returned.
  public var isIdle: Bool { waiting.isEmpty && running.isEmpty && ended.isEmpty }

  /// Texts that wait for a place, that read their prompt, that generate.
  public var counts: (waiting: Int, prefilling: Int, running: Int) {
    let prefilling = running.reduce(0) { $0 + ($1.isPrefilling ? 1 : 0) }
    return (waiting.count, prefilling, running.count - prefilling)
  }

  /// One forward pass: a token for each running text, and up to `prefillTokens` of prompts. Returns what happened, in
  /// the order the requests came; nothing when there is nothing to do.
  public func step() -> [GenerationEvent] {
    var events = ended
    ended = []
    admit()
    var batch = ForwardBatch()
    let sampled = fill(&batch)
    guard !batch.isEmpty else { return events }
    var next: [(stream: GenerationStream, token: GeneratedToken)] = []
    model.forward(batch) { first, count, logits in
      let rows = model.statistics(logits, rows: count)
      for row in 0..<count {
        let stream = sampled[first + row]
        let start = UnsafeMutablePointer(mutating: logits + row * model.logitStride)
        next.append((stream, stream.choose(start, rows[row])))
      }
    }
    for (stream, token) in next { take(token, stream, &events) }
    return events
  }

  private func admit() {
    while let first = waiting.first, running.count < maximumStreams,
      reservedPages + first.pagesNeeded <= model.pages.capacity
    {
      waiting.removeFirst()
      reservedPages += first.pagesNeeded
      running.append(first)
    }
  }

  /// Adds the running texts' last tokens and pieces of prompts; returns the streams of the batch's outputs, in order.
  private func fill(_ batch: inout ForwardBatch) -> [GenerationStream] {
    var sampled: [GenerationStream] = []
    var budget = max(1, min(prefillTokens, model.options.batchTokens))
    for stream in running {
      guard stream.isPrefilling || stream.isNew else {
        add(stream, 1, &batch, &sampled)
        continue
      }
      guard budget > 0 else { continue }
      if stream.isNew { stream.begin(model.prefixes, model) }
      let count = min(budget, stream.remainingPrompt)
      budget -= count
      add(stream, count, &batch, &sampled)
      // Before it is computed: whoever shares it in this very step finds it, since keys and values of the whole batch
      // are written before any attention.
      model.prefixes.insert(stream.tokens[..<stream.prefix.count], stream.prefix)
    }
    return sampled
  }

  private func add(
    _ stream: GenerationStream, _ count: Int, _ batch: inout ForwardBatch, _ sampled: inout [GenerationStream]
  ) {
    guard let places = model.extend(&stream.prefix, count) else {
      preconditionFailure("no page for request \(stream.request.id) although its pages were reserved")
    }
    let end = stream.prefix.count
    let isLast = end == stream.tokens.count
    batch.add(
      stream.tokens[(end - count)..<end], prefix: stream.prefix, places: places, outputs: isLast ? [count - 1] : [])
    model.computedTokens += count
    if isLast { sampled.append(stream) }
  }

  private func take(_ token: GeneratedToken, _ stream: GenerationStream, _ events: inout [GenerationEvent]) {
    if stream.request.stopTokens.contains(token.token) {
      return leave(stream, .stopToken(token.token), &events)
    }
    stream.append(token.token)
    events.append(.token(id: stream.request.id, token))
    if stream.generatedCount == stream.request.maximumTokens {
      leave(stream, .maximumTokens, &events)
    } else if stream.tokens.count > model.shape.contextLength {
      leave(stream, .contextFull, &events)
    }
  }

  private func leave(
    _ stream: GenerationStream, _ reason: FinishedGeneration.Reason, _ events: inout [GenerationEvent]
  ) {
    running.removeAll { $0 === stream }
    reservedPages -= stream.pagesNeeded
    keep(stream)
    finish(stream, reason, to: &events)
  }

  /// A conversation goes on where its last answer ended.
  private func keep(_ stream: GenerationStream) {
    model.prefixes.insert(stream.tokens[..<stream.prefix.count], stream.prefix)
  }

  private func finish(
    _ stream: GenerationStream, _ reason: FinishedGeneration.Reason, to events: inout [GenerationEvent]
  ) {
    ids.remove(stream.request.id)
    events.append(
      .finished(
        id: stream.request.id,
        FinishedGeneration(
          reason: reason, promptTokens: stream.request.prompt.count, cachedPromptTokens: stream.cachedPromptTokens,
          generatedTokens: stream.generatedCount)))
  }
}
