import TextGeneration

/// The texts of one request on their way: what the engine's thread tells, for a handler to read. Whoever stops reading
/// ends the texts.
struct TextRun: Sendable {
  typealias Event = (choice: Int, event: TextEvent)

  let events: AsyncStream<Event>
  private let engine: TextEngine
  private let ids: [UInt64]

  /// Starts `requests`, one a choice.
  init(_ engine: TextEngine, _ requests: [TextRequest]) {
    let (events, continuation) = AsyncStream<Event>.makeStream()
    self.engine = engine
    self.events = events
    var ids: [UInt64] = []
    for (choice, request) in requests.enumerated() {
      // What is buffered is bounded by `maximumTokens`, and so by the model's context.
      ids.append(engine.submit(request) { continuation.yield((choice, $0)) })
    }
    self.ids = ids
    let cancelled = ids
    continuation.onTermination = { _ in for id in cancelled { engine.cancel(id) } }
  }

  func cancel() { for id in ids { engine.cancel(id) } }

  /// Waits until every choice was taken.
  ///
  /// - Throws: `APIError` when one was refused; the others are ended.
  func accepted() async throws -> Reader {
    var reader = Reader(iterator: events.makeAsyncIterator())
    var early: [Event] = []
    var accepted = 0
    while accepted < ids.count, let event = await reader.next() {
      switch event.event {
      case .accepted: accepted += 1
      case .refused(let refusal):
        cancel()
        throw APIError(refusal)
      case .text, .finished: early.append(event)
      }
    }
    reader.early = early[...]
    return reader
  }

  /// The texts' events, first those that came while others were not yet taken.
  ///
  /// Sendable: handed from the handler to the writer of the body, and read by one of them only.
  struct Reader: @unchecked Sendable {
    fileprivate var iterator: AsyncStream<Event>.Iterator
    fileprivate var early: ArraySlice<Event> = []

    mutating func next() async -> Event? {
      if let event = early.popFirst() { return event }
      return await iterator.next()
    }
  }
}

/// A text that is there in full.
struct FinishedText: Sendable {
  var text = ""
  var tokens: [TokenText] = []
  var finish: TextFinish?
}
